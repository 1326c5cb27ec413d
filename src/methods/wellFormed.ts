/** Whether a method, and what it finds, is what the interface asks for: types do not reach into other people's modules. Pure. */
import type { Figure, FigureKind, Finding, Method } from '../contract/method';

const KINDS: Readonly<Record<FigureKind, true>> = {
  table: true,
  heatmap: true,
  curves: true,
  bars: true,
  scatter: true,
  images: true,
  tokens: true,
  tree: true,
  scalars: true,
};
const PARAMS = new Set(['number', 'integer', 'string', 'site', 'objective', 'sites', 'choice', 'boolean']);

/** What is wrong with it, to stand behind "a method"; undefined where nothing is. */
export function methodProblem(value: unknown): string | undefined {
  if (!isObject(value)) return 'that is no object';
  const { id, title, summary, paper, params, appliesTo, run } = value;
  if (typeof id !== 'string' || !/^[a-z][a-z0-9-]*$/.test(id))
    return 'whose id is not of small letters, digits and hyphens';
  if (typeof title !== 'string' || title === '') return `"${id}" without a title`;
  if (typeof summary !== 'string' || !/\.$/.test(summary))
    return `"${id}" whose summary is no sentence that ends in a full stop`;
  if (
    paper !== null &&
    !(isObject(paper) && typeof paper['title'] === 'string' && typeof paper['url'] === 'string')
  )
    return `"${id}" whose paper is neither null nor a title and a url`;
  if (typeof appliesTo !== 'function' || typeof run !== 'function')
    return `"${id}" without the functions appliesTo and run`;
  if (!Array.isArray(params)) return `"${id}" without a list of params`;
  const odd = (params as readonly unknown[]).findIndex((param) => !isParam(param));
  if (odd >= 0)
    return `"${id}" whose parameter ${String(odd + 1)} lacks a name, type, default or description`;
  return undefined;
}

/** What is wrong with a finding of this method, to stand behind its title; undefined where nothing is. */
export function findingProblem(value: unknown, { id }: Method): string | undefined {
  if (!isObject(value)) return 'is neither progress nor a finding';
  const { method, title, figures, controls, caveats, provenance, overlay } = value as Partial<Finding>;
  if (method !== id) return `names another method, "${String(method)}"`;
  if (typeof title !== 'string' || title === '') return 'has no title';
  if (!isList(figures) || figures.length === 0) return 'has no figure';
  if (!isList(controls) || controls.length === 0) return 'does not say what was controlled for';
  if (!isList(caveats)) return 'has no list of caveats';
  if (!isObject(provenance) || typeof provenance.modelHash !== 'string' || !isObject(provenance.params))
    return 'does not say where it is from: give the context’s provenance with the parameters';
  if (overlay !== null && !(isObject(overlay) && isList(overlay.values)))
    return 'has an overlay that is neither null nor a list of values';
  for (const figure of figures) {
    const problem = figureProblem(figure);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function figureProblem(value: Partial<Figure> | null): string | undefined {
  const { kind, title, columns, rows, control } = value ?? {};
  const name = `the figure "${String(title)}"`;
  if (kind === undefined || !Object.hasOwn(KINDS, kind))
    return `gives ${name} as "${String(kind)}", which is no figure`;
  if (!isList(columns) || !isList(rows)) return `gives ${name} no columns or no rows`;
  if (control === undefined) return `gives ${name} no control: null says that there is none`;
  const all = control === null ? rows : [...rows, ...control.rows];
  const wide = all.every((row) => isList(row) && row.length === columns.length);
  return wide ? undefined : `gives ${name} rows that are not as wide as its columns`;
}

function isParam(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { name, type, description, choices } = value;
  if (typeof name !== 'string' || !/^\w+$/.test(name) || typeof description !== 'string') return false;
  if (typeof type !== 'string' || !PARAMS.has(type) || !('default' in value)) return false;
  return type !== 'choice' || isList(choices);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
