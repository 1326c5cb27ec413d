/**
 * What a run will take of memory, before it runs: by liveness and on the high side the first time, then by what the same
 * rewrite took at the same shapes. Whoever would ask for more than there is, is told before.
 */
import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { Failure } from '../../base/errors';
import { Lru } from '../../base/lru';
import type { TensorData } from '../../contract/tensor';
import { formatBytes } from '../../tensor/format';
import { inferAt } from './infer';
import { livenessOf } from './liveness';
import type { EngineModel } from './model';
import { bytesOf } from './store';

/** The runtime's memory grows by doubling, and kernels have workspaces of their own. */
const HIGH = 2;
const FIXED = 24 << 20;
/** Share of what is free that a run may take unasked. */
const SHARE = 0.8;

export interface Estimate {
  /** Bytes that the process will hold more of than before. */
  readonly bytes: number;
  /** From an earlier run of the same rewrite at the same shapes, rather than from the graph. */
  readonly calibrated: boolean;
}

/** What is estimated: a graph as it will run, under a key that stands for it and the session's kind. */
export interface Estimated {
  readonly key: string;
  readonly model: EngineModel;
  readonly graph: EngineModel['skeleton']['graph'];
  readonly given: ReadonlyMap<string, TensorData>;
  /** Bytes of weights that a packed session holds once more; else 0. */
  readonly packedBytes: number;
}

export class Memory {
  /** Bytes that runs took, by rewrite and shapes. */
  readonly #taken = new Lru<string, number>(2_000);

  /** What the graph will take: the runtime is asked for the shapes it will have. */
  async estimate(what: Estimated, signal?: AbortSignal): Promise<Estimate> {
    const known = this.#taken.get(keyOf(what));
    if (known !== undefined) return { bytes: known, calibrated: true };
    const { model, graph, given, packedBytes } = what;
    const fed = new Map([...given].map(([name, tensor]) => [name, bytesOf(tensor)]));
    const dims = new Map([...given].map(([name, tensor]) => [name, tensor.dims]));
    const types = await inferAt(model, dims, signal);
    const { peak, outputs } = livenessOf(graph, (value) => types.get(value), fed);
    return { bytes: HIGH * peak + outputs + FIXED + packedBytes, calibrated: false };
  }

  /** Remembers what a run took. */
  took(what: Estimated, bytes: number): void {
    this.#taken.set(keyOf(what), Math.max(bytes, this.#taken.get(keyOf(what)) ?? 0));
  }
}

/** Throws `would-not-fit` where a run would take more than there is. */
export function refuseTooLarge(file: string, { bytes, calibrated }: Estimate, free: number): void {
  if (bytes <= free * SHARE) return;
  const about = calibrated ? 'takes' : 'may take';
  throw new Failure({
    code: 'would-not-fit',
    message: `This run of ${file} ${about} ${formatBytes(bytes)} of memory, and ${formatBytes(free)} are free.`,
    remedy: 'Run it anyway, or use a smaller input or fewer captures.',
  });
}

function keyOf({ key, given }: Estimated): string {
  return JSON.stringify([key, [...given].map(([name, { dims }]) => [name, dims])]);
}

/** Bytes that this process holds of its own, not mapped from files. */
export function ownBytes(): number {
  if (process.platform !== 'linux') return process.memoryUsage.rss();
  const [, resident = '', shared = ''] = readFileSync('/proc/self/statm', 'utf8').split(' ');
  return (Number(resident) - Number(shared)) * 4096;
}

/** Bytes that can be had without swapping, and within a cap on the process; 0: no cap. */
export function freeBytes(cap: number): number {
  const left = cap > 0 ? Math.max(0, cap - ownBytes()) : Infinity;
  const limit = process.constrainedMemory();
  const within = limit > 0 && limit < 2 ** 50 ? Math.max(0, limit - process.memoryUsage.rss()) : Infinity;
  return Math.min(freemem(), left, within);
}
