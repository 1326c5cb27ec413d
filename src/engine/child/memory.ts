/**
 * What a run will take of memory, before it runs: by liveness and on the high side the first time, then by what the same
 * rewrite took at the same shapes. Whoever would ask for more than there is, is told before.
 */
import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { Failure } from '../../base/errors';
import { Lru } from '../../base/lru';
import type { ValueType } from '../../contract/skeleton';
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
  /** Of these, what the session takes and not its values. */
  readonly fixed: number;
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
  /** Dims of the model's own inputs, also where the graph starts further on. */
  readonly dims?: ReadonlyMap<string, readonly number[]>;
  /** Types of the graph's values where it is none that the model's own types say something of. */
  readonly types?: { get(value: string): ValueType | undefined };
}

export class Memory {
  /** Bytes that runs took, by rewrite and shapes. */
  readonly #taken = new Lru<string, number>(2_000);
  /** Of what has not run yet, and is asked about at every question. */
  readonly #estimates = new Lru<string, Estimate>(200);

  /** What the graph will take: the runtime is asked for the shapes it will have. */
  async estimate(what: Estimated, signal?: AbortSignal): Promise<Estimate> {
    const { model, graph, given, packedBytes } = what;
    const fixed = FIXED + packedBytes;
    const known = this.#taken.get(keyOf(what));
    if (known !== undefined) return { bytes: known, fixed: Math.min(known, fixed), calibrated: true };
    const fed = new Map([...given].map(([name, tensor]) => [name, bytesOf(tensor)]));
    const dims = what.dims ?? new Map([...given].map(([name, tensor]) => [name, tensor.dims]));
    const key = JSON.stringify([what.key, packedBytes, [...fed], [...dims]]);
    const earlier = this.#estimates.get(key);
    if (earlier !== undefined) return earlier;
    const types = what.types ?? (await inferAt(model, dims, signal));
    const { peak, outputs } = livenessOf(graph, (value) => types.get(value), fed);
    const estimate = { bytes: HIGH * peak + outputs + fixed, fixed, calibrated: false };
    this.#estimates.set(key, estimate);
    return estimate;
  }

  /** Remembers what a run took. */
  took(what: Estimated, bytes: number): void {
    this.#taken.set(keyOf(what), Math.max(bytes, this.#taken.get(keyOf(what)) ?? 0));
  }
}

/** Throws `would-not-fit` where a run would take more than there is. `what`: a sentence's subject. */
export function refuseTooLarge(
  file: string,
  { bytes, calibrated }: Pick<Estimate, 'bytes' | 'calibrated'>,
  free: number,
  what = 'run',
): void {
  if (bytes <= free * SHARE) return;
  const about = calibrated ? 'takes' : 'may take';
  throw new Failure({
    code: 'would-not-fit',
    message: `This ${what} of ${file} ${about} ${formatBytes(bytes)} of memory, and ${formatBytes(free)} are free.`,
    remedy: 'Run it anyway, or use a smaller input or fewer captures.',
  });
}

/** What the runs of one question may take: as much as was free when it was asked, unless somebody said to run it anyway. */
export class Allowance {
  readonly #free: number;

  /** `what` is asked: a sweep, a stream, a gradient. `cap`: bytes for the process; 0: no limit. */
  constructor(
    private readonly what: string,
    private readonly file: string,
    cap: number,
    private readonly confirmed: boolean,
  ) {
    this.#free = freeBytes(cap);
  }

  /** Throws `would-not-fit` where this is more than there was, and `kept` bytes besides. */
  ask(estimate: Pick<Estimate, 'bytes' | 'calibrated'>, kept = 0): void {
    if (this.confirmed) return;
    refuseTooLarge(this.file, { ...estimate, bytes: estimate.bytes + kept }, this.#free, this.what);
  }

  /** How many rows of a batch one run may take, where a single one takes this much: at least one, any for the confirmed. */
  rows(one: Estimate): RowBudget {
    return new RowBudget(one, this.confirmed ? Infinity : this.#free * SHARE);
  }
}

/** Rows of a batch that fit: by the estimate of one, then by what a first run of some took. */
export class RowBudget {
  #each: number;

  constructor(
    private readonly one: Estimate,
    private readonly bytes: number,
  ) {
    this.#each = Math.max(1, one.bytes - one.fixed);
  }

  get most(): number {
    return Math.max(1, Math.floor((this.bytes - this.one.fixed) / this.#each));
  }

  /** A session's first run of so many rows took this much; `undefined` for later ones, which have their memory already. */
  took(rows: number, bytes: number | undefined): void {
    // Of few rows much is the session's own, so that they say little of what more would take.
    if (bytes !== undefined) this.#each = Math.max((bytes - this.one.fixed) / rows, this.#each / 8);
  }
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

/** Asks the system anew only after so many milliseconds: its answers take as long as a small run. */
function atMostEvery(ms: number, ask: () => number): () => number {
  let [asked, answer] = [-Infinity, 0];
  return () => {
    const now = performance.now();
    if (now - asked > ms) [asked, answer] = [now, ask()];
    return answer;
  };
}

/** What the system lets this process have. */
const constrained = atMostEvery(1000, () => process.constrainedMemory());
const free = atMostEvery(100, freemem);

/** Bytes that can be had without swapping, and within a cap on the process; 0: no cap. */
export function freeBytes(cap: number): number {
  const left = cap > 0 ? Math.max(0, cap - ownBytes()) : Infinity;
  const limit = constrained();
  const within = limit > 0 && limit < 2 ** 50 ? Math.max(0, limit - process.memoryUsage.rss()) : Infinity;
  return Math.min(free(), left, within);
}
