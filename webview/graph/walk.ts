/**
 * Walking the graph by keys: along edges up and down, between neighbours left and right, into and out of modules. Pure.
 */
import { BoxKind } from '../../src/contract/layout';
import type { Scene } from './scene';

export type Step = 'up' | 'down' | 'left' | 'right';

/** The box a step leads to, or -1 where there is none. */
export function walk(scene: Scene, box: number, step: Step): number {
  if (box < 0) return firstBox(scene);
  if (step === 'down') return follow(scene, box, true);
  if (step === 'up') return follow(scene, box, false);
  return beside(scene, box, step === 'right');
}

/** The first box from the top. */
export function firstBox(scene: Scene): number {
  const { boxes } = scene.result;
  let best = -1;
  for (let box = 0; box < boxes.count; box++) {
    if (boxes.parent[box] !== -1) continue;
    if (best < 0 || (boxes.y[box] ?? 0) < (boxes.y[best] ?? 0)) best = box;
  }
  return best;
}

/** The frame around a box, or -1. */
export function outOf(scene: Scene, box: number): number {
  return scene.result.boxes.parent[box] ?? -1;
}

/** Along an edge, the straightest first; a frame leads to what is in it (down) or to what feeds it (up). */
function follow(scene: Scene, box: number, down: boolean): number {
  const { boxes, edges } = scene.result;
  if (boxes.kind[box] === BoxKind.Frame) {
    if (down) return firstInside(scene, box);
    return feeders(scene, box);
  }
  const groups = down ? scene.outOf : scene.into;
  const ends = down ? edges.to : edges.from;
  let best = -1;
  let least = Infinity;
  for (let k = groups.start[box] ?? 0; k < (groups.start[box + 1] ?? 0); k++) {
    const end = ends[groups.rows[k] ?? 0] ?? -1;
    const away =
      Math.abs(centre(scene, end) - centre(scene, box)) +
      Math.abs((boxes.y[end] ?? 0) - (boxes.y[box] ?? 0)) / 4;
    if (away < least) {
      least = away;
      best = end;
    }
  }
  return best;
}

function firstInside(scene: Scene, frame: number): number {
  const { boxes } = scene.result;
  let best = -1;
  for (let box = frame + 1; box < boxes.count; box++) {
    if (boxes.parent[box] === frame && (best < 0 || (boxes.y[box] ?? 0) < (boxes.y[best] ?? 0))) best = box;
  }
  return best;
}

/** What makes the first tensor that enters a frame. */
function feeders(scene: Scene, frame: number): number {
  const { boxes, edges } = scene.result;
  const isInside = (box: number): boolean => {
    for (let at = box; at >= 0; at = boxes.parent[at] ?? -1) if (at === frame) return true;
    return false;
  };
  for (let edge = 0; edge < edges.count; edge++) {
    const from = edges.from[edge] ?? 0;
    if (isInside(edges.to[edge] ?? 0) && !isInside(from)) return from;
  }
  return -1;
}

/** The nearest box of the same frame on that side, nearly level; else the nearest further up or down. */
function beside(scene: Scene, box: number, right: boolean): number {
  const { boxes } = scene.result;
  const parent = boxes.parent[box] ?? -1;
  const x = centre(scene, box);
  const y = (boxes.y[box] ?? 0) + (boxes.h[box] ?? 0) / 2;
  let best = -1;
  let least = Infinity;
  for (let other = 0; other < boxes.count; other++) {
    if (other === box || boxes.parent[other] !== parent) continue;
    const dx = (centre(scene, other) - x) * (right ? 1 : -1);
    if (dx < 1) continue;
    const top = boxes.y[other] ?? 0;
    const dy = Math.max(top - y, 0, y - top - (boxes.h[other] ?? 0));
    const away = dx + dy * 6;
    if (away < least) {
      least = away;
      best = other;
    }
  }
  return best;
}

function centre(scene: Scene, box: number): number {
  return (scene.result.boxes.x[box] ?? 0) + (scene.result.boxes.w[box] ?? 0) / 2;
}
