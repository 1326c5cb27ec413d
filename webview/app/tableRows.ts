/** Rows of the node table: which nodes, in which order, with which texts. Pure; the table only draws them. */
import { NodeKind, type GraphModel } from '../../src/contract/graphModel';
import type { NumberColumn } from './columns';

/** A text of the node, or the position of a column of numbers. */
export type SortKey = 'op' | 'name' | 'module' | 'type' | number;

export interface Sorting {
  readonly key: SortKey;
  readonly down: boolean;
}

/** Node rows of a model that are worth a line: everything but folded constants. */
export function allRows(model: GraphModel): Uint32Array {
  const rows: number[] = [];
  for (let node = 0; node < model.nodes.count; node++) {
    if (model.nodes.kind[node] !== NodeKind.Constant) rows.push(node);
  }
  return Uint32Array.from(rows);
}

/** First value each node makes, or -1. */
export function firstValues(model: GraphModel): Int32Array {
  const first = new Int32Array(model.nodes.count).fill(-1);
  for (let value = model.values.count - 1; value >= 0; value--) {
    const producer = model.values.producer[value] ?? -1;
    if (producer >= 0) first[producer] = value;
  }
  return first;
}

export function textOf(
  model: GraphModel,
  first: Int32Array,
  types: readonly string[] | null,
  node: number,
  key: Exclude<SortKey, number>,
): string {
  const string = (index: number | undefined): string => model.strings[index ?? -1] ?? '';
  switch (key) {
    case 'op':
      return string(model.nodes.op[node]);
    case 'name':
      return string(model.nodes.name[node]);
    case 'module':
      return string(model.scopes.path[model.nodes.scope[node] ?? 0]);
    case 'type': {
      const value = first[node] ?? -1;
      const recorded = value < 0 ? '' : (types?.[value] ?? '');
      return recorded !== '' || value < 0 ? recorded : string(model.values.type[value]);
    }
  }
}

/** Sorted as asked; what has no number comes last either way, and equals stay in file order. */
export function sortRows(
  rows: Uint32Array,
  { key, down }: Sorting,
  columns: readonly NumberColumn[],
  text: (node: number, key: Exclude<SortKey, number>) => string,
): Uint32Array {
  const sign = down ? -1 : 1;
  const sorted = rows.slice();
  if (typeof key === 'number') {
    const numbers = columns[key]?.overlay.byNode;
    const at = (node: number): number => numbers?.[node] ?? Number.NaN;
    return sorted.sort((a, b) => {
      const x = at(a);
      const y = at(b);
      if (Number.isNaN(x) || Number.isNaN(y))
        return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
      return (x - y) * sign || a - b;
    });
  }
  // Texts repeat: they are ranked once, and rows compare ranks.
  const texts = new Map<string, number>();
  const mine = new Map<number, string>();
  for (const node of rows) {
    const is = text(node, key);
    mine.set(node, is);
    texts.set(is, 0);
  }
  const { compare } = new Intl.Collator(undefined, { numeric: true });
  [...texts.keys()].sort(compare).forEach((is, rank) => texts.set(is, is === '' ? Infinity : rank * sign));
  const rank = (node: number): number => texts.get(mine.get(node) ?? '') ?? 0;
  return sorted.sort((a, b) => {
    const x = rank(a);
    const y = rank(b);
    return x === y ? a - b : x - y;
  });
}
