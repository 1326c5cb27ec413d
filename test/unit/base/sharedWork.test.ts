import assert from 'node:assert/strict';
import { AbortError, isCancelled } from '../../../src/base/cancel';
import { SharedWork } from '../../../src/base/sharedWork';

/** Work that ends when told to, and rejects when it is cancelled. */
function controlled(): {
  start: (signal: AbortSignal) => Promise<string>;
  finish: (text: string) => void;
  starts: () => number;
  cancelled: () => boolean;
} {
  let resolve: ((text: string) => void) | undefined;
  let starts = 0;
  let cancelled = false;
  return {
    start: (signal) =>
      new Promise((done, reject) => {
        starts++;
        resolve = done;
        signal.addEventListener('abort', () => {
          cancelled = true;
          reject(new AbortError());
        });
      }),
    finish: (text) => resolve?.(text),
    starts: () => starts,
    cancelled: () => cancelled,
  };
}

describe('shared work', () => {
  it('answers a second caller although the first one left', async () => {
    const shared = new SharedWork<string, string>();
    const work = controlled();
    const first = new AbortController();
    const leaving = shared.get('w', work.start, first.signal);
    const staying = shared.get('w', work.start, new AbortController().signal);
    first.abort();
    await assert.rejects(leaving, isCancelled);
    assert.equal(work.cancelled(), false);
    work.finish('read');
    assert.equal(await staying, 'read');
    assert.equal(work.starts(), 1);
  });

  it('starts anew for one who comes back at once after everyone left', async () => {
    const shared = new SharedWork<string, string>();
    const work = controlled();
    const first = new AbortController();
    const leaving = shared.get('w', work.start, first.signal);
    first.abort();
    const back = shared.get('w', work.start, new AbortController().signal);
    await assert.rejects(leaving, isCancelled);
    assert.equal(work.cancelled(), true);
    work.finish('read again');
    assert.equal(await back, 'read again');
    assert.equal(work.starts(), 2);
  });

  it('keeps what succeeded and forgets what failed', async () => {
    const shared = new SharedWork<string, number>();
    let calls = 0;
    const fail = (): Promise<number> => {
      calls++;
      return Promise.reject(new Error('no'));
    };
    await assert.rejects(shared.get('a', fail), /no/);
    await assert.rejects(shared.get('a', fail), /no/);
    assert.equal(calls, 2);
    assert.equal(await shared.get('a', () => Promise.resolve(5)), 5);
    assert.equal(await shared.get('a', fail), 5);
  });

  it('holds no more results than it may', async () => {
    const shared = new SharedWork<number, number>(2);
    for (const n of [1, 2, 3]) await shared.get(n, () => Promise.resolve(n));
    let again = 0;
    await shared.get(3, () => Promise.resolve(0));
    await shared.get(1, () => {
      again++;
      return Promise.resolve(1);
    });
    assert.equal(again, 1);
  });
});
