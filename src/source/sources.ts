/**
 * The Python a link may point into: a root that lists and reads files, and a snapshot of it with outlines cached.
 * The linker works on the snapshot alone and is synchronous; a file it wants and has not got is noted, read, and the
 * work is done again. Paths are relative to the root, with '/'. No disk, no editor: those implement `SourceRoot`.
 */
import { throwIfCancelled } from '../base/cancel';
import { Lines } from './python/lines';
import { outlineSteps, readOutline, type Outline } from './python/outline';
import { inSlices } from './slices';

/** Where Python text comes from: a folder, a workspace with unsaved edits, the cells of a notebook. */
export interface SourceRoot {
  /** Every Python file, relative to the root, with '/'. */
  list(signal?: AbortSignal): Promise<readonly string[]>;
  /** A file's text as the person sees it now, or null when it cannot be read. Never asked for a path not listed. */
  read(file: string, signal?: AbortSignal): Promise<string | null>;
}

/** What a piece of work was made from: files, and what it searched all files for. */
export interface Uses {
  readonly files: ReadonlySet<string>;
  readonly patterns: readonly RegExp[];
  /** Questions about all files, with the answers it went by. */
  readonly questions: readonly Question[];
}

export interface Question {
  readonly ask: () => string;
  readonly answer: string;
}

/** Files longer than this, in characters, take long enough to read that it would be noticed. */
const LONG = 100_000;

/** A cached snapshot. `set` and `remove` keep it in step with edits; only what changed is read again. */
export class Sources {
  readonly #files = new Set<string>();
  readonly #texts = new Map<string, string | null>();
  readonly #outlines = new Map<string, Outline>();
  readonly #lines = new Map<string, Lines>();
  readonly #byBase = new Map<string, string[]>();
  readonly #wanted = new Set<string>();
  /** Work is going on that is done again once a wanted file is there. */
  #settling = false;
  #used: {
    readonly files: Set<string>;
    readonly patterns: Map<string, RegExp>;
    readonly questions: Question[];
  } | null = null;

  constructor(files: Iterable<string> = []) {
    for (const file of files) this.#add(file);
  }

  /** Names of all files. */
  get files(): ReadonlySet<string> {
    return this.#files;
  }

  /** Files whose last name is `base`, in listing order. */
  named(base: string): readonly string[] {
    return this.#byBase.get(base) ?? [];
  }

  has(file: string): boolean {
    return this.#files.has(file);
  }

  /** Sets or replaces a file's text. */
  set(file: string, text: string | null): void {
    if (!this.#files.has(file)) this.#add(file);
    if (this.#texts.has(file) && this.#texts.get(file) === text) return;
    this.#texts.set(file, text);
    this.#outlines.delete(file);
    this.#wanted.delete(file);
  }

  remove(file: string): void {
    this.#files.delete(file);
    this.#texts.delete(file);
    this.#outlines.delete(file);
    this.#lines.delete(file);
    const base = baseName(file);
    this.#byBase.set(
      base,
      this.named(base).filter((other) => other !== file),
    );
  }

  /** A file's text, or undefined when it is not there or not read yet (then it is wanted). */
  text(file: string): string | undefined {
    this.#used?.files.add(file);
    const text = this.#texts.get(file);
    if (text === undefined && this.#files.has(file)) this.#wanted.add(file);
    return text ?? undefined;
  }

  /** The lines of a file, without parsing it: enough to check a trace against. */
  lines(file: string): Lines | undefined {
    const known = this.#outlines.get(file)?.lines ?? this.#lines.get(file);
    const text = this.text(file);
    if (text === undefined || known?.text === text) return text === undefined ? undefined : known;
    const lines = new Lines(text);
    this.#lines.set(file, lines);
    return lines;
  }

  /** The outline of a file, or undefined when it is not there or not read yet (then it is wanted). */
  outline(file: string): Outline | undefined {
    this.#used?.files.add(file);
    const known = this.#outlines.get(file);
    if (known !== undefined) return known;
    const text = this.text(file);
    if (text === undefined) return undefined;
    if (this.#settling && text.length >= LONG) {
      this.#wanted.add(file);
      return undefined;
    }
    const outline = readOutline(file, text);
    this.#outlines.set(file, outline);
    return outline;
  }

  /** A file's text when it is at hand; neither wanted nor counted as used. */
  peek(file: string): string | null | undefined {
    return this.#texts.get(file);
  }

  /** Wants every file, for what is searched for in all; none counts as used. */
  wantAll(): void {
    for (const file of this.#files) if (!this.#texts.has(file)) this.#wanted.add(file);
  }

  /** Files whose text matches a pattern without flags; wants all files. Only those count as used, and the pattern does. */
  *mentioning(pattern: RegExp): IterableIterator<string> {
    this.#used?.patterns.set(pattern.source, pattern);
    for (const file of this.#files) {
      const text = this.#texts.get(file);
      if (text === undefined) this.#wanted.add(file);
      else if (text !== null && pattern.test(text)) {
        this.#used?.files.add(file);
        yield file;
      }
    }
  }

  /** Notes from here on what is used. */
  startTracking(): void {
    this.#used = { files: new Set(), patterns: new Map(), questions: [] };
  }

  /** Notes that the work goes by the answer to a question about all files. */
  dependOn(question: Question): void {
    this.#used?.questions.push(question);
  }

  stopTracking(): Uses {
    const used = this.#used;
    this.#used = null;
    return {
      files: used?.files ?? new Set(),
      patterns: [...(used?.patterns.values() ?? [])],
      questions: used?.questions ?? [],
    };
  }

  /** Files whose text is at hand. */
  *readFiles(): IterableIterator<string> {
    for (const [file, text] of this.#texts) if (text !== null) yield file;
  }

  /** Runs `work` until it wants no file that it has not got. */
  async settle<T>(root: SourceRoot, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (;;) {
      this.#wanted.clear();
      // Only the last pass, which had every file, says what was used.
      if (this.#used !== null) this.startTracking();
      this.#settling = true;
      const result = await work().finally(() => (this.#settling = false));
      throwIfCancelled(signal);
      if (this.#wanted.size === 0) return result;
      for (const file of [...this.#wanted]) {
        throwIfCancelled(signal);
        if (this.#texts.has(file)) await this.#readAhead(file, signal);
        else this.set(file, await root.read(file, signal));
      }
    }
  }

  /** Reads a long file's outline in slices, for the next time the work asks for it. */
  async #readAhead(file: string, signal: AbortSignal | undefined): Promise<void> {
    const text = this.#texts.get(file) ?? '';
    const outline = await inSlices(outlineSteps(file, text, true), signal);
    // It may have been edited meanwhile.
    if (this.#texts.get(file) === text) this.#outlines.set(file, outline);
  }

  #add(file: string): void {
    this.#files.add(file);
    const base = baseName(file);
    const list = this.#byBase.get(base);
    if (list === undefined) this.#byBase.set(base, [file]);
    else list.push(file);
  }
}

function baseName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}
