/**
 * What an export changed against the file before it, in short: nodes added, removed and changed by module and operator,
 * parameters of another shape. Counts, not a matching of graphs. Pure.
 */
import type { GraphModel } from '../contract/graphModel';
import { NodeKind } from '../contract/graphModel';
import type { Skeleton } from '../contract/skeleton';
import { formatShape } from '../tensor/shape';

export interface Exported {
  readonly skeleton: Skeleton;
  readonly graph: GraphModel;
}

export interface DiffRow {
  /** Module path, '' for the model itself. */
  readonly scope: string;
  readonly op: string;
  readonly added: number;
  readonly removed: number;
  /** Nodes whose facts (kernel, stride, weight shape) differ. */
  readonly changed: number;
}

export interface ExportDiff {
  readonly rows: readonly DiffRow[];
  readonly parameters: readonly { readonly name: string; readonly before: string; readonly after: string }[];
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

interface Group {
  readonly scope: string;
  readonly op: string;
  readonly facts: Map<string, number>;
}

export function exportDiff(before: Exported, after: Exported): ExportDiff {
  const [old, now] = [groupsOf(before.graph), groupsOf(after.graph)];
  const rows: DiffRow[] = [];
  for (const [key, { scope, op }] of new Map([...old, ...now])) {
    const [was, is] = [old.get(key)?.facts, now.get(key)?.facts];
    const gone = surplus(was, is);
    const come = surplus(is, was);
    const changed = Math.min(gone, come);
    if (gone + come > 0) rows.push({ scope, op, added: come - changed, removed: gone - changed, changed });
  }
  const total = (part: 'added' | 'removed' | 'changed'): number =>
    rows.reduce((sum, row) => sum + row[part], 0);
  return {
    rows: rows.sort((a, b) => compare(a.scope, b.scope) || compare(a.op, b.op)),
    parameters: parametersOf(before.skeleton, after.skeleton),
    added: total('added'),
    removed: total('removed'),
    changed: total('changed'),
  };
}

/** True where nothing that this summary counts differs. */
export function isSame({ rows, parameters }: ExportDiff): boolean {
  return rows.length === 0 && parameters.length === 0;
}

/** Operators by module and kind; `Constant` nodes come and go with folding and are left out. */
function groupsOf({ nodes, scopes, strings }: GraphModel): Map<string, Group> {
  const groups = new Map<string, Group>();
  const textAt = (index: number | undefined): string => (index === undefined ? '' : (strings[index] ?? ''));
  for (let row = 0; row < nodes.count; row++) {
    if (nodes.kind[row] !== NodeKind.Operator) continue;
    const scope = textAt(scopes.path[nodes.scope[row] ?? 0]);
    const op = textAt(nodes.op[row]);
    const key = `${scope}\n${op}`;
    const group = groups.get(key) ?? { scope, op, facts: new Map<string, number>() };
    groups.set(key, group);
    const fact = textAt(nodes.detail[row]);
    group.facts.set(fact, (group.facts.get(fact) ?? 0) + 1);
  }
  return groups;
}

/** How many of `of` are not in `than`. */
function surplus(of: Group['facts'] | undefined, than: Group['facts'] | undefined): number {
  let count = 0;
  for (const [fact, times] of of ?? []) count += Math.max(0, times - (than?.get(fact) ?? 0));
  return count;
}

/** Parameters of another shape, and those with a module's name that came or went. */
function parametersOf(before: Skeleton, after: Skeleton): ExportDiff['parameters'] {
  const [old, now] = [before.graph.initializers, after.graph.initializers];
  const names = [...new Set([...old.keys(), ...now.keys()])].sort(compare);
  return names.flatMap((name) => {
    const [was, is] = [old.get(name), now.get(name)];
    const texts = [was, is].map((ref) => (ref === undefined ? '' : formatShape(ref.dims)));
    const [from = '', to = ''] = texts;
    const unnamed = !name.includes('.') && (was === undefined || is === undefined);
    return from === to || unnamed ? [] : [{ name, before: from, after: to }];
  });
}

/**
 * The model that a first export stands beside: `net.onnx` of `net.export.onnx` or `net.export2.onnx`, the names an export
 * takes so as not to replace it. Undefined for any other name.
 */
export function besideName(target: string): string | undefined {
  const base = /^(.+)\.export\d*\.onnx$/.exec(target)?.[1];
  return base === undefined ? undefined : `${base}.onnx`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The whole difference as plain text, for a read-only document. */
export function diffText(title: string, diff: ExportDiff): string {
  const lines = [title, ''];
  const width = Math.max(6, ...diff.rows.map(({ scope }) => scope.length)) + 2;
  const ops = Math.max(8, ...diff.rows.map(({ op }) => op.length)) + 2;
  if (diff.rows.length === 0) lines.push('The same operators in the same modules.');
  else {
    lines.push(`${'module'.padEnd(width)}${'operator'.padEnd(ops)}added removed changed`);
    for (const { scope, op, added, removed, changed } of diff.rows) {
      const counts = [added, removed, changed].map((count) => (count === 0 ? '·' : String(count)));
      lines.push(
        `${(scope === '' ? '(model)' : scope).padEnd(width)}${op.padEnd(ops)}` +
          `${(counts[0] ?? '').padStart(5)} ${(counts[1] ?? '').padStart(7)} ${(counts[2] ?? '').padStart(7)}`,
      );
    }
  }
  lines.push('');
  if (diff.parameters.length === 0) lines.push('Every parameter has the shape it had.');
  else {
    const longest = Math.max(9, ...diff.parameters.map(({ name }) => name.length)) + 2;
    lines.push(`${'parameter'.padEnd(longest)}before → now`);
    for (const { name, before, after } of diff.parameters)
      lines.push(
        `${name.padEnd(longest)}${before === '' ? 'new' : before} → ${after === '' ? 'gone' : after}`,
      );
  }
  lines.push('', 'The numbers in the parameters were not compared.');
  return `${lines.join('\n')}\n`;
}
