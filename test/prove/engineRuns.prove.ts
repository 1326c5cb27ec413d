/** 10,000 runs with changing sites and interventions, in one process of their own: see engineRuns.ts. */
import { fork } from 'node:child_process';
import { join } from 'node:path';

export const title = 'Memory stays flat within 10 % over 10,000 runs with changing sites and interventions';
export const paths = [
  'src/engine/child/runner.ts',
  'src/engine/child/executor.ts',
  'src/engine/child/sessions.ts',
  'src/engine/child/store.ts',
  'src/engine/child/check.ts',
  'src/base/lru.ts',
  'test/prove/engineRuns.ts',
];
export const cases = 10_000;

/** One process's whole story, since memory is measured in it from its first run on. */
const PIECE = 10_000;

interface Context {
  readonly from: number;
  readonly cases: number;
  readonly signal: AbortSignal;
  readonly save: (done: number, details: unknown) => void;
}

export async function run({ from, cases: all, signal, save }: Context): Promise<void> {
  for (let first = from; first < all; first += PIECE) {
    const last = Math.min(first + PIECE, all);
    const details = await piece(first, last, signal);
    if (details === undefined) return;
    save(last, details);
  }
}

function piece(first: number, last: number, signal: AbortSignal): Promise<object | undefined> {
  return new Promise((resolve, reject) => {
    const child = fork(join(__dirname, 'engineRuns.child.ts'), [String(first), String(last)], {
      execArgv: ['--import', 'tsx', '--expose-gc'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    let told: object | undefined;
    const abort = (): void => void child.kill('SIGKILL');
    signal.addEventListener('abort', abort);
    child.on('message', (details) => (told = details as object));
    child.on('exit', (code, died) => {
      signal.removeEventListener('abort', abort);
      if (signal.aborted) resolve(undefined);
      else if (code === 0 && told !== undefined) resolve(told);
      else reject(new Error(`The runs ended early (${died ?? `code ${String(code)}`}).`));
    });
  });
}
