/**
 * The runs of one model as the editor holds them: what is kept, which is shown, which it is compared with, and their
 * summaries by value, ready for a hover to read.
 */
import type { GraphModel } from '../contract/graphModel';
import type { RunHeader } from '../contract/hostApi';
import type { StoredCapture } from '../contract/engineApi';
import type { Captured } from '../contract/run';
import { sameStamp, type KeptRun, type ModelStamp, type RunStore } from '../study/runs';
import { printClamp } from '../study/clamps';
import type { Recorded, RecordedValues } from './inspect';
import { typeText } from './valueTypes';

type ByValue = ReadonlyMap<string, StoredCapture>;

const NOTHING: ByValue = new Map();

export class RunBook {
  #shown: string | null = null;
  #other: string | null = null;
  readonly #indexed = new WeakMap<KeptRun, ByValue>();

  constructor(readonly store: RunStore) {}

  get shown(): KeptRun | undefined {
    return this.#shown === null ? undefined : this.store.get(this.#shown);
  }

  get other(): KeptRun | undefined {
    return this.#other === null ? undefined : this.store.get(this.#other);
  }

  show(id: string | null): void {
    this.#shown = id;
    if (this.#other === id) this.#other = null;
  }

  compareWith(id: string | null): void {
    this.#other = id === this.#shown ? null : id;
  }

  /** Summaries by value name. */
  valuesOf(run: KeptRun | undefined): ByValue {
    if (run === undefined) return NOTHING;
    let values = this.#indexed.get(run);
    if (values === undefined) {
      values = new Map(run.values.map((value) => [value.site, value]));
      this.#indexed.set(run, values);
    }
    return values;
  }

  /** What of the two goes on the graph: nothing of a run of another version, where names may mean other things. */
  drawn(stamp: ModelStamp | undefined): { readonly shown: ByValue; readonly other: ByValue | null } {
    const { shown, other } = this;
    const current = (run: KeptRun): boolean => !isStale(run, stamp);
    return {
      shown: shown !== undefined && current(shown) ? this.valuesOf(shown) : NOTHING,
      other: other !== undefined && current(other) ? this.valuesOf(other) : null,
    };
  }

  /** What the shown run and the other one recorded, and whether the model has changed since each. */
  recorded(
    stamp: ModelStamp | undefined,
    drawnWith: string,
    weight: RecordedValues['weight'],
  ): RecordedValues {
    const of = (run: KeptRun | undefined): ((value: string) => Recorded | undefined) => {
      const values = this.valuesOf(run);
      const stale = run !== undefined && isStale(run, stamp);
      return (value) => toRecorded(values.get(value), stale);
    };
    const stale = this.shown !== undefined && isStale(this.shown, stamp);
    return { shown: of(this.shown), other: of(this.other), drawnWith, weight, stale };
  }

  headers(stamp: ModelStamp | undefined): RunHeader[] {
    return this.store.runs.map((run) => ({
      id: run.id,
      name: run.name,
      when: run.when,
      ms: run.ms,
      pinned: run.pinned,
      note: run.note,
      inputs: run.feeds.map(({ text }) => text).join(', '),
      clamps: (run.clamps ?? []).map(printClamp),
      stale: isStale(run, stamp),
    }));
  }
}

/** True when the model's files are not those the run was made with. */
export function isStale(run: KeptRun, stamp: ModelStamp | undefined): boolean {
  return stamp !== undefined && !sameStamp(run.model, stamp);
}

function toRecorded(stored: StoredCapture | undefined, stale: boolean): Recorded | undefined {
  return stored === undefined
    ? undefined
    : { type: typeText(stored.dtype, stored.dims), stale, summary: stored.summary };
}

/** Types as a run recorded them, by row of a graph's values; '' where it did not. */
export function recordedTypes({ values, strings }: GraphModel, recorded: ByValue): string[] {
  const seen = new Set<string>();
  return Array.from({ length: values.count }, (_, row) => {
    const name = strings[values.name[row] ?? -1] ?? '';
    // Top-level values come first: a body's value of the same name is another one.
    const stored = seen.has(name) ? undefined : recorded.get(name);
    seen.add(name);
    return stored === undefined ? '' : typeText(stored.dtype, stored.dims);
  });
}

/** What is kept of a captured value. */
export function toStored({ site, dtype, dims, summary }: Captured): StoredCapture {
  return { site, dtype, dims, summary };
}

/** The first of each name. */
export function unique(values: readonly StoredCapture[]): StoredCapture[] {
  return [...new Map([...values].reverse().map((value) => [value.site, value])).values()].reverse();
}
