import { fromBinary } from '@bufbuild/protobuf';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ModelProtoSchema } from 'onnx-buf';
import { argmax, floatsOf, holds, integers, modelsWith, samples, session } from './support';

const PRIME = 113;
const on = 'all 12,769 pairs';

/** The share of all pairs answered right, and the mean loss over them, the log-softmax in doubles. */
async function answers(file: string): Promise<{ accuracy: number; loss: number }> {
  const model = await session(file);
  let right = 0;
  let loss = 0;
  for (let a = 0; a < PRIME; a++) {
    const questions = Array.from({ length: PRIME }, (_, b) => [a, b, PRIME]);
    const logits = floatsOf((await model.run({ tokens: integers(questions) }))['logits']);
    for (let b = 0; b < PRIME; b++) {
      const row = logits.subarray(b * PRIME, (b + 1) * PRIME);
      const sum = (a + b) % PRIME;
      const best = argmax(row, 0, PRIME);
      if (best === sum) right++;
      const largest = row[best] ?? NaN;
      const total = row.reduce((so, logit) => so + Math.exp(logit - largest), 0);
      loss += largest + Math.log(total) - (row[sum] ?? NaN);
    }
  }
  return { accuracy: right / PRIME ** 2, loss: loss / PRIME ** 2 };
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
      const { accuracy } = await answers(path.join(samples, 'modular-addition', model));
      holds('modular-addition', model, 'accuracy', on, accuracy);
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
});
