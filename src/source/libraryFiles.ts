/**
 * Where the file of a traced library frame is on this machine: below the packages of the person's own interpreters, or
 * where the trace says, when a Python environment really is there. What a model names is taken apart into plain names
 * first and never leads out of such a folder. Asked only when a person clicks; nothing is run to answer it.
 */

import type { Node } from '../contract/skeleton';
import { EvidenceReader } from './evidence';

/** What is asked of the disk. Paths are absolute. */
export interface Disk {
  /** The path without links; null where there is none. */
  real(path: string): Promise<string | null>;
  /** Names in a folder; empty where there is none. */
  list(folder: string): Promise<readonly string[]>;
  isFile(path: string): Promise<boolean>;
  /** null where it cannot be read. */
  read(path: string): Promise<string | null>;
  readonly separator: '/' | '\\';
}

export interface LibraryFrame {
  /** As the trace names it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The line's text, trimmed, or null where the trace has none. */
  readonly text: string | null;
}

export interface LibraryPlace {
  /** Absolute, without links. */
  readonly path: string;
  readonly line: number;
  /** `same`: reads as the trace says; `moved`: found again; `unlike`: another version, the traced number of the line. */
  readonly fit: 'same' | 'moved' | 'unlike';
}

const WITHIN =
  /^(.*[\\/](?:(?:site|dist)-packages|lib[\\/]python\d[\d.]*|python\d+[\\/]lib))[\\/](?!.*[\\/](?:site|dist)-packages[\\/])(.*)$/i;
const OWN_FILES = /^torch\//;
const PART = /^[\w][\w.+@-]*$/;
const LONGEST = 1000;
/** What a Python environment has in its folder. */
const SIGNS = ['pyvenv.cfg', 'conda-meta', 'python.exe'];

/** Frames of how PyTorch calls any module say nothing. */
const CALLING = /^_(?:wrapped_)?call_impl$/;
const MOST = 8;

/** Frames of a node's trace that lie in libraries, the innermost first. */
export function libraryFrames(node: Node): LibraryFrame[] {
  const { frames } = new EvidenceReader().read(node);
  const found = frames.filter(({ file, func }) => !CALLING.test(func) && partsInLibrary(file) !== null);
  return found.reverse().slice(0, MOST);
}

/** `torch/nn/modules/linear.py:134`. */
export function frameText({ file, line }: LibraryFrame): string {
  return `${partsInLibrary(file)?.join('/') ?? file}:${String(line)}`;
}

/** An absolute path of this machine to a Python file, in characters that can be seen, with nothing that leads upwards. */
export function isPlainPath(file: string, { separator }: Disk): boolean {
  const windows = separator === '\\';
  const rest = windows ? /^[A-Za-z]:[\\/](.*)$/.exec(file)?.[1] : /^\/(?!\/)(.*)$/.exec(file)?.[1];
  const parts = rest?.split(windows ? /[\\/]/ : '/') ?? [];
  return (
    file.length < 1000 &&
    parts.length > 0 &&
    parts.every((part) => part !== '' && part !== '.' && part !== '..' && /^[^\p{C}:]+$/u.test(part)) &&
    /\.py$/.test(file)
  );
}

/** The file below a library folder, in its parts; null for what is not plainly a Python file in one. */
export function partsInLibrary(file: string): readonly string[] | null {
  if (file.length > LONGEST) return null;
  const inside = OWN_FILES.test(file) ? file : WITHIN.exec(file)?.[2];
  const parts = inside?.split(/[\\/]/) ?? [];
  const plain = parts.length > 0 && parts.every((part) => PART.test(part) && !part.includes('..'));
  return plain && /\.pyi?$/.test(parts.at(-1) ?? '') ? parts : null;
}

/**
 * Library folders of an interpreter, its own packages first, by its path alone.
 * @param python such as `/home/me/.venv/bin/python` or `C:\Python312\python.exe`
 */
export async function libraryFolders(python: string, disk: Disk): Promise<string[]> {
  const folder = parentOf(python);
  const isBin = /[\\/](?:bin|Scripts)$/i.test(folder);
  const prefix = isBin ? parentOf(folder) : folder;
  const own = await foldersBelow(prefix, disk);
  const config = await disk.read(join(disk, prefix, 'pyvenv.cfg'));
  const home = /^\s*home\s*=\s*(.+?)\s*$/m.exec(config ?? '')?.[1];
  if (home === undefined) return own;
  const base = await foldersBelow(/[\\/]bin$/.test(home) ? parentOf(home) : home, disk);
  const shared = /^\s*include-system-site-packages\s*=\s*true\s*$/im.test(config ?? '');
  return [...own, ...base.filter((entry) => shared || !/(?:site|dist)-packages$/.test(entry))];
}

/** Where a frame's file is, the first of `folders` that has it, else the traced place itself; null where it is not. */
export async function findLibraryFrame(
  frame: LibraryFrame,
  folders: readonly string[],
  disk: Disk,
): Promise<LibraryPlace | null> {
  const parts = partsInLibrary(frame.file);
  if (parts === null) return null;
  const traced = await tracedFolder(frame.file, disk);
  const tried = new Set(traced === null ? folders : [...folders, traced]);
  for (const folder of tried) {
    const path = await fileBelow(folder, parts, disk);
    if (path !== null) return lineIn(path, frame, disk);
  }
  return null;
}

async function lineIn(path: string, { line, text }: LibraryFrame, disk: Disk): Promise<LibraryPlace> {
  const lines = (await disk.read(path))?.split(/\r\n|\r|\n/) ?? [];
  if (text === null || lines[line - 1]?.trim() === text) return { path, line, fit: 'same' };
  const found = lines.flatMap((each, i) => (each.trim() === text ? [i + 1] : []));
  const [only] = found;
  return found.length === 1 && only !== undefined
    ? { path, line: only, fit: 'moved' }
    : { path, line: Math.max(1, Math.min(line, lines.length)), fit: 'unlike' };
}

/** A file below a folder, when it still is there once links are followed. */
async function fileBelow(folder: string, parts: readonly string[], disk: Disk): Promise<string | null> {
  const root = await disk.real(folder);
  const path = root === null ? null : await disk.real(join(disk, root, ...parts));
  if (root === null || path === null) return null;
  const below = root.endsWith(disk.separator) ? root : root + disk.separator;
  return path.startsWith(below) && (await disk.isFile(path)) ? path : null;
}

/** The library folder a trace names, when it is one of a Python environment on this machine, and not of another's. */
async function tracedFolder(file: string, disk: Disk): Promise<string | null> {
  const folder = WITHIN.exec(file)?.[1];
  const local = disk.separator === '/' ? /^\/(?!\/)/ : /^[A-Za-z]:[\\/]/;
  if (folder === undefined || !local.test(folder)) return null;
  const parts = folder.split(/[\\/]/).slice(1);
  if (!parts.every((part) => part !== '..' && part !== '.' && /^[^\p{Cc}\p{Cf}:]+$/u.test(part))) return null;
  let prefix = folder;
  for (let up = 0; up < 4; up++) {
    prefix = parentOf(prefix);
    if (prefix === '') return null;
    const names = await disk.list(prefix);
    if (SIGNS.some((sign) => names.includes(sign))) return folder;
    if (names.includes('bin') && (await disk.list(join(disk, prefix, 'bin'))).some(isPython)) return folder;
  }
  return null;
}

async function foldersBelow(prefix: string, disk: Disk): Promise<string[]> {
  const found: string[] = [];
  for (const lib of ['lib', 'Lib', 'lib64']) {
    const base = join(disk, prefix, lib);
    const names = await disk.list(base);
    const versions = names.filter((name) => /^python\d[\d.]*$/.test(name)).sort();
    for (const version of versions)
      for (const packages of ['site-packages', 'dist-packages', ''])
        found.push(packages === '' ? join(disk, base, version) : join(disk, base, version, packages));
    if (names.includes('site-packages')) found.push(join(disk, base, 'site-packages'), base);
  }
  return [
    ...found.filter((entry) => entry.endsWith('-packages')),
    ...found.filter((entry) => !entry.endsWith('-packages')),
  ];
}

function isPython(name: string): boolean {
  return /^python\d?(?:\.\d+)?$/.test(name);
}

function join({ separator }: Disk, ...parts: readonly string[]): string {
  return parts.join(separator).replaceAll(separator + separator, separator);
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'))));
}
