import assert from 'node:assert/strict';
import { isCancelled } from '../../../src/base/cancel';
import { Failure, isFailure } from '../../../src/base/errors';
import { Emitter } from '../../../src/base/event';
import { compact, rpc, type Port } from '../../../src/base/rpc';

interface Api {
  add(a: number, b: number): number;
  fail(): void;
  break(): void;
  wait(label: string, signal?: AbortSignal): Promise<string>;
  echo(value: unknown, option?: number): unknown;
}

/** Two ports whose messages cross by structured clone, a turn later, as between processes. */
function pair(): { a: Port; b: Port; close: (reason: string) => void } {
  const ends = [0, 1].map(() => ({ message: new Emitter<unknown>(), closed: new Emitter<string>() }));
  const port = (own: number): Port => ({
    post: (message) => {
      const copy = structuredClone(message);
      setImmediate(() => ends[1 - own]?.message.fire(copy));
    },
    onMessage: (listener) => ends[own]?.message.event(listener) ?? { dispose: () => undefined },
    onClose: (listener) => ends[own]?.closed.event(listener) ?? { dispose: () => undefined },
  });
  return {
    a: port(0),
    b: port(1),
    close: (reason) => {
      for (const end of ends) end.closed.fire(reason);
    },
  };
}

function connect(): {
  remote: ReturnType<typeof rpc<Api>>;
  close: (reason: string) => void;
  seen: unknown[];
} {
  const { a, b, close } = pair();
  const seen: unknown[] = [];
  const local = {
    add: (x: number, y: number) => x + y,
    fail: () => {
      throw new Failure({ code: 'bad-site', message: 'There is no site "x".', remedy: 'Choose another.' });
    },
    break: () => {
      throw new TypeError('oops');
    },
    wait: (label: string, signal?: AbortSignal) =>
      new Promise<string>((resolve) => {
        seen.push(label);
        signal?.addEventListener('abort', () => seen.push('heard'));
        if (signal === undefined) resolve('no signal');
      }),
    echo: (...args: unknown[]) => args,
  };
  rpc(b, local);
  return { remote: rpc<Api>(a, {}), close, seen };
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe('rpc', () => {
  it('answers a call', async () => {
    assert.equal(await connect().remote.remote.add(2, 3), 5);
  });

  it('carries a failure with its code, sentence and remedy', async () => {
    await assert.rejects(connect().remote.remote.fail(), (error: unknown) => {
      assert.ok(isFailure(error));
      assert.deepEqual(
        [error.code, error.what, error.remedy],
        ['bad-site', 'There is no site "x".', 'Choose another.'],
      );
      return true;
    });
  });

  it('rejects with the message when the other side breaks', async () => {
    await assert.rejects(connect().remote.remote.break(), /oops/);
  });

  it('refuses names that are not own methods of the other side', async () => {
    const { remote } = connect();
    const reach = remote.remote as unknown as Record<string, () => Promise<unknown>>;
    for (const name of ['toString', 'constructor', '__proto__', 'nothing']) {
      await assert.rejects(Promise.resolve(reach[name]?.()), /has no method/, name);
    }
  });

  it('aborts both sides when the caller aborts', async () => {
    const { remote, seen } = connect();
    const controller = new AbortController();
    const waiting = remote.remote.wait('x', controller.signal);
    await turn();
    controller.abort();
    await assert.rejects(waiting, isCancelled);
    await turn();
    assert.deepEqual(seen, ['x', 'heard']);
  });

  it('gives a method no signal where the caller gave none, and shifts no argument', async () => {
    const { remote } = connect();
    assert.equal(await remote.remote.wait('x'), 'no signal');
    assert.deepEqual(await remote.remote.echo('v'), ['v']);
    assert.deepEqual(await remote.remote.echo('v', 7), ['v', 7]);
  });

  it('rejects everything outstanding when the port closes, with the reason', async () => {
    const { remote, close } = connect();
    const waiting = remote.remote.wait('x', new AbortController().signal);
    close('SIGKILL');
    await assert.rejects(waiting, /SIGKILL/);
    await assert.rejects(remote.remote.add(1, 1), /SIGKILL/);
  });

  it('never sends the pool behind a view', () => {
    const pool = new Float32Array([1, 2, 3, 4]);
    const sent = compact({ data: [pool.subarray(1, 3)], text: Buffer.from('hi') }) as {
      data: Float32Array[];
      text: Uint8Array;
    };
    assert.deepEqual(Array.from(sent.data[0] ?? []), [2, 3]);
    assert.equal(sent.data[0]?.buffer.byteLength, 8);
    assert.equal(sent.text.buffer.byteLength, 2);
  });
});
