import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Summarizer, summarize } from '../../../src/tensor/stats';
import { reference } from './reference';
import { sampleArrays } from './samples';

describe('statistics', () => {
  for (const [name, array] of Object.entries(sampleArrays())) {
    it(`agrees with NumPy on the array "${name}", whole and in odd pieces`, () => {
      const expected = reference.summaries[name] ?? {};
      const whole = new Summarizer();
      whole.add(array);
      const pieces = new Summarizer();
      for (let at = 0, size = 1; at < array.length; at += size, size = (size * 7 + 3) % 5003) {
        pieces.add(array.subarray(at, at + size));
      }
      for (const summary of [whole.finish(), pieces.finish()]) {
        for (const key of ['count', 'min', 'max', 'zeros', 'nan', 'inf'] as const)
          assert.equal(summary[key], expected[key], key);
        const scale = Math.max(Math.abs(expected['std'] ?? 0), Math.abs(expected['mean'] ?? 0) * 1e-3);
        for (const key of ['mean', 'std'] as const) {
          assert.ok(
            Math.abs(summary[key] - (expected[key] ?? 0)) <= 1e-10 * scale,
            `${key}: ${summary[key]} and ${expected[key] ?? ''}`,
          );
        }
      }
    });

    it(`counts the histogram of "${name}" as NumPy does over the same edges`, () => {
      const expected = reference.histograms[name];
      const summarizer = new Summarizer();
      summarizer.add(array);
      const { from, to, counts } = summarizer.finish().histogram;
      assert.deepEqual({ low: from, high: to, bins: counts.length, counts }, expected);
    });
  }

  it('keeps every finite element in the histogram, whatever order they come in', () => {
    const number = fc.oneof(
      fc.double(),
      fc.integer().map(Number),
      fc.constantFrom(0, -0, 5e-324, -5e-324, 1e308, -1e308, 1),
    );
    fc.assert(
      fc.property(fc.array(fc.array(number, { maxLength: 20 }), { maxLength: 8 }), (chunks) => {
        const summarizer = new Summarizer();
        for (const chunk of chunks) summarizer.add(chunk);
        const { histogram, min, max } = summarizer.finish();
        const finite = chunks.flat().filter(Number.isFinite);
        assert.equal(
          histogram.counts.reduce((a, b) => a + b, 0),
          finite.length,
        );
        assert.ok(histogram.counts.length <= 64);
        if (finite.length === 0) return;
        // By value: the sign of a zero is not part of the claim.
        assert.ok(min === Math.min(...finite));
        assert.ok(histogram.from <= min && histogram.to >= max);
      }),
    );
  });

  it('gives one bin for one value and none for nothing finite', () => {
    assert.deepEqual(summarize({ dtype: 'float32', dims: [3], data: Float32Array.of(2, 2, 2) })?.histogram, {
      from: 2,
      to: 2,
      counts: [3],
    });
    const nothing = summarize({ dtype: 'float32', dims: [2], data: Float32Array.of(NaN, Infinity) });
    assert.deepEqual(nothing?.histogram.counts, []);
    assert.ok(Number.isNaN(nothing.mean));
    assert.equal(summarize({ dtype: 'string', dims: [1], data: ['a'] }), null);
  });
});
