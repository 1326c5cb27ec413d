import path from 'node:path';
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

describe('the modular-addition sample', () => {
  for (const model of modelsWith('modular-addition', 'accuracy', on))
    it(`${model} adds as well as stated`, async () => {
      const { accuracy } = await answers(path.join(samples, 'modular-addition', model));
      holds('modular-addition', model, 'accuracy', on, accuracy);
    }).timeout(60_000);
});
