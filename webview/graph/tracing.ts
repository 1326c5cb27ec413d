/** Everything up- or downstream of a box, as boxes and as the edges that lead there. Pure. */
import type { Scene } from './scene';

export interface Trace {
  readonly boxes: ReadonlySet<number>;
  readonly edges: readonly number[];
}

/** Follows edges from a box; a frame counts as everything in it. */
export function trace(scene: Scene, box: number, downstream: boolean): Trace {
  const { edges } = scene.result;
  const groups = downstream ? scene.outOf : scene.into;
  const ends = downstream ? edges.to : edges.from;
  const reached = new Set<number>(within(scene, box));
  const followed: number[] = [];
  const queue = [...reached];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (let k = groups.start[next] ?? 0; k < (groups.start[next + 1] ?? 0); k++) {
      const edge = groups.rows[k] ?? 0;
      followed.push(edge);
      const end = ends[edge] ?? 0;
      if (reached.has(end)) continue;
      reached.add(end);
      queue.push(end);
    }
  }
  return { boxes: reached, edges: followed };
}

/** The edges that touch a box; for a frame those that cross its border. */
export function edgesAt(scene: Scene, box: number): number[] {
  const inside = new Set(within(scene, box));
  const list: number[] = [];
  for (const [groups, ends] of [
    [scene.outOf, scene.result.edges.to],
    [scene.into, scene.result.edges.from],
  ] as const) {
    for (const one of inside) {
      for (let k = groups.start[one] ?? 0; k < (groups.start[one + 1] ?? 0); k++) {
        const edge = groups.rows[k] ?? 0;
        if (!inside.has(ends[edge] ?? -1)) list.push(edge);
      }
    }
  }
  return list;
}

/** A box and, for a frame, all boxes in it. */
function within(scene: Scene, box: number): number[] {
  const { boxes } = scene.result;
  const list = [box];
  if (!scene.isFrame(box)) return list;
  const inside = new Set(list);
  for (let other = 0; other < boxes.count; other++) {
    if (!inside.has(boxes.parent[other] ?? -1)) continue;
    inside.add(other);
    list.push(other);
  }
  return list;
}
