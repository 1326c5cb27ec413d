/** Reads mutants first … last - 1, telling before each one which it is and after it how it went. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTraps, survive, type Outcome } from './mutate';

export interface Told {
  readonly number: number;
  readonly outcome?: Outcome;
  readonly ms?: number;
}

const tell = (told: Told): void => void process.send?.(told);

async function run(first: number, last: number): Promise<void> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'patchclamp-mutate-')));
  try {
    const folder = setTraps(dir);
    for (let number = first; number < last; number++) {
      tell({ number });
      const start = performance.now();
      const outcome = await survive(number, folder);
      tell({ number, outcome, ms: performance.now() - start });
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
  process.disconnect();
}

const [first = '0', last = '0'] = process.argv.slice(2);
void run(Number(first), Number(last));
