/**
 * The engine's process: forked by the extension host or the command line, speaks RPC over its channel, ends when that
 * closes. Everything native happens here.
 */
import type { Port } from '../../base/rpc';
import { rpc } from '../../base/rpc';
import { describe } from '../../base/errors';
import type { EngineEvents } from '../../contract/engineApi';
import { Engine, type EngineOptions } from './engine';

function parentPort(): Port {
  return {
    post: (message) => void process.send?.(message),
    onMessage: (listener) => {
      process.on('message', listener);
      return { dispose: () => process.off('message', listener) };
    },
    onClose: (listener) => {
      const closed = (): void => listener('the host went away');
      process.on('disconnect', closed);
      return { dispose: () => process.off('disconnect', closed) };
    },
  };
}

function readOptions(text: string | undefined): EngineOptions {
  const given = JSON.parse(text ?? '{}') as Partial<EngineOptions>;
  return { sessionBudget: 1 << 30, tensorBudget: 1 << 30, threads: 0, ...given };
}

function main(): void {
  if (process.send === undefined) {
    process.stderr.write(
      'This is a part of Patchclamp that the extension starts itself; it does nothing alone.\n',
    );
    process.exitCode = 2;
    return;
  }
  const port = parentPort();
  const engine = new Engine(readOptions(process.env['PATCHCLAMP_ENGINE']), (event, data) =>
    connection.emit(event, data),
  );
  const connection = rpc<object, object, EngineEvents>(port, engine.api(), {
    onInternalError: (method, error) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : describe(error);
      connection.emit('log', { level: 'error', text: `${method}: ${text}` });
    },
  });
  process.on('disconnect', () => process.exit(0));
  connection.emit('ready', { pid: process.pid });
}

main();
