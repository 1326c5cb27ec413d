/** The sentences of the engine's host side: what happened to the process, and which run it was at. */
import { Failure } from '../base/errors';
import { formatBytes } from '../tensor/format';
import type { Ended } from './childProcess';

export function crashed(what: string, { code, signal, said }: Ended): Failure {
  const how =
    signal === 'SIGKILL'
      ? 'was killed by the system, most likely for lack of memory,'
      : signal === null
        ? `ended with code ${String(code)}`
        : `crashed (${signal})`;
  return new Failure({
    code: 'engine-crashed',
    message: `The engine ${how} while ${what}; it has been replaced, and nothing else was lost.`,
    remedy: 'Try a smaller input or fewer captures; if it happens again, report it with the log.',
    cause: said,
  });
}

export function overMemory(what: string, bytes: number, cap: number): Failure {
  return new Failure({
    code: 'out-of-memory',
    message: `The engine was stopped while ${what}: it had taken ${formatBytes(bytes)}, and the limit is ${formatBytes(cap)}.`,
    remedy: 'Use a smaller input, capture fewer values, or raise the limit in the settings.',
  });
}

/** Characters of a line that a person reads. */
const READABLE = 300;

export function doesNotStart({ code, signal, said }: Ended, execPath: string): Failure {
  // Node quotes the line that threw before it names the error; a built file's is the whole program.
  const lines = said.split('\n').filter((text) => /\w/.test(text) && text.length <= READABLE);
  const line = lines.findLast((text) => /^\w*Error\b/.test(text)) ?? lines.at(-1) ?? '';
  const how = line === '' ? `it ended with ${String(signal ?? code)}` : line;
  return new Failure({
    code: 'engine-crashed',
    message: `The engine does not start with ${execPath}: ${how}.`,
    remedy: 'Name another Node in the settings, or report it with the log.',
    cause: said,
  });
}
