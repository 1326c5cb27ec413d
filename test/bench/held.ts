/**
 * The most memory that this process holds while some work goes on, looked at every few milliseconds from a thread of its
 * own, so that runs which block this one are seen too. Mapped weights count once, however many sessions map them.
 */
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

const SAMPLER = `
  const { readFileSync } = require('node:fs');
  const { workerData } = require('node:worker_threads');
  const state = new Int32Array(workerData);
  while (Atomics.load(state, 0) === 0) {
    const kilobytes = Number(/^Pss:\\s+(\\d+) kB/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))?.[1] ?? 0);
    if (kilobytes > Atomics.load(state, 1)) Atomics.store(state, 1, kilobytes);
    Atomics.wait(state, 0, 0, 5);
  }
`;

/** Bytes held now; 0 where the system does not say. */
export function heldBytes(): number {
  if (process.platform !== 'linux') return 0;
  const line = /^Pss:\s+(\d+) kB/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'));
  return Number(line?.[1] ?? 0) * 1024;
}

/** The most bytes held while `work` goes on; 0 where the system does not say. */
export async function mostHeld(work: () => Promise<unknown>): Promise<number> {
  if (process.platform !== 'linux') {
    await work();
    return 0;
  }
  const state = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(SAMPLER, { eval: true, workerData: state.buffer });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  try {
    await work();
  } finally {
    Atomics.store(state, 0, 1);
    Atomics.notify(state, 0);
    await ended;
  }
  return Math.max(state[1] ?? 0, heldBytes() / 1024) * 1024;
}
