import assert from 'node:assert/strict';
import path from 'node:path';
import {
  floats,
  floatsOf,
  holds,
  holdsAll,
  manifest,
  mnist,
  mnistAccuracy,
  modelsWith,
  samples,
  session,
  withOutputs,
} from './support';

const folder = path.join(samples, 'sparse');
const UNITS = 64;
const COUNT = 2000;

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** What the units of the second hidden layer do on the first 2,000 test images: one array of 2,000 for each unit. */
async function units(file: string): Promise<Float64Array[]> {
  const model = await session(withOutputs(file, ['relu_1']));
  const image = floats(mnist(COUNT).images, [COUNT, 1, 28, 28]);
  const values = floatsOf((await model.run({ image }, ['relu_1']))['relu_1']);
  return Array.from({ length: UNITS }, (_, unit) =>
    Float64Array.from({ length: COUNT }, (__, i) => values[i * UNITS + unit] ?? NaN),
  );
}

/** Mean |r| over all pairs of units that are ever active. */
function correlation(all: readonly Float64Array[]): number {
  const standard = all.map((unit) => {
    const centre = mean([...unit]);
    const spread = Math.sqrt(unit.reduce((so, x) => so + (x - centre) ** 2, 0));
    return unit.map((x) => (x - centre) / spread);
  });
  return mean(
    standard.flatMap((a, i) =>
      standard.slice(0, i).map((b) => Math.abs(a.reduce((so, x, k) => so + x * (b[k] ?? NaN), 0))),
    ),
  );
}

/** Mean over units of (best class's mean - mean of the others' means) / (their sum): 1 for a unit of one class. */
function selectivity(all: readonly Float64Array[], labels: Uint8Array): number {
  return mean(
    all.map((unit) => {
      const byClass = Array.from({ length: 10 }, (_, label) =>
        mean([...unit].filter((__, i) => labels[i] === label)),
      );
      const sorted = byClass.toSorted((a, b) => b - a);
      const [best = NaN, rest] = [sorted[0], mean(sorted.slice(1))];
      return (best - rest) / (best + rest);
    }),
  );
}

describe('the sparse sample', () => {
  const everything = 'MNIST test set, 10,000 images';
  for (const model of modelsWith('sparse', 'accuracy', everything))
    it(`${model} reads MNIST's test set as well as stated`, async () => {
      holds('sparse', model, 'accuracy', everything, await mnistAccuracy(path.join(folder, model), 10_000));
    }).timeout(60_000);

  const on = 'second hidden layer, first 2,000 images';
  for (const model of modelsWith('sparse', 'share of zeros', on))
    it(`${model} has units as sparse, as correlated and as selective as stated`, async () => {
      const all = await units(path.join(folder, model));
      holds(
        'sparse',
        model,
        'share of zeros',
        on,
        mean(all.map((unit) => unit.filter((x) => x === 0).length / COUNT)),
      );
      const active = all.filter((unit) => unit.some((x) => x > 0));
      holds('sparse', model, 'live units', on, active.length);
      holds('sparse', model, 'mean correlation', on, correlation(active));
      holds('sparse', model, 'class selectivity', on, selectivity(active, mnist(COUNT).labels));
    }).timeout(60_000);

  it('shows in every seed what each penalty was for', () => {
    const of = (kind: string, seed: number, measure: string): number =>
      manifest('sparse').scores.find(
        (s) => s.model === `variants/${kind}-seed${seed}.onnx` && s.measure === measure,
      )?.value ?? NaN;
    for (const seed of [0, 1, 2]) {
      assert.ok(of('l1', seed, 'share of zeros') > of('plain', seed, 'share of zeros') + 0.2);
      assert.ok(of('decorrelated', seed, 'mean correlation') < 0.5 * of('plain', seed, 'mean correlation'));
      assert.ok(of('decorrelated-l1', seed, 'share of zeros') > of('plain', seed, 'share of zeros') + 0.2);
      assert.ok(
        of('decorrelated-l1', seed, 'mean correlation') < 0.5 * of('plain', seed, 'mean correlation'),
      );
    }
  });

  it('keeps the accuracies of all twelve within one percent', () => {
    const stated = manifest('sparse')
      .scores.filter((s) => s.measure === 'accuracy')
      .map((s) => s.value);
    assert.equal(stated.length, 14);
    assert.ok(Math.max(...stated) - Math.min(...stated) <= 0.01);
  });

  holdsAll('sparse');
});
