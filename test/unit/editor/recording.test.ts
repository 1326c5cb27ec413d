import assert from 'node:assert/strict';
import type { FeedSpec } from '../../../src/contract/run';
import { bytesOf, captureGroups, openSizes } from '../../../src/editor/captureGroups';
import { nextRunName } from '../../../src/editor/runNames';

describe('recording every value', () => {
  const spec: FeedSpec = {
    name: 'x',
    dtype: 'float32',
    shape: ['batch', 3, 'side', 'side'],
    optional: false,
  };
  const fed = { x: { dtype: 'float32', dims: [2, 3, 8, 8], data: new Float32Array(384) } } as const;

  it('estimates a value’s bytes with the open dimensions as they were fed', () => {
    const sizes = openSizes([spec], fed);
    assert.equal(bytesOf({ dtype: 'float16', shape: ['batch', 4, 'side'] }, sizes), 2 * 4 * 8 * 2);
    assert.equal(bytesOf({ dtype: 'float32', shape: ['other'] }, sizes), null);
    assert.equal(bytesOf(undefined, sizes), null);
  });

  it('takes all at once while they fit, and in groups where they do not', () => {
    const sizes: Readonly<Record<string, number>> = { a: 40, b: 40, c: 30, big: 500, d: 10 };
    const names = Object.keys(sizes);
    const bytes = (name: string): number | null => sizes[name] ?? null;
    assert.deepEqual(captureGroups(names, bytes, 1000), [names]);
    assert.deepEqual(captureGroups(names, bytes, 100), [['a', 'b'], ['c'], ['big'], ['d']]);
  });

  it('counts values of unknown size as the known ones on average', () => {
    const bytes = (name: string): number | null => (name === 'known' ? 60 : null);
    assert.deepEqual(captureGroups(['known', 'x', 'y'], bytes, 130), [['known', 'x'], ['y']]);
    assert.deepEqual(
      captureGroups(['x', 'y'], () => null, 1),
      [['x', 'y']],
    );
  });
});

describe('names of new runs', () => {
  const nameOf = (number: number): string => `Run ${String(number)}`;

  it('count on from the highest of their own kind', () => {
    assert.equal(nextRunName([], nameOf), 'Run 1');
    assert.equal(nextRunName(['Run 2', 'Run 10'], nameOf), 'Run 11');
  });

  it('take no number from a name that a person gave', () => {
    assert.equal(nextRunName(['resnet50', 'Run 1', 'Run 2b', 'My Run 7'], nameOf), 'Run 2');
  });
});
