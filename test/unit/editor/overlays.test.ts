import assert from 'node:assert/strict';
import type { StoredCapture } from '../../../src/contract/engineApi';
import type { GraphModel } from '../../../src/contract/graphModel';
import { overlays, magnitude } from '../../../src/editor/overlays';

const titles = { magnitude: 'm', zeros: 'z', spread: 's', difference: 'd' };

function graph(names: readonly string[]): GraphModel {
  const none = new Int32Array();
  return {
    strings: names,
    nodes: {
      count: 0,
      id: none,
      kind: new Uint8Array(),
      name: none,
      op: none,
      scope: none,
      weightBytes: new Float64Array(),
      detail: none,
    },
    scopes: {
      count: 0,
      parent: none,
      name: none,
      path: none,
      className: none,
      kind: none,
      inferred: new Uint8Array(),
      parameters: new Float64Array(),
      signature: none,
    },
    edges: { count: 0, from: none, to: none, value: none },
    values: { count: names.length, name: Int32Array.from(names.keys()), producer: none, type: none },
  };
}

function stored(site: string, mean: number, std: number, zeros: number): StoredCapture {
  const summary = {
    count: 10,
    mean,
    std,
    min: 0,
    max: 1,
    zeros,
    nan: 0,
    inf: 0,
    histogram: { from: 0, to: 1, counts: [10] },
  };
  return { site, dtype: 'float32', dims: [10], summary };
}

const run = (...captures: StoredCapture[]): Map<string, StoredCapture> =>
  new Map(captures.map((capture) => [capture.site, capture]));

describe('overlays', () => {
  it('leave a value of a body open that has the name of a recorded one', () => {
    const [made] = overlays(graph(['a', 'a']), run(stored('a', 3, 4, 5)), null, titles);
    assert.deepEqual([...(made?.byValue ?? [])], [5, Number.NaN]);
  });

  it('give each recorded value its number and leave the others open', () => {
    const made = overlays(graph(['a', 'b']), run(stored('a', 3, 4, 5)), null, titles);
    assert.deepEqual(
      made.map(({ kind }) => kind),
      ['magnitude', 'zeros', 'spread'],
    );
    assert.equal(made[0]?.byValue[0], 5);
    assert.ok(Number.isNaN(made[0].byValue[1]));
    assert.deepEqual([made[1]?.byValue[0], made[1]?.from, made[1]?.to], [0.5, 0, 1]);
  });

  it('measure magnitude as the root mean square', () => {
    const values = [1, -2, 3, 0];
    const mean = values.reduce((sum, value) => sum + value, 0) / 4;
    const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4);
    const rms = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / 4);
    const summary = stored('x', mean, std, 1).summary;
    assert.ok(summary !== null);
    assert.ok(Math.abs(magnitude(summary) - rms) < 1e-12);
  });

  it('draw the difference of two runs on a scale that is symmetric about zero', () => {
    const made = overlays(
      graph(['a', 'b']),
      run(stored('a', 1, 0, 0), stored('b', 5, 0, 0)),
      run(stored('a', 3, 0, 0), stored('b', 4, 0, 0)),
      titles,
    );
    const difference = made.find(({ kind }) => kind === 'difference');
    assert.deepEqual([...(difference?.byValue ?? [])], [-2, 1]);
    assert.deepEqual([difference?.from, difference?.to, difference?.signed], [-2, 2, true]);
  });

  it('do not let a few outliers flatten the scale, and say that it is clipped', () => {
    const names = Array.from({ length: 20 }, (_, i) => `v${String(i)}`);
    const values = run(...names.map((name, i) => stored(name, i === 0 ? 10_000 : 1, 0, 0)));
    const [made] = overlays(graph(names), values, null, titles);
    assert.deepEqual([made?.to, made?.clipped], [1, true]);
    const [even] = overlays(graph(names.slice(1)), values, null, titles);
    assert.deepEqual([even?.to, even?.clipped], [1, false]);
  });

  it('do not let whole numbers stretch the scale of activations', () => {
    const rate: StoredCapture = { ...stored('sr', 16_000, 0, 0), dtype: 'int64' };
    const values = new Map(
      [stored('a', 1, 0, 0), stored('b', 3, 0, 0), rate].map((each) => [each.site, each]),
    );
    const [column] = overlays(graph(['a', 'b', 'sr']), values, null, titles);
    assert.deepEqual([column?.to, column?.clipped, column?.byValue[2]], [3, true, 16_000]);
    const alone = overlays(graph(['sr']), new Map([['sr', rate]]), null, titles)[0];
    assert.deepEqual([alone?.to, alone?.clipped], [16_000, false]);
  });

  it('offer nothing when nothing was recorded', () => {
    assert.deepEqual(overlays(graph(['a']), run(), null, titles), []);
  });
});
