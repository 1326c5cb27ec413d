/** Reads mutants first … last - 1, telling before each one which it is and after it how it went. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { setTraps, survive } from './mutate';

const { first, last } = workerData as { readonly first: number; readonly last: number };

async function run(): Promise<void> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'patchclamp-mutate-')));
  try {
    const folder = setTraps(dir);
    for (let number = first; number < last; number++) {
      parentPort?.postMessage({ number });
      parentPort?.postMessage({ number, outcome: await survive(number, folder) });
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
}

void run();
