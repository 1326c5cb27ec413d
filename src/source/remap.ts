/**
 * Leads a trace's paths, written on another machine, to files of this workspace: by the longest path suffix, checked
 * against the text of every traced line. Where the file has changed since, lines are found again by text and order and
 * marked as moved. A path is only ever compared with the names the workspace listed: nothing a model says is resolved
 * on disk, so a hostile path leads nowhere.
 */
import type { TraceFrame } from './trace';
import type { Sources } from './sources';
import type { Lines } from './python/lines';
import { findCell, isCellPath } from './cells';
import { followLines } from './moved';
import { definitionAt } from './python/outline';

export type FrameHome = 'workspace' | 'library' | 'outside';

export interface MappedLine {
  readonly file: string;
  readonly line: number;
  /** Found again on another line, or in a file that changed elsewhere. */
  readonly moved: boolean;
  /**
   * Every traced line of the file agrees with it today: by its text, or where the trace has none by the function it
   * stands in.
   */
  readonly checked: boolean;
}

interface MappedFile {
  readonly home: FrameHome;
  readonly file: string | null;
  /** Every traced line of this file still reads as the trace says. */
  readonly unchanged: boolean;
  /** Every line traced without its text lies in the function the trace names. */
  readonly standing: boolean;
  readonly lines: ReadonlyMap<number, number>;
}

const LIBRARY =
  /(?:^|[\\/])(?:(?:site|dist)-packages|lib[\\/]python\d[\d.]*|python\d+[\\/]lib)[\\/](?!.*[\\/](?:site|dist)-packages[\\/])(.*)$/i;
/** PyTorch names some files of its own by the package alone. */
const OWN_FILES = /^torch\//;

interface Candidate {
  readonly file: string;
  /** Trailing parts that agree. */
  readonly suffix: number;
}

interface Scored extends Candidate {
  readonly lines: Lines;
  /** Traced lines that still read the same. */
  readonly agreed: number;
}

/** Suffix parts beyond this prove nothing more. */
const DEPTH = 64;

/** Maps every trace path of one model. Built once for a model; cheap to ask. */
export class PathMap {
  readonly #files = new Map<string, MappedFile>();
  /** Frames without a text, each once, by the path they name. */
  readonly #bare = new Map<string, Map<string, TraceFrame>>();

  constructor(
    private readonly sources: Sources,
    frames: Iterable<TraceFrame>,
  ) {
    const byFile = new Map<string, Map<number, string | null>>();
    for (const frame of frames) {
      const lines = byFile.get(frame.file) ?? new Map<number, string | null>();
      byFile.set(frame.file, lines);
      if (frame.text === null) {
        const bare = this.#bare.get(frame.file) ?? new Map<string, TraceFrame>();
        this.#bare.set(frame.file, bare.set(`${String(frame.line)} ${frame.func}`, frame));
      }
      if (lines.get(frame.line) === undefined || lines.get(frame.line) === null)
        lines.set(frame.line, frame.text);
    }
    for (const [file, lines] of byFile) this.#files.set(file, this.#map(file, lines));
  }

  /** Whether a traced path is the person's own, a library's, or somewhere else. */
  home(frame: TraceFrame): FrameHome {
    return this.#files.get(frame.file)?.home ?? 'outside';
  }

  /** Where a traced line is now, or null when it is not in the workspace or cannot be found again. */
  line(frame: TraceFrame): MappedLine | null {
    const mapped = this.#files.get(frame.file);
    if (mapped === undefined || mapped.file === null) return null;
    const line = mapped.lines.get(frame.line);
    if (line === undefined) return null;
    const bare = frame.text === null;
    if (bare && !mapped.standing) return null;
    return {
      file: mapped.file,
      line,
      moved: !mapped.unchanged && !bare,
      checked: mapped.unchanged && mapped.standing,
    };
  }

  /** The workspace file a traced path leads to, or null. */
  fileOf(path: string): string | null {
    return this.#files.get(path)?.file ?? null;
  }

  #map(path: string, traced: ReadonlyMap<number, string | null>): MappedFile {
    const library = LIBRARY.exec(path);
    const home: FrameHome = library === null && !OWN_FILES.test(path) ? 'outside' : 'library';
    if (isCellPath(path)) return this.#cell(traced);
    const candidates = this.#candidates(path, library?.[1] ?? null);
    const nothing: MappedFile = { home, file: null, unchanged: false, standing: false, lines: new Map() };
    if (candidates.length === 0) return nothing;
    const score = (list: readonly Candidate[]): Scored[] =>
      list.flatMap(({ file, suffix }) => {
        const lines = this.sources.lines(file);
        return lines === undefined ? [] : [{ file, suffix, lines, agreed: agreement(lines, traced) }];
      });
    const longest = Math.max(...candidates.map((entry) => entry.suffix));
    // Files that fit less well are looked at only when the text speaks against the best.
    const likeliest = candidates.filter((entry) => entry.suffix === longest);
    let best = score(likeliest);
    if (best.length < likeliest.length && likeliest.some(({ file }) => this.sources.peek(file) === undefined))
      return nothing;
    if (best.every((entry) => entry.agreed === 0)) {
      const all = score(candidates);
      if (all.some((entry) => entry.agreed > 0)) best = all;
    }
    const most = Math.max(0, ...best.map((entry) => entry.agreed));
    if (best.length > 1) best = best.filter((entry) => entry.agreed === most);
    const [chosen, rival] = best;
    if (chosen === undefined) return nothing;
    const texts = [...traced.values()].filter((text) => text !== null).length;
    // Two files that both fit equally well: the trace does not say which, so neither is claimed.
    if (rival !== undefined && texts > 0) return nothing;
    if (rival !== undefined || (texts > 0 && chosen.agreed === 0 && !foundAnywhere(chosen.lines, traced)))
      return nothing;
    const unchanged = chosen.agreed === texts;
    const lines = unchanged
      ? new Map([...traced.keys()].map((line) => [line, line]))
      : followLines(chosen.lines, traced);
    return { home: 'workspace', file: chosen.file, unchanged, standing: this.#stands(path, chosen), lines };
  }

  /** Code that ran in a notebook: never unchanged, for the file the trace names is the kernel's. */
  #cell(traced: ReadonlyMap<number, string | null>): MappedFile {
    const found = findCell(this.sources, traced);
    return {
      home: found === null ? 'outside' : 'workspace',
      file: found?.file ?? null,
      unchanged: false,
      standing: false,
      lines: found?.lines ?? new Map(),
    };
  }

  /** Whether each line traced without its text still lies in the function the trace names. */
  #stands(path: string, { file, lines }: Scored): boolean {
    const bare = this.#bare.get(path);
    if (bare === undefined) return true;
    const outline = this.sources.outline(file);
    if (outline === undefined) return false;
    return [...bare.values()].every(({ line, func }) => {
      if (line > lines.count) return false;
      const text = lines.textOf(line);
      const definition = definitionAt(outline, lines.startOf(line) + text.length - text.trimStart().length);
      if (func.startsWith('<')) return func !== '<module>' || definition === undefined;
      return text.trim() !== '' && definition?.node.name === func;
    });
  }

  /** Workspace files that share the path's last name, with how many trailing parts agree. */
  #candidates(path: string, withinLibrary: string | null): Candidate[] {
    const parts = path.split(/[\\/]+/).filter((part) => part !== '');
    const base = parts.at(-1);
    if (base === undefined) return [];
    const needed = withinLibrary === null ? 1 : withinLibrary.split(/[\\/]+/).length;
    return this.sources
      .named(base)
      .map((file) => ({ file, suffix: commonSuffix(parts, file.split('/')) }))
      .filter(({ suffix }) => suffix >= needed);
  }
}

function commonSuffix(a: readonly string[], b: readonly string[]): number {
  let count = 0;
  while (count < DEPTH && count < a.length && count < b.length && a.at(-1 - count) === b.at(-1 - count))
    count++;
  return count;
}

/** How many traced lines still read the same at the same place. */
function agreement(lines: Lines, traced: ReadonlyMap<number, string | null>): number {
  let agreed = 0;
  for (const [line, text] of traced) if (text !== null && lines.textOf(line).trim() === text) agreed++;
  return agreed;
}

function foundAnywhere(lines: Lines, traced: ReadonlyMap<number, string | null>): boolean {
  const texts = new Set([...traced.values()].filter((text) => text !== null));
  for (let line = 1; line <= lines.count; line++) if (texts.has(lines.textOf(line).trim())) return true;
  return false;
}
