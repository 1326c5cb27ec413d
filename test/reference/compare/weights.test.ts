/** Weights of two models, streamed, against what NumPy says of the same files (weights.py). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { differenceOf } from '../../../src/compare/difference';
import { compareWeights, pairWeights } from '../../../src/compare/weights';
import { openLocal } from '../../../src/onnx/files';
import { buildScopes } from '../../../src/onnx/scopes';
import { WeightReader } from '../../../src/onnx/weights';

interface Expected {
  readonly normA: number;
  readonly normB: number;
  readonly norm: number;
  readonly max: number;
  readonly maxAt: number;
  readonly differing: number;
  readonly cosine: number | null;
}

const expected = JSON.parse(readFileSync(join(__dirname, 'weights.json'), 'utf8')) as Record<
  string,
  Record<string, Expected>
>;
const sample = join(__dirname, '../../../media/samples/digits');

describe("weights' differences against NumPy", () => {
  for (const [variant, rows] of Object.entries(expected)) {
    it(`agrees on every weight of digits and ${variant}`, async () => {
      const models = await Promise.all(
        ['digits.onnx', `variants/${variant}.onnx`].map((file) => openLocal(join(sample, file))),
      );
      const [a, b] = models;
      assert.ok(a !== undefined && b !== undefined);
      const sides = models.map(({ skeleton }) => ({ skeleton, scopes: buildScopes(skeleton) }));
      const readers = models.map(({ source, folder }) => new WeightReader(source, folder));
      const [left, right] = sides;
      const [readA, readB] = readers;
      assert.ok(left && right && readA && readB);
      const found = await compareWeights(pairWeights(differenceOf(left, right)), [readA, readB]);
      const byName = new Map(found.map((row) => [row.a, row]));
      for (const [name, row] of Object.entries(rows)) {
        const numbers = byName.get(name)?.numbers;
        assert.ok(numbers, `${name} was not compared: ${byName.get(name)?.problem ?? 'no pair'}`);
        close(numbers.normA, row.normA, `${name} normA`);
        close(numbers.normB, row.normB, `${name} normB`);
        close(numbers.norm, row.norm, `${name} norm`);
        close(numbers.max, row.max, `${name} max`);
        assert.equal(numbers.maxAt, row.maxAt, `${name} maxAt`);
        assert.equal(numbers.differing, row.differing, `${name} differing`);
        assert.equal(numbers.equal, row.differing === 0);
        if (row.cosine === null) assert.ok(Number.isNaN(numbers.cosine), `${name} cosine`);
        else close(numbers.cosine, row.cosine, `${name} cosine`);
      }
      assert.ok(Object.keys(rows).length > 20, 'NumPy compared too few weights');
      await Promise.all(models.map(({ source }) => source.close()));
    });
  }
});

/** Both sum in double precision, in another order. */
function close(actual: number, wanted: number, what: string): void {
  assert.ok(
    Math.abs(actual - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted)),
    `${what}: ${actual}, not ${wanted}`,
  );
}
