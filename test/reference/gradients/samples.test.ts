/**
 * Gradients of the sample models against PyTorch's autograd in double precision, and integrated gradients of the digits
 * against Captum's way of computing them (samples.py). The integrand of a network with ReLUs and maximum pools has kinks:
 * the error of the sum falls about as one over the number of steps, in double precision as well. It is no fault of ours,
 * and it is shown.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TensorData } from '../../../src/contract/tensor';
import { entriesOf } from '../../../src/methods/asking';
import { readSkeletonOf } from './skeletonOf';
import { toNumbers } from '../../../src/tensor/buffers';
import { decodeImage } from '../../../src/data/image';
import { PLAIN, preprocess } from '../../../src/data/preprocess';
import { testEngine } from '../../unit/engine/testEngine';

interface Golden {
  readonly sample: string;
  readonly model: string;
  readonly input: string;
  readonly integers: boolean;
  readonly dims: readonly number[];
  readonly feed: readonly number[];
  readonly objective: string;
  readonly value: number;
  readonly gradient: readonly number[];
}

interface Goldens {
  readonly goldens: readonly Golden[];
  readonly integrated: {
    readonly steps: readonly number[];
    readonly digits: readonly {
      readonly digit: number;
      readonly label: number;
      readonly change: number;
      /** Sum of attributions less the change, by number of steps. */
      readonly errors: readonly number[];
    }[];
    /** Of the image of a 7, with 50 steps. */
    readonly attribution: readonly number[];
  };
}

const SAMPLES = join(__dirname, '../../../media/samples');
const { goldens, integrated } = JSON.parse(readFileSync(join(__dirname, 'samples.json'), 'utf8')) as Goldens;

describe("gradients of the samples against PyTorch's", function () {
  this.timeout(60_000);
  const engine = testEngine();

  it('are there for eight samples', () => {
    assert.deepEqual(
      goldens.map(({ sample }) => sample),
      [
        'digits',
        'sparse',
        'gridworld',
        'indirect-object',
        'induction',
        'capitals',
        'honesty',
        'modular-addition',
      ],
    );
  });

  for (const { sample, model: file, input, integers, dims, feed, objective, value, gradient } of goldens) {
    it(`agree: ${sample}`, async () => {
      const path = join(SAMPLES, sample, file);
      const fed: TensorData = integers
        ? { dtype: 'int64', dims, data: BigInt64Array.from(feed, BigInt) }
        : { dtype: 'float32', dims, data: Float32Array.from(feed) };
      const [entry] = entriesOf(await readSkeletonOf(path));
      assert.ok(entry);
      const { id } = await engine.open(path);
      const request = { feeds: { [input]: fed }, objective, wrt: [entry.site] };
      const { value: ours, gradients } = await engine.gradient(id, request);
      assert.ok(Math.abs(ours - value) <= 1e-5 * Math.abs(value), `${String(ours)} ${String(value)}`);
      const { data, dtype } = await engine.tensor(gradients[0]?.handle ?? '');
      assert.ok(ArrayBuffer.isView(data));
      const found = toNumbers(dtype, data);
      assert.equal(found.length, gradient.length);
      const largest = Math.max(...gradient.map(Math.abs));
      const worst = Math.max(...gradient.map((number, i) => Math.abs(number - (found[i] ?? NaN))));
      assert.ok(largest > 0 && worst <= 1e-4 * largest, String(worst / largest));
      await engine.close(id);
    });
  }

  it('sum up, integrated, as far as they do in double precision', async () => {
    const { id } = await engine.open(join(SAMPLES, 'digits/digits.onnx'));
    for (const { digit, label, change, errors } of integrated.digits) {
      const file = `images/${String(digit)}.png`;
      const pixels = decodeImage(readFileSync(join(SAMPLES, 'digits', file)), file);
      const how = { ...PLAIN, channels: 'gray', scale: 1 / 255, mean: [0.1307], std: [0.3081] } as const;
      const image = preprocess(pixels, how, 'float32');
      for (const steps of [20, 50]) {
        const request = { feeds: { image }, objective: `logits[0,${String(label)}]`, wrt: ['image'] };
        const { completenessError = NaN } = await engine.gradient(id, {
          ...request,
          integrated: { steps, rule: 'gauss-legendre' },
        });
        const theirs = Math.abs(errors[integrated.steps.indexOf(steps)] ?? NaN);
        assert.ok(
          Math.abs(completenessError - theirs) <= 1e-3 * Math.abs(change),
          `${file}, ${String(steps)} steps: ${String(completenessError)}, in double precision ${String(theirs)}`,
        );
      }
    }
    await engine.close(id);
  });
});
