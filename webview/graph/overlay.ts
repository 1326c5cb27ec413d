/** A number per node as colour: from values' numbers to nodes, and to the boxes that are drawn. Pure. */
import { BoxKind } from '../../src/contract/layout';
import type { GraphModel } from '../../src/contract/graphModel';
import type { BoxColors } from './look';
import type { Scene } from './scene';

/** A scale that a person fixed. */
export interface FixedScale {
  readonly from: number;
  readonly to: number;
}

export interface GraphOverlay {
  readonly title: string;
  readonly unit: string;
  readonly signed: boolean;
  /** By row in the model's nodes; NaN where there is none. */
  readonly byNode: Float32Array;
  /** The scale's ends; for a signed overlay the scale is symmetric around 0. */
  readonly from: number;
  readonly to: number;
  /** True when some numbers lie beyond the scale's end. */
  readonly clipped: boolean;
  /** How a closed module sums up what is in it. */
  readonly combine: 'largest' | 'sum' | 'mean';
}

/** The ends of a scale: those a person fixed, else the overlay's own, symmetric around 0 where it is signed. */
export function endsOf({ from, to, signed }: GraphOverlay, fixed: FixedScale | null): FixedScale {
  if (fixed !== null) return fixed;
  const reach = Math.max(Math.abs(from), Math.abs(to));
  return signed ? { from: -reach, to: reach } : { from, to };
}

/** Each node gets the number of the first of its values that has one. */
export function byProducer(model: GraphModel, byValue: Float32Array): Float32Array {
  const byNode = new Float32Array(model.nodes.count).fill(Number.NaN);
  for (let value = model.values.count - 1; value >= 0; value--) {
    const producer = model.values.producer[value] ?? -1;
    const number = byValue[value] ?? Number.NaN;
    if (producer >= 0 && !Number.isNaN(number)) byNode[producer] = number;
  }
  return byNode;
}

/** The number each box shows; NaN where there is none. */
export function byBox(scene: Scene, overlay: GraphOverlay): Float32Array {
  const { boxes } = scene.result;
  const numbers = new Float32Array(boxes.count).fill(Number.NaN);
  const counts = new Float32Array(boxes.count);
  for (let node = 0; node < overlay.byNode.length; node++) {
    const number = overlay.byNode[node] ?? Number.NaN;
    if (Number.isNaN(number)) continue;
    const box = scene.boxOfNode(node);
    if (box < 0 || boxes.kind[box] === BoxKind.Frame) continue;
    const before = numbers[box] ?? Number.NaN;
    const none = Number.isNaN(before);
    if (overlay.combine === 'largest')
      numbers[box] = none || Math.abs(number) > Math.abs(before) ? number : before;
    else numbers[box] = none ? number : before + number;
    counts[box] = (counts[box] ?? 0) + 1;
  }
  if (overlay.combine === 'mean')
    numbers.forEach((number, box) => (numbers[box] = number / Math.max(1, counts[box] ?? 1)));
  return numbers;
}

/** Places on the scale, clamped to its ends. */
export function colorsOf(numbers: Float32Array, overlay: GraphOverlay): BoxColors {
  const { from, to, signed } = overlay;
  const reach = Math.max(Math.abs(from), Math.abs(to)) || 1;
  const span = to - from || 1;
  const place = numbers.map((number) => {
    if (Number.isNaN(number)) return number;
    const at = signed ? (number / reach + 1) / 2 : (number - from) / span;
    return Math.min(1, Math.max(0, at));
  });
  return { place, signed };
}
