import path from 'node:path';
import { holds, holdsAll, mnistAccuracy, modelsWith, samples } from './support';

describe('the digits sample', () => {
  const everything = 'MNIST test set, 10,000 images';
  const part = 'MNIST test set, first 2,000 images';

  for (const model of modelsWith('digits', 'accuracy', everything))
    it(`${model} reads MNIST's test set as well as stated`, async () => {
      const accuracy = await mnistAccuracy(path.join(samples, 'digits', model), 10_000);
      holds('digits', model, 'accuracy', everything, accuracy);
    }).timeout(60_000);

  for (const model of modelsWith('digits', 'accuracy', part))
    it(`${model} reads the first 2,000 as well as stated`, async () => {
      const accuracy = await mnistAccuracy(path.join(samples, 'digits', model), 2000);
      holds('digits', model, 'accuracy', part, accuracy);
    }).timeout(60_000);

  holdsAll('digits');
});
