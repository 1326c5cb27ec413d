import { fromBinary } from '@bufbuild/protobuf';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ModelProtoSchema } from 'onnx-buf';
import {
  argmax,
  floatsOf,
  holds,
  holdsAll,
  integers,
  json,
  manifest,
  modelsWith,
  samples,
  session,
} from './support';

const PRIME = 113;
const on = 'all 12,769 pairs';

interface Answer {
  readonly right: boolean;
  readonly loss: number;
}

const share = (all: readonly Answer[]): number => all.filter(({ right }) => right).length / all.length;
const meanLoss = (all: readonly Answer[]): number =>
  all.reduce((sum, { loss }) => sum + loss, 0) / all.length;

/** Each pair's answer, the first number slowest; the log-softmax in doubles. */
async function answers(file: string): Promise<Answer[]> {
  const model = await session(file);
  const all: Answer[] = [];
  for (let a = 0; a < PRIME; a++) {
    const questions = Array.from({ length: PRIME }, (_, b) => [a, b, PRIME]);
    const logits = floatsOf((await model.run({ tokens: integers(questions) }))['logits']);
    for (let b = 0; b < PRIME; b++) {
      const row = logits.subarray(b * PRIME, (b + 1) * PRIME);
      const sum = (a + b) % PRIME;
      const best = argmax(row, 0, PRIME);
      const largest = row[best] ?? NaN;
      const others = row.reduce((so, logit, i) => so + (i === best ? 0 : Math.exp(logit - largest)), 0);
      all.push({ right: best === sum, loss: largest - (row[sum] ?? NaN) + Math.log1p(others) });
    }
  }
  return all;
}

interface Point {
  readonly step: number;
  readonly trainLoss: number;
  readonly testLoss: number;
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
}

/** The rows of all pairs that it was trained on: the numbers of a one-dimensional .npy of int64. */
function trainedRows(): Set<number> {
  const bytes = Uint8Array.from(readFileSync(path.join(samples, 'modular-addition/train-pairs.npy')));
  const start = 10 + new DataView(bytes.buffer).getUint16(8, true);
  return new Set([...new BigInt64Array(bytes.buffer, start)].map(Number));
}

/** How much of the embedding of the 113 numbers, but for its mean, lies at each of the 56 frequencies; sums to 1. */
function spectrum(file: string): number[] {
  const model = fromBinary(ModelProtoSchema, readFileSync(file));
  const embedding = model.graph?.initializer.find((tensor) => tensor.name === 'embed.token');
  assert.ok(embedding !== undefined);
  const raw = Uint8Array.from(embedding.rawData);
  const values = new Float32Array(raw.buffer, 0, raw.byteLength / 4);
  const width = Number(embedding.dims[1]);
  const powers = Array.from({ length: (PRIME - 1) / 2 }, (_, i) => {
    let power = 0;
    for (let column = 0; column < width; column++) {
      let [re, im] = [0, 0];
      for (let row = 0; row < PRIME; row++) {
        const angle = (2 * Math.PI * (i + 1) * row) / PRIME;
        re += (values[row * width + column] ?? NaN) * Math.cos(angle);
        im += (values[row * width + column] ?? NaN) * Math.sin(angle);
      }
      power += re * re + im * im;
    }
    return power;
  });
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

describe('the modular-addition sample', () => {
  for (const model of modelsWith('modular-addition', 'accuracy', on))
    it(`${model} adds as well as stated`, async () => {
      holds(
        'modular-addition',
        model,
        'accuracy',
        on,
        share(await answers(path.join(samples, 'modular-addition', model))),
      );
    }).timeout(60_000);

  it('has the losses and accuracies of its training curve, on what it was trained on and on the rest', async () => {
    const curve = json(path.join(samples, 'modular-addition/curve.json')) as Point[];
    const trained = trainedRows();
    assert.equal(trained.size, 3830);
    for (const model of ['modular-addition.onnx', ...manifest('modular-addition').others]) {
      if (model.includes('torchscript')) continue;
      const step = Number(/step-(\d+)/.exec(model)?.[1] ?? curve.at(-1)?.step);
      const point = curve.find((one) => one.step === step);
      assert.ok(point !== undefined, model);
      const all = await answers(path.join(samples, 'modular-addition', model));
      const [train, rest] = [all.filter((_, i) => trained.has(i)), all.filter((_, i) => !trained.has(i))];
      const close = (got: number, stated: number, most: number): void => {
        assert.ok(Math.abs(got - stated) <= most, `${model}: ${got}, the curve has ${stated}`);
      };
      close(share(train), point.trainAccuracy, 0.002);
      close(share(rest), point.testAccuracy, 0.002);
      close(meanLoss(train), point.trainLoss, 0.01 * point.trainLoss);
      close(meanLoss(rest), point.testLoss, 0.01 * point.testLoss);
    }
  }).timeout(60_000);

  const measure = 'five frequencies’ share of the embedding';
  for (const model of modelsWith('modular-addition', measure, 'weights'))
    it(`${model} has as much of its embedding in five frequencies as stated`, () => {
      const shares = spectrum(path.join(samples, 'modular-addition', model));
      const five = shares.toSorted((a, b) => b - a).slice(0, 5);
      holds(
        'modular-addition',
        model,
        measure,
        'weights',
        five.reduce((a, b) => a + b, 0),
      );
      if (model === 'modular-addition.onnx')
        assert.deepEqual(
          five.map((share) => shares.indexOf(share) + 1),
          [15, 22, 5, 21, 13],
        );
    });

  holdsAll('modular-addition');
});
