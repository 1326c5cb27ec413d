/**
 * A scope's inside: its parts, arranged once, and the same with coordinates for what is open at the moment.
 * A placed panel is a frame's content: x and y from the frame's top left corner, header and padding included.
 */
import { f64, i32 } from './arrays';
import type { Container } from './container';
import { gaps } from './metrics';
import { arrange, placePart, type Arranged, type Arrangement, type Part } from './part';
import { besideEachOther, pack, split, type Spot } from './parts';
import type { ContentCache } from './templates';

export interface Panel {
  readonly scope: number;
  /** A node row, or -1 - scope row, per box. */
  readonly ref: Int32Array;
  readonly pieces: readonly { readonly arranged: Arranged; readonly boxes: Int32Array }[];
  /** Where a value's net, entry and exit are. */
  readonly nets: ReadonlyMap<number, Place>;
  readonly entries: ReadonlyMap<number, Place>;
  readonly exits: ReadonlyMap<number, Place>;
  /** Row of the box of a child scope. */
  readonly boxOf: ReadonlyMap<number, number>;
  /** Piece and local box of each box. */
  readonly pieceOf: Int32Array;
  readonly localOf: Int32Array;
  /** Scopes in it at which a cycle was broken. */
  readonly cycles: readonly number[];
}

export interface Place {
  readonly piece: number;
  /** A net, or an item of the piece. */
  readonly at: number;
}

export interface PlacedPanel {
  readonly panel: Panel;
  readonly parts: readonly Part[];
  readonly spots: readonly Spot[];
  /** Top left corner of the content. */
  readonly left: number;
  readonly top: number;
  readonly w: number;
  readonly h: number;
  /** Open children by box. */
  readonly open: ReadonlyMap<number, PlacedPanel>;
  /** Where values cross the border, from the left side: entries, exits, and all entries from left to right. */
  readonly entryX: ReadonlyMap<number, number>;
  readonly exitX: ReadonlyMap<number, number>;
  readonly ports: Float64Array;
}

export function makePanel(
  whole: Container,
  wish: (value: number, entering: boolean) => number,
  budget: number,
  cache: ContentCache<Arrangement>,
  checkpoint: () => void,
): Panel {
  const nets = new Map<number, Place>();
  const entries = new Map<number, Place>();
  const exits = new Map<number, Place>();
  const pieceOf = new Int32Array(whole.boxes);
  const localOf = new Int32Array(whole.boxes);
  const cycles: number[] = [];
  const parts = split(whole).map((part) => ({
    ...part,
    around: {
      entries: Float64Array.from(part.container.entryValue, (value) => wish(value, true)),
      exits: Float64Array.from(part.container.exitValue, (value) => wish(value, false)),
    },
  }));
  const pieces = besideEachOther(parts).map(({ container, boxes, around }, piece) => {
    container.netValue.forEach((value, net) => nets.set(value, { piece, at: net }));
    container.entryValue.forEach((value, entry) =>
      entries.set(value, { piece, at: container.boxes + entry }),
    );
    container.exitValue.forEach((value, exit) =>
      exits.set(value, { piece, at: container.boxes + container.entries + exit }),
    );
    boxes.forEach((box, local) => {
      pieceOf[box] = piece;
      localOf[box] = local;
    });
    const arranged = arrange(container, around, budget, cache, checkpoint);
    for (const box of arranged.layers.ranks.cycles) cycles.push(i32(container.ref, box));
    return { arranged, boxes };
  });
  const boxOf = new Map<number, number>();
  whole.ref.forEach((ref, box) => {
    if (ref < 0) boxOf.set(-1 - ref, box);
  });
  return {
    scope: whole.scope,
    ref: whole.ref,
    pieces,
    nets,
    entries,
    exits,
    boxOf,
    pieceOf,
    localOf,
    cycles,
  };
}

/** What is asked of the scopes beside one: whether their panels are looked at, and one of them. */
export interface Neighbours {
  /** Whether what leaves a scope decides in which order it enters the next. */
  decides(scope: number): boolean;
  panel(scope: number): Panel;
}

/**
 * Where the parent's order would like a value to enter (or leave) this child: the place of its other end. Values that
 * lead from one scope to another stand as the one they leave has them, where that is asked.
 */
export function wishIn(
  parent: Panel,
  box: number,
  neighbours: Neighbours,
): (value: number, entering: boolean) => number {
  return (value, entering) => {
    const place = parent.nets.get(value);
    if (place === undefined) return Number.NaN;
    const piece = parent.pieces[place.piece];
    if (piece === undefined) return Number.NaN;
    const { layers, order } = piece.arranged;
    const local = i32(parent.localOf, box);
    const groups = entering ? layers.up : layers.down;
    const ends = entering ? layers.upper : layers.lower;
    let sum = 0;
    let count = 0;
    for (let k = i32(groups.start, local); k < i32(groups.start, local + 1); k++) {
      const link = i32(groups.rows, k);
      if (i32(layers.linkNet, link) !== place.at) continue;
      sum += i32(order.place, i32(ends, link));
      count++;
    }
    if (count === 0) return Number.NaN;
    return sum / count + 0.5 * (besideIn(piece.arranged, place.at, local, entering, neighbours) ?? 0);
  };
}

/** Place of a net among those of the same two scopes, 0 to 1; 0 where the scope it leaves is free to choose. */
function besideIn(
  { container, layers }: Arranged,
  net: number,
  local: number,
  entering: boolean,
  neighbours: Neighbours,
): number | undefined {
  const scopeOf = (item: number): number => (item < container.boxes ? -1 - i32(container.ref, item) : -1);
  const source = i32(container.netSource, net);
  const from = scopeOf(source);
  if (from < 0 || !neighbours.decides(from)) return undefined;
  // One value alone between two scopes has no order to be asked for.
  let beside = false;
  for (let t = i32(container.targetStart, net); t < i32(container.targetStart, net + 1); t++) {
    const to = i32(container.targets, t);
    if (scopeOf(to) < 0) return undefined;
    for (let k = i32(layers.up.start, to); !beside && k < i32(layers.up.start, to + 1); k++) {
      const other = i32(layers.linkNet, i32(layers.up.rows, k));
      beside = other !== net && i32(container.netSource, other) === source;
    }
  }
  if (!beside) return undefined;
  if (!entering) return 0;
  // Against the direction of the graph nobody decides for anybody: a cycle would ask itself.
  if (i32(layers.rank, source) >= i32(layers.rank, local)) return undefined;
  const panel = neighbours.panel(from);
  const exit = panel.exits.get(i32(container.netValue, net));
  const order = exit === undefined ? undefined : panel.pieces[exit.piece]?.arranged.order;
  if (exit === undefined || order === undefined) return undefined;
  return (exit.piece + i32(order.place, exit.at) / order.items.length) / panel.pieces.length;
}

export interface ShapeSource {
  size(ref: number): { readonly w: number; readonly h: number };
  /** The placed inside of an open scope, or undefined. */
  inside(scope: number): PlacedPanel | undefined;
}

/** Coordinates for a panel; `header` is the least width of its title, or -1 for the root, which has no frame. */
export function placePanel(panel: Panel, source: ShapeSource, header: number): PlacedPanel {
  const open = new Map<number, PlacedPanel>();
  const parts = panel.pieces.map(({ arranged, boxes }) => {
    const { container } = arranged;
    const w = new Float64Array(container.boxes);
    const h = new Float64Array(container.boxes);
    const inside: (PlacedPanel | undefined)[] = [];
    for (let box = 0; box < container.boxes; box++) {
      const ref = i32(container.ref, box);
      const child = ref < 0 ? source.inside(-1 - ref) : undefined;
      const size = child ?? source.size(ref);
      w[box] = size.w;
      h[box] = size.h;
      inside.push(child);
      if (child !== undefined) open.set(i32(boxes, box), child);
    }
    return placePart(arranged, {
      w,
      h,
      port: (box, value, out) => {
        const child = inside[box];
        return child === undefined ? 0 : portX(child, value, out) - child.w / 2;
      },
    });
  });
  const packed = pack(
    parts.map(({ width, height, arranged: { container } }) => ({
      width,
      height,
      bordered: container.entries + container.exits > 0,
    })),
  );
  const framed = header >= 0;
  const side = framed ? gaps.frame : 0;
  const w = Math.max(packed.width + 2 * side, header);
  const left = Math.floor((w - packed.width) / 2);
  const top = framed ? gaps.header + (panel.entries.size > 0 ? 0 : 6) : 0;
  const bottom = framed ? gaps.frame - (panel.exits.size > 0 ? 4 : 0) : 0;
  const { spots } = packed;
  const crossing = (places: Panel['entries']): Map<number, number> => {
    const found = new Map<number, number>();
    for (const [value, { piece, at }] of places)
      found.set(value, left + (spots[piece]?.x ?? 0) + f64(parts[piece]?.x ?? NOWHERE, at));
    return found;
  };
  const entryX = crossing(panel.entries);
  return {
    panel,
    parts,
    spots,
    left,
    top,
    w,
    h: packed.height + top + bottom,
    open,
    entryX,
    exitX: crossing(panel.exits),
    ports: Float64Array.from(entryX.values()).sort(),
  };
}

const NOWHERE = new Float64Array(0);

/** Where a value crosses the frame's border, from its left side. */
export function portX(placed: PlacedPanel, value: number, out: boolean): number {
  return (out ? placed.exitX : placed.entryX).get(value) ?? placed.w / 2;
}
