/**
 * Which links are drawn straight down. Each item is aligned with at most one item above and one below, no two aligned
 * links cross, and the more a line matters the earlier it is chosen: the spine, a tensor's own chain, simple chains,
 * then the middle one of several.
 */
import { i32, u8 } from './arrays';
import type { Order } from './inversions';
import type { Layers } from './layers';

/** Per item: the link (row in the layers' links) that is straight below it, or -1. */
export interface Alignment {
  readonly below: Int32Array;
  readonly above: Int32Array;
}

const Tier = {
  Spine: 0,
  Chain: 1,
  Simple: 2,
  Middle: 3,
  Direct: 4,
  MiddleLong: 5,
  Long: 6,
} as const;
type Tier = (typeof Tier)[keyof typeof Tier];
const tiers = 7;

/** `loose`: only the spine and each tensor's own chain; where more would lead aside like a staircase. */
export function align(layers: Layers, order: Order, spine: Int32Array, loose = false): Alignment {
  const { items, rankCount } = layers;
  const below = new Int32Array(items).fill(-1);
  const above = new Int32Array(items).fill(-1);
  const tier = tierOfLinks(layers, order);
  for (const link of spine) tier[link] = Tier.Spine;
  let widest = 0;
  for (let rank = 0; rank < rankCount; rank++)
    widest = Math.max(widest, i32(order.start, rank + 1) - i32(order.start, rank));
  const rightOf = new Int32Array(widest + 1);
  for (let rank = 0; rank + 1 < rankCount; rank++) {
    for (let level = 0; level < (loose ? Tier.Simple : tiers); level++)
      chooseInGap(layers, order, rank, level, tier, below, above, rightOf);
  }
  return { below, above };
}

/** Left to right through the upper rank; what is chosen must lie between what was chosen before on either side. */
function chooseInGap(
  layers: Layers,
  order: Order,
  rank: number,
  level: number,
  tier: Uint8Array,
  below: Int32Array,
  above: Int32Array,
  rightOf: Int32Array,
): void {
  const { down, lower } = layers;
  const { start, items, place } = order;
  const from = i32(start, rank);
  const to = i32(start, rank + 1);
  let bound = 0x7fffffff;
  for (let at = to - 1; at >= from; at--) {
    rightOf[at - from] = bound;
    const chosen = i32(below, i32(items, at));
    if (chosen >= 0) bound = i32(place, i32(lower, chosen));
  }
  let left = -1;
  for (let at = from; at < to; at++) {
    const item = i32(items, at);
    const chosen = i32(below, item);
    if (chosen >= 0) {
      left = i32(place, i32(lower, chosen));
      continue;
    }
    for (let k = i32(down.start, item); k < i32(down.start, item + 1); k++) {
      const link = i32(down.rows, k);
      if (u8(tier, link) !== level) continue;
      const end = i32(lower, link);
      const at2 = i32(place, end);
      if (i32(above, end) >= 0 || at2 <= left || at2 >= i32(rightOf, at - from)) continue;
      below[item] = link;
      above[end] = link;
      left = at2;
      break;
    }
  }
}

function tierOfLinks(layers: Layers, order: Order): Uint8Array {
  const { links, upper, lower, firstDummy, down, up } = layers;
  const tier = new Uint8Array(links);
  const middleBelow = middles(layers, order, true);
  const middleAbove = middles(layers, order, false);
  for (let link = 0; link < links; link++) {
    const a = i32(upper, link);
    const b = i32(lower, link);
    if (a >= firstDummy && b >= firstDummy) {
      tier[link] = Tier.Chain;
      continue;
    }
    const long = a >= firstDummy || b >= firstDummy;
    const single =
      i32(down.start, a + 1) - i32(down.start, a) === 1 && i32(up.start, b + 1) - i32(up.start, b) === 1;
    const middle = i32(middleBelow, a) === link && i32(middleAbove, b) === link;
    if (single && !long) tier[link] = Tier.Simple;
    else if (long) tier[link] = middle ? Tier.MiddleLong : Tier.Long;
    else tier[link] = middle ? Tier.Middle : Tier.Direct;
  }
  return tier;
}

/** Per item: the link to the middle one of its neighbours below (or above); of two, the left one. */
function middles(layers: Layers, order: Order, below: boolean): Int32Array {
  const { items, down, up, lower, upper } = layers;
  const groups = below ? down : up;
  const ends = below ? lower : upper;
  const middle = new Int32Array(items).fill(-1);
  const list: number[] = [];
  for (let item = 0; item < items; item++) {
    list.length = 0;
    for (let k = i32(groups.start, item); k < i32(groups.start, item + 1); k++)
      list.push(i32(groups.rows, k));
    if (list.length > 1) list.sort((a, b) => i32(order.place, i32(ends, a)) - i32(order.place, i32(ends, b)));
    middle[item] = list.length === 0 ? -1 : (list[(list.length - 1) >> 1] as number);
  }
  return middle;
}
