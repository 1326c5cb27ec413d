/**
 * Cells of a sweep by where they start: those that change the same values share a session that begins there, so that a
 * change in a late layer never runs the early ones. Pure.
 */
import type { Graph } from '../../contract/skeleton';
import { producersOf } from '../../onnx/rewrite/cut';
import type { PlannedStep } from './request';

export interface CellGroup {
  /** Values that its cells change. */
  readonly swept: ReadonlySet<string>;
  /** Indices of its cells. */
  readonly cells: readonly number[];
}

/** A group of fewer cells than this joins the next one: a session of its own would cost more than it saves. */
const FEWEST = 4;

/** Groups in the order of the graph. Cells without interventions go with any. */
export function groupCells(graph: Graph, cells: readonly (readonly PlannedStep[])[]): CellGroup[] {
  const producers = producersOf(graph);
  const places = new Map(graph.nodes.map((node, place) => [node, place]));
  const placeOf = (value: string): number => {
    const node = producers.get(value);
    return node === undefined ? -1 : (places.get(node) ?? -1);
  };
  const bySweep = new Map<string, { readonly swept: readonly string[]; readonly cells: number[] }>();
  for (const [index, steps] of cells.entries()) {
    const swept = [...new Set(steps.map(({ step }) => step.value))].sort();
    const key = JSON.stringify(swept);
    const group = bySweep.get(key) ?? { swept, cells: [] };
    group.cells.push(index);
    bySweep.set(key, group);
  }
  const first = ({ swept }: { readonly swept: readonly string[] }): number =>
    swept.length === 0 ? Infinity : Math.min(...swept.map(placeOf));
  const ordered = [...bySweep.values()].sort((a, b) => first(a) - first(b));
  const groups: { swept: Set<string>; cells: number[] }[] = [];
  for (const { swept, cells: indices } of ordered) {
    const last = groups.at(-1);
    if (last !== undefined && last.cells.length < FEWEST) {
      for (const value of swept) last.swept.add(value);
      last.cells.push(...indices);
    } else groups.push({ swept: new Set(swept), cells: [...indices] });
  }
  // What is left over at the end joins the one before it.
  const [before, last] = [groups.at(-2), groups.at(-1)];
  if (before !== undefined && last !== undefined && last.cells.length < FEWEST) {
    for (const value of last.swept) before.swept.add(value);
    before.cells.push(...last.cells);
    groups.pop();
  }
  return groups;
}
