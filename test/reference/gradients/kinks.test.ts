/** Slopes of piecewise functions where they bend, at infinities and at NaN, against PyTorch's (kinks.py). */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TensorData } from '../../../src/contract/tensor';
import { info, model, node, tensor } from '../../unit/engine/models';
import { testEngine } from '../../unit/engine/testEngine';

interface Case {
  readonly op: string;
  readonly settings: Readonly<Record<string, number>>;
  readonly slopes: readonly string[];
}

const { places, cases } = JSON.parse(readFileSync(join(__dirname, 'kinks.json'), 'utf8')) as {
  readonly places: readonly string[];
  readonly cases: readonly Case[];
};
const numbersIn = (texts: readonly string[]): number[] =>
  texts.map((text) => Number(text.replace('inf', 'Infinity')));
const scalar = (number: number): TensorData => ({
  dtype: 'float32',
  dims: [],
  data: Float32Array.of(number),
});

/** The one node; what it takes as inputs beside x are weights. */
function modelOf({ op, settings }: Case): Uint8Array {
  const weighed = ['min', 'max', 'slope'].filter((name) => name in settings);
  const asked = op === 'Clip' ? ['min', 'max'] : weighed;
  const attributes = Object.entries(settings).filter(([name]) => !weighed.includes(name));
  const inputs = asked.map((name) => (weighed.includes(name) ? name : ''));
  return model({
    nodes: [node(op, ['x', ...inputs], ['y'], Object.fromEntries(attributes))],
    inputs: [info('x', 'float32', [places.length])],
    outputs: [info('y', 'float32', [places.length])],
    weights: weighed.map((name) => tensor(name, scalar(settings[name] ?? Number.NaN))),
  });
}

describe("slopes at kinks against PyTorch's", function () {
  const engine = testEngine();
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-kinks-'));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  cases.forEach((one, i) => {
    it(`${one.op} ${JSON.stringify(one.settings)}`, async () => {
      const file = join(folder, `${String(i)}.onnx`);
      writeFileSync(file, modelOf(one));
      const { id } = await engine.open(file);
      const x = {
        dtype: 'float32' as const,
        dims: [places.length],
        data: Float32Array.from(numbersIn(places)),
      };
      const { gradients } = await engine.gradient(id, { feeds: { x }, objective: 'sum(y)', wrt: ['x'] });
      const { data } = await engine.tensor(gradients[0]?.handle ?? '');
      const apart = numbersIn(one.slopes).flatMap((theirs, place) => {
        const ours = Number(data[place]);
        const alike = Object.is(ours, theirs) || Math.abs(ours - theirs) <= 1e-6;
        return alike ? [] : [`at ${places[place] ?? ''}: ${String(ours)}, PyTorch ${String(theirs)}`];
      });
      assert.deepEqual(apart, []);
    });
  });
});
