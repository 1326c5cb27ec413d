/**
 * One connected part of a container with coordinates: where its boxes stand, and where its tensors run between the
 * ranks. Coordinates are local to the part; its top border (entries) is y 0.
 */
import { align, type Alignment } from './align';
import { f64, i32 } from './arrays';
import type { Container } from './container';
import { tagsForSize, type Layers } from './layers';
import { gaps } from './metrics';
import type { Ordered, Surroundings } from './order';
import { rankContainer, type Ranks } from './ranks';
import { straighten, type Extents } from './straighten';
import { orderWithTags } from './tags';
import { ContentCache, wiringOf } from './templates';
import { findSpine } from './spine';

/** What does not depend on which scopes are open: computed once per distinct wiring. */
export interface Arrangement {
  readonly layers: Layers;
  readonly order: Ordered;
  /** Links drawn as one straight line. */
  readonly spine: Int32Array;
  /** What stands straight above what: sizes do not change it. Made when first asked for. */
  readonly alignment: () => Alignment;
  readonly looseAlignment: () => Alignment;
  /** Coordinates by box sizes and ports. */
  readonly geometries: ContentCache<Geometry>;
}

/** A container with its arrangement; containers of equal wiring share it, but for which nodes and values they hold. */
export interface Arranged extends Arrangement {
  readonly container: Container;
}

export interface Geometry {
  /** Centre of every item. */
  readonly x: Float64Array;
  readonly boxTop: Float64Array;
  readonly rankTop: Float64Array;
  readonly rankBottom: Float64Array;
  readonly width: number;
  readonly height: number;
}

/** Sizes and ports of a container's boxes at this moment. */
export interface BoxShapes {
  readonly w: Float64Array;
  readonly h: Float64Array;
  /** Where a value goes into or comes out of a box, from its centre; 0 but for open frames. */
  port(box: number, value: number, out: boolean): number;
}

export interface Part extends Geometry {
  readonly arranged: Arranged;
  readonly shapes: BoxShapes;
}

/** Larger containers get one way of ranking, whatever its crossings. */
const mostTriedTwice = 2000;

/** `budget`: how many edges may become tags. */
export function arrange(
  container: Container,
  around: Surroundings,
  budget: number,
  cache: ContentCache<Arrangement>,
  checkpoint: () => void,
): Arranged {
  const { ints, floats } = wiringOf(container, around, budget);
  const arrangement = cache.get(ints, floats, () => {
    const { layers, order } = rankAndOrder(container, around, budget, checkpoint);
    checkpoint();
    const spine = findSpine(layers);
    const alignment = once(() => align(layers, order, spine));
    const looseAlignment = once(() => align(layers, order, spine, true));
    const geometries = new ContentCache<Geometry>();
    return { layers, order, spine, alignment, looseAlignment, geometries };
  });
  return { ...arrangement, container };
}

/** Boxes with room stand low, or where that makes fewer crossings, high. */
function rankAndOrder(
  container: Container,
  around: Surroundings,
  budget: number,
  checkpoint: () => void,
): ReturnType<typeof orderWithTags> {
  const ordered = (ranks: Ranks): ReturnType<typeof orderWithTags> =>
    orderWithTags(container, ranks, around, budget, tagsForSize(container, ranks), checkpoint);
  const low = ordered(rankContainer(container));
  if (low.order.crossings === 0 || low.layers.items > mostTriedTwice) return low;
  const ranks = rankContainer(container, false);
  if (ranks.rank.every((rank, item) => rank === i32(low.layers.ranks.rank, item))) return low;
  const high = ordered(ranks);
  return high.order.crossings < low.order.crossings ? high : low;
}

export function placePart(arranged: Arranged, shapes: BoxShapes): Part {
  const { layers } = arranged;
  const extents = extentsOf(arranged, shapes);
  const sizes = new Float64Array(2 * shapes.w.length + 2 * layers.links);
  sizes.set(shapes.w);
  sizes.set(shapes.h, shapes.w.length);
  sizes.set(extents.upperPort, 2 * shapes.w.length);
  sizes.set(extents.lowerPort, 2 * shapes.w.length + layers.links);
  const geometry = arranged.geometries.get(new Int32Array(0), sizes, () => place(arranged, shapes, extents));
  return { arranged, shapes, ...geometry };
}

function place(arranged: Arranged, shapes: BoxShapes, extents: Extents): Geometry {
  const { layers, order } = arranged;
  let x = straighten(layers, order, arranged.alignment(), extents);
  let width = widthOf(x, extents);
  if (width > 1.25 * widestRank(arranged, extents)) {
    // Frames that are left elsewhere than they are entered lead further aside with every one: centred, they do not.
    // Straight lines side by side may do so too, one step a rank.
    for (const other of [
      (): Float64Array => straighten(layers, order, arranged.alignment(), withoutPorts(extents)),
      (): Float64Array => straighten(layers, order, arranged.looseAlignment(), withoutPorts(extents)),
    ]) {
      const tried = other();
      const narrower = widthOf(tried, extents);
      if (narrower < 0.8 * width) [x, width] = [tried, narrower];
    }
  }
  const { rankTop, rankBottom, height } = stackRanks(arranged, shapes, x, extents);
  const boxTop = new Float64Array(arranged.container.boxes);
  for (let box = 0; box < boxTop.length; box++) {
    const rank = i32(layers.rank, box);
    const room = f64(rankBottom, rank) - f64(rankTop, rank) - f64(shapes.h, box);
    // Small neighbours are centred on each other; beside a tall frame, reading starts at its top.
    boxTop[box] = f64(rankTop, rank) + (room > 40 ? 0 : Math.floor(room / 2));
  }
  return { x, boxTop, rankTop, rankBottom, width, height };
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function widthOf(x: Float64Array, { half }: Extents): number {
  let width = 0;
  for (let item = 0; item < x.length; item++) width = Math.max(width, f64(x, item) + f64(half, item));
  return width;
}

/** How wide it has to be, whatever the lines. */
function widestRank({ layers, order }: Arranged, extents: Extents): number {
  let widest = 0;
  for (let rank = 0; rank < layers.rankCount; rank++) {
    let width = 0;
    for (let at = i32(order.start, rank); at < i32(order.start, rank + 1); at++) {
      const item = i32(order.items, at);
      width += 2 * f64(extents.half, item);
      if (at > i32(order.start, rank)) width += extents.gap(i32(order.items, at - 1), item);
    }
    widest = Math.max(widest, width);
  }
  return widest;
}

/** As if lines far from the middle of a box were at its middle. */
function withoutPorts(extents: Extents): Extents {
  const near = (port: number): number => (Math.abs(port) > farPort ? 0 : port);
  return { ...extents, upperPort: extents.upperPort.map(near), lowerPort: extents.lowerPort.map(near) };
}

const farPort = 48;

function extentsOf({ layers, container, spine }: Arranged, shapes: BoxShapes): Extents {
  const { items, links, upper, lower, linkNet, firstDummy } = layers;
  const half = new Float64Array(items);
  for (let box = 0; box < container.boxes; box++) half[box] = f64(shapes.w, box) / 2;
  const upperPort = new Float64Array(links);
  const lowerPort = new Float64Array(links);
  const weight = new Float64Array(links);
  for (let link = 0; link < links; link++) {
    const a = i32(upper, link);
    const b = i32(lower, link);
    const value = i32(container.netValue, i32(linkNet, link));
    if (a < container.boxes) upperPort[link] = shapes.port(a, value, true);
    if (b < container.boxes) lowerPort[link] = shapes.port(b, value, false);
    weight[link] = a >= firstDummy && b >= firstDummy ? 1 : 2;
  }
  for (const link of spine) weight[link] = 6;
  const isBox = (item: number): boolean => item < container.boxes;
  return {
    half,
    upperPort,
    lowerPort,
    weight,
    gap: (left, right) => {
      if (isBox(left) && isBox(right)) return gaps.box;
      return isBox(left) || isBox(right) ? gaps.lineToBox : gaps.line;
    },
  };
}

/** Ranks below each other, with more room between them where lines travel far sideways or many run side by side. */
function stackRanks(
  { layers, container, order }: Arranged,
  shapes: BoxShapes,
  x: Float64Array,
  extents: Extents,
): Pick<Geometry, 'rankTop' | 'rankBottom' | 'height'> {
  const { rankCount, links, upper, lower, rank } = layers;
  const travel = new Float64Array(rankCount);
  for (let link = 0; link < links; link++) {
    const a = i32(upper, link);
    const b = i32(lower, link);
    const way = Math.abs(f64(x, a) + f64(extents.upperPort, link) - f64(x, b) - f64(extents.lowerPort, link));
    const r = i32(rank, a);
    travel[r] = Math.max(f64(travel, r), way);
  }
  for (const loop of layers.loops) {
    travel[loop.bottom] = Math.max(f64(travel, loop.bottom), 100);
    if (loop.top > 0) travel[loop.top - 1] = Math.max(f64(travel, loop.top - 1), 100);
  }
  const rankTop = new Float64Array(rankCount);
  const rankBottom = new Float64Array(rankCount);
  let y = 0;
  for (let r = 0; r < rankCount; r++) {
    let tallest = 0;
    for (let at = i32(order.start, r); at < i32(order.start, r + 1); at++) {
      const item = i32(order.items, at);
      if (item < container.boxes) tallest = Math.max(tallest, f64(shapes.h, item));
    }
    rankTop[r] = y;
    y += tallest;
    rankBottom[r] = y;
    if (r + 1 === rankCount) break;
    const border = (r === 0 && container.entries === 0) || (r === rankCount - 2 && container.exits === 0);
    const looped = f64(travel, r) > 0;
    if (border && !looped) continue;
    const slope = Math.min(56, Math.sqrt(f64(travel, r)) * 2.2);
    // Borders of a frame need room only where a line turns.
    const least = r === 0 || r === rankCount - 2 ? gaps.border : gaps.rank;
    y += Math.round(least + Math.max(0, slope - (least - 8)));
  }
  return { rankTop, rankBottom, height: y };
}
