/**
 * The workspace's models and its Python, linked: built in the background, kept in step with edits, asked by hovers.
 * Only what an edit can touch is linked again. Pure over a `SourceRoot` and a loader for each model; knows no editor.
 */
import { throwIfCancelled } from '../base/cancel';
import type { LinkTable } from '../contract/link';
import type { ScopeTree } from '../contract/scopes';
import type { Skeleton } from '../contract/skeleton';
import { LineTable, type LinkedPlace } from './lines';
import { linkWith } from './linkModel';
import { Sources, type SourceRoot, type Uses } from './sources';

/** What the index needs of a model: read anew for each linking, so that skeletons need not stay in memory. */
export type ModelLoader = (
  signal?: AbortSignal,
) => Promise<{ readonly skeleton: Skeleton; readonly scopes: ScopeTree }>;

/** A place in source that a model leads to. */
export interface IndexedPlace extends LinkedPlace {
  readonly model: string;
}

interface Entry {
  readonly load: ModelLoader;
  table: LinkTable | null;
  lines: LineTable | null;
  stale: boolean;
  /** What the links were made from; null before the first time. */
  uses: Uses | null;
  /** Why it could not be linked, or null. */
  error: unknown;
}

export class WorkspaceIndex {
  readonly #models = new Map<string, Entry>();
  #sources: Sources | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(private readonly root: SourceRoot) {}

  get models(): Iterable<string> {
    return this.#models.keys();
  }

  /** True while some model's links are older than its file or its Python. */
  get stale(): boolean {
    return [...this.#models.values()].some((entry) => entry.stale);
  }

  /** Adds a model, or marks it as changed. */
  setModel(id: string, load: ModelLoader): void {
    const earlier = this.#models.get(id);
    this.#models.set(id, {
      load,
      table: earlier?.table ?? null,
      lines: earlier?.lines ?? null,
      stale: true,
      uses: null,
      error: null,
    });
  }

  removeModel(id: string): void {
    this.#models.delete(id);
  }

  /** Takes over a file's text as the person sees it now; null when the file is gone. Cheap: links follow on `refresh`. */
  setFile(file: string, text: string | null): void {
    const sources = this.#sources;
    if (sources === null) return;
    const known = sources.has(file);
    if (known && text !== null && sources.peek(file) === text) return;
    const earlier = sources.peek(file) ?? null;
    if (text === null) sources.remove(file);
    else sources.set(file, text);
    for (const entry of this.#models.values()) {
      // A new file may be what a name was looked for in vain.
      if (!known || entry.uses === null || touches(entry.uses, file, [earlier, text])) entry.stale = true;
    }
  }

  knows(id: string): boolean {
    return this.#models.has(id);
  }

  /** True for a model whose links are older than its file or its Python, and for one that is not known. */
  isStale(id: string): boolean {
    return this.#models.get(id)?.stale ?? true;
  }

  /** The files a model's links were made from; empty before the first time. */
  filesOf(id: string): ReadonlySet<string> {
    return this.#models.get(id)?.uses?.files ?? new Set();
  }

  /** Lets go of a model's links; what they were made from stays known, so that an edit still tells it is stale. */
  release(id: string): void {
    const entry = this.#models.get(id);
    if (entry === undefined) return;
    entry.table = null;
    entry.lines = null;
  }

  /** Links one model if it is stale, after what is being linked now. Rejects with the reason why it cannot be. */
  link(id: string, signal?: AbortSignal): Promise<LinkTable> {
    const linking = this.#running
      .catch(() => undefined)
      .then(async () => {
        const entry = this.#models.get(id);
        if (entry === undefined) throw new Error(`The index does not know ${id}.`);
        await this.#refresh(signal, [entry]);
        if (entry.error !== null) throw entry.error as Error;
        if (entry.table === null) throw new Error(`The links of ${id} were not made.`);
        return entry.table;
      });
    this.#running = linking.then(() => undefined);
    this.#running.catch(() => undefined);
    return linking;
  }

  /** Links what is stale, one model after the other, in slices. Calls made meanwhile wait for their turn. */
  refresh(signal?: AbortSignal): Promise<void> {
    this.#running = this.#running.catch(() => undefined).then(() => this.#refresh(signal));
    return this.#running;
  }

  async #refresh(signal: AbortSignal | undefined, entries = [...this.#models.values()]): Promise<void> {
    this.#sources ??= new Sources(await this.root.list(signal));
    for (const entry of entries) {
      throwIfCancelled(signal);
      if (!entry.stale) continue;
      entry.stale = false;
      try {
        await this.#link(entry, this.#sources, signal);
      } catch (error) {
        throwIfCancelled(signal);
        entry.error = error;
      } finally {
        // What was cancelled half-way is still to be done.
        if (signal?.aborted === true) entry.stale = true;
      }
    }
  }

  async #link(entry: Entry, sources: Sources, signal: AbortSignal | undefined): Promise<void> {
    const { skeleton, scopes } = await entry.load(signal);
    sources.startTracking();
    entry.table = await linkWith(skeleton, scopes, sources, this.root, signal);
    entry.uses = sources.stopTracking();
    entry.lines = new LineTable(entry.table);
    entry.error = null;
  }

  /** The links of a model as far as they are known. */
  table(id: string): LinkTable | null {
    return this.#models.get(id)?.table ?? null;
  }

  /** Why a model could not be linked, or null. */
  errorOf(id: string): unknown {
    return this.#models.get(id)?.error ?? null;
  }

  /** Places at a position over all models, the innermost first. */
  at(file: string, line: number, column?: number): IndexedPlace[] {
    return this.#collect((lines) => lines.at(file, line, column));
  }

  /** Places of a file over all models, from the top. */
  inFile(file: string): IndexedPlace[] {
    return this.#collect((lines) => lines.inFile(file));
  }

  #collect(ask: (lines: LineTable) => readonly LinkedPlace[]): IndexedPlace[] {
    const found: IndexedPlace[] = [];
    for (const [model, { lines }] of this.#models) {
      if (lines !== null) for (const place of ask(lines)) found.push({ ...place, model });
    }
    return found;
  }
}

/** Whether a file's change can change links: it was used, what was searched for is, or was, in it, or an answer changed. */
function touches(
  { files, patterns, questions }: Uses,
  file: string,
  texts: readonly (string | null)[],
): boolean {
  return (
    files.has(file) ||
    patterns.some((pattern) => texts.some((text) => text !== null && pattern.test(text))) ||
    questions.some(({ ask, answer }) => ask() !== answer)
  );
}
