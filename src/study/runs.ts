/**
 * Runs a person keeps: what went in (as recipes, never as tensors), what came out (as summaries), names and notes. One
 * JSON file a run, so that a damaged file costs one run. Where files lie is the caller's: a workspace's storage in the
 * editor, a folder on the command line.
 */
import { decodeNumbers, encodeNumbers } from '../base/jsonNumbers';
import type { Clamp } from '../contract/clamp';
import type { StoredCapture } from '../contract/engineApi';

/** One input of a run: enough to make the same tensor again. */
export interface KeptFeed {
  readonly name: string;
  /** How it was made, as `src/data` reads and writes it. */
  readonly recipe: unknown;
  /** One line for people: `3.png, 28×28, mean 0.131`. */
  readonly text: string;
  /** SHA-256 of the tensor that was fed. Missing in runs kept by versions that did not take it. */
  readonly hash?: string;
}

/** What a file is known by without reading it: size in bytes and time of change. */
export interface FileStamp {
  readonly size: number;
  readonly changed: number;
}

/** The model's own file, and the files its weights lie in, by the location the model names. */
export interface ModelStamp extends FileStamp {
  /** Missing in runs kept by versions that looked at the model's own file alone. */
  readonly files?: Readonly<Record<string, FileStamp>>;
}

/** A stamp as a text: equal for equal stamps. */
export function printStamp({ size, changed, files = {} }: ModelStamp): string {
  return [{ size, changed }, ...Object.values(files)]
    .map((stamp) => `${String(stamp.size)}:${String(stamp.changed)}`)
    .join(' ');
}

/** True when two stamps are of the same files; files only one of them knows of are not compared. */
export function sameStamp(a: ModelStamp, b: ModelStamp): boolean {
  const same = (x: FileStamp, y: FileStamp): boolean => x.size === y.size && x.changed === y.changed;
  if (!same(a, b)) return false;
  return Object.entries(a.files ?? {}).every(([name, stamp]) => {
    const other = b.files?.[name];
    return other === undefined ? b.files === undefined : same(stamp, other);
  });
}

export interface KeptRun {
  readonly version: 1;
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly when: number;
  /** Wall time in the engine. */
  readonly ms: number;
  readonly pinned: boolean;
  readonly note: string;
  /** The model's files as they were when it was read, to tell when they are others. */
  readonly model: ModelStamp;
  readonly feeds: readonly KeptFeed[];
  readonly dims: Readonly<Record<string, number>>;
  /** The interventions that stood when it was made; missing in runs kept by versions that had none. */
  readonly clamps?: readonly Clamp[];
  /** Outputs first, then other captured values. */
  readonly values: readonly StoredCapture[];
  readonly outputs: readonly string[];
  /** Sentences the engine said about it. */
  readonly notes: readonly string[];
}

/** A folder of small text files. Names have no separators. */
export interface TextFolder {
  list(): Promise<readonly string[]>;
  read(name: string): Promise<string>;
  write(name: string, text: string): Promise<void>;
  delete(name: string): Promise<void>;
}

/** The runs of one model, newest first. */
export class RunStore {
  #runs: readonly KeptRun[] = [];
  #loaded: Promise<void> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly folder: TextFolder,
    private readonly onProblem: (sentence: string) => void,
  ) {}

  get runs(): readonly KeptRun[] {
    return this.#runs;
  }

  get(id: string): KeptRun | undefined {
    return this.#runs.find((run) => run.id === id);
  }

  /** Reads what was kept; a file that is no run is left alone and reported. */
  load(): Promise<void> {
    this.#loaded ??= this.#load();
    return this.#loaded;
  }

  /** Keeps a run and lets the oldest unpinned ones go beyond `limit`. */
  async add(run: KeptRun, limit: number): Promise<void> {
    await this.load();
    this.#runs = [run, ...this.#runs];
    const unpinned = this.#runs.filter(({ pinned }) => !pinned);
    const dropped = unpinned.slice(limit);
    this.#runs = this.#runs.filter((kept) => !dropped.includes(kept));
    await this.#inOrder(async () => {
      await this.folder.write(fileOf(run.id), printRun(run));
      for (const { id } of dropped) await this.folder.delete(fileOf(id));
    });
  }

  /** Changes name, note or pin. */
  async change(id: string, change: Partial<Pick<KeptRun, 'name' | 'note' | 'pinned'>>): Promise<void> {
    const run = this.get(id);
    if (run === undefined) return;
    const next = { ...run, ...change };
    this.#runs = this.#runs.map((kept) => (kept.id === id ? next : kept));
    await this.#inOrder(() => this.folder.write(fileOf(id), printRun(next)));
  }

  /** Adds values captured later from the same inputs. */
  async addValues(id: string, values: readonly StoredCapture[]): Promise<void> {
    const run = this.get(id);
    if (run === undefined) return;
    const fresh = new Set(values.map(({ site }) => site));
    const next = { ...run, values: [...run.values.filter(({ site }) => !fresh.has(site)), ...values] };
    this.#runs = this.#runs.map((kept) => (kept.id === id ? next : kept));
    await this.#inOrder(() => this.folder.write(fileOf(id), printRun(next)));
  }

  async delete(id: string): Promise<void> {
    if (this.get(id) === undefined) return;
    this.#runs = this.#runs.filter((run) => run.id !== id);
    await this.#inOrder(() => this.folder.delete(fileOf(id)));
  }

  async #load(): Promise<void> {
    const runs: KeptRun[] = [];
    for (const name of await this.folder.list()) {
      if (!name.endsWith('.json')) continue;
      try {
        const run = parseRun(await this.folder.read(name));
        if (run !== undefined) runs.push(run);
        else this.onProblem(`The kept run ${name} is not in a form this version reads; it is left as it is.`);
      } catch (error) {
        this.onProblem(
          `The kept run ${name} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
    this.#runs = runs.sort((a, b) => b.when - a.when);
  }

  /** Writes follow one another, so that a later state is never overwritten by an earlier one. */
  #inOrder(write: () => Promise<void>): Promise<void> {
    this.#writing = this.#writing.then(write, write);
    return this.#writing;
  }
}

function fileOf(id: string): string {
  return `${id}.json`;
}

/** A run as JSON; NaN and the infinities are spelled out. */
export function printRun(run: KeptRun): string {
  return JSON.stringify(encodeNumbers(run));
}

/** A run from its JSON, or undefined when it is something else. Numbers JSON cannot hold come back as they were. */
export function parseRun(text: string): KeptRun | undefined {
  const value = decodeNumbers(JSON.parse(text));
  if (typeof value !== 'object' || value === null) return undefined;
  const run = value as Partial<KeptRun>;
  const whole =
    run.version === 1 &&
    typeof run.id === 'string' &&
    /^[\w-]+$/.test(run.id) &&
    typeof run.name === 'string' &&
    typeof run.when === 'number' &&
    typeof run.ms === 'number' &&
    typeof run.model === 'object' &&
    Array.isArray(run.feeds) &&
    Array.isArray(run.values) &&
    Array.isArray(run.outputs) &&
    Array.isArray(run.notes);
  return whole
    ? { ...(run as KeptRun), note: run.note ?? '', pinned: run.pinned === true, dims: run.dims ?? {} }
    : undefined;
}
