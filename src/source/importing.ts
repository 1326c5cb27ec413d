/**
 * How a script beside a file imports it: the dotted module and the folders Python must search, from packages, relative
 * imports and the workspace's own absolute imports. Pure over file names and outlines.
 */
import { ModuleFinder } from './interpret/finder';
import type { Stmt } from './python/ast';
import { blocksOf } from './python/outline';
import type { Sources } from './sources';

export interface Importing {
  readonly module: string;
  /** Relative to the file's own folder; without that folder itself, which Python searches for a script anyway. */
  readonly paths: readonly string[];
}

const MOST_FILES = 200;

export function importingOf(sources: Sources, file: string): Importing {
  const folder = partsOf(file);
  const base = baseDepth(sources, file);
  const depths = new Set<string>();
  if (base !== folder.length) depths.add(folder.slice(0, base).join('/'));
  for (const root of rootsUsed(sources, file)) if (root !== folder.join('/')) depths.add(root);
  return {
    module: [...folder.slice(base), nameOf(file)].join('.'),
    paths: [...depths].map((root) => relative(folder, root === '' ? [] : root.split('/'))),
  };
}

/** The dotted module by which another file is imported by such a script. */
export function moduleOf(sources: Sources, file: string): string {
  const folder = partsOf(file);
  const name = nameOf(file);
  const parts = folder.slice(baseDepth(sources, file));
  return (name === '__init__' ? parts : [...parts, name]).join('.');
}

/** How many folders lie above the file's outermost package. */
function baseDepth(sources: Sources, file: string): number {
  const folder = partsOf(file);
  let depth = folder.length;
  while (depth > 0 && sources.has(`${folder.slice(0, depth).join('/')}/__init__.py`)) depth--;
  const levels = importsOf(sources, file).map(({ level }) => level);
  return Math.max(0, Math.min(depth, folder.length - Math.max(0, ...levels)));
}

/** Folders that the absolute imports of a file, and of what it imports, are found from. */
function rootsUsed(sources: Sources, start: string): Set<string> {
  const finder = new ModuleFinder(sources);
  const roots = new Set<string>();
  const seen = new Set([start]);
  for (const file of seen) {
    if (seen.size > MOST_FILES) break;
    for (const { level, module } of importsOf(sources, file)) {
      const found = finder.find(file, level, module);
      if (found === null) continue;
      seen.add(found);
      if (level > 0) continue;
      const tail = module.replaceAll('.', '/');
      const path = found.replace(/(?:\/__init__)?\.py$/, '');
      if (path === tail) roots.add('');
      else if (path.endsWith(`/${tail}`)) roots.add(path.slice(0, -tail.length - 1));
    }
  }
  return roots;
}

interface Import {
  readonly level: number;
  readonly module: string;
}

function importsOf(sources: Sources, file: string): Import[] {
  const found: Import[] = [];
  const visit = (statements: readonly Stmt[]): void => {
    for (const statement of statements) {
      if (statement.kind === 'from') found.push({ level: statement.level, module: statement.module });
      else if (statement.kind === 'import')
        found.push(...statement.modules.map(({ module }) => ({ level: 0, module })));
      else if (statement.kind !== 'function' && statement.kind !== 'class')
        for (const block of blocksOf(statement)) visit(block);
    }
  };
  visit(sources.outline(file)?.body ?? []);
  return found;
}

function relative(from: readonly string[], to: readonly string[]): string {
  let shared = 0;
  while (shared < from.length && shared < to.length && from[shared] === to[shared]) shared++;
  const parts = [...new Array<string>(from.length - shared).fill('..'), ...to.slice(shared)];
  return parts.length === 0 ? '.' : parts.join('/');
}

function partsOf(file: string): string[] {
  return file.split('/').slice(0, -1);
}

function nameOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1).replace(/\.py$/, '');
}
