/**
 * From placed panels to the result: absolute boxes, and one line per tensor and reader, stitched through every frame it
 * crosses. Each panel is drawn once and kept as a fragment for as long as it stands as it does.
 */
import { BoxKind, type LayoutResult } from '../contract/layout';
import { f64, i32 } from './arrays';
import { Drawing } from './drawing';
import { joinBoxes, joinLines, Lines, toResult, type Boxes, type Child, type Fragment } from './fragment';
import { Line } from './line';
import type { PlacedPanel } from './panel';

/** Panels nested deeper than this are drawn anew whenever something around them changes. */
const deepest = 12;

type Floats = [Float64Array, Float64Array, Float64Array, Float64Array];

/** Keeps the fragments of panels that stand as they stood. */
export class Assembler {
  readonly #known = new WeakMap<PlacedPanel, Fragment>();
  readonly #lines = new Lines();
  readonly #ways = new Lines();
  readonly #line = new Line();

  /** `repeatOf`: how many equal scopes a scope's box stands for; always the same for the same scope. */
  constructor(private readonly repeatOf: (scope: number) => number) {}

  assemble(
    root: PlacedPanel,
    shift: { readonly x: number; readonly y: number },
    checkpoint: () => void,
  ): LayoutResult {
    this.#make(root, checkpoint);
    // The whole is given away: it is never kept.
    const children = this.#children(root);
    const own = this.#boxes(root);
    this.#drawing(root, own, children).connect();
    return toResult(own, children, this.#lines, root, shift);
  }

  /** Everything open in `root`, children before their parents, without recursion: modules may be nested a thousand deep. */
  #make(root: PlacedPanel, checkpoint: () => void): void {
    const order: { readonly placed: PlacedPanel; readonly depth: number }[] = [];
    const stack = [{ placed: root, depth: 0 }];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      order.push(next);
      const depth = next.depth + 1;
      for (const placed of next.placed.open.values())
        if (!this.#known.has(placed)) stack.push({ placed, depth });
    }
    for (const { placed, depth } of order.reverse()) {
      if (placed === root) break;
      checkpoint();
      this.#known.set(placed, this.#draw(placed));
      // Each holds all that is below: very deep nests would hold everything a thousand times.
      if (depth >= deepest) for (const child of placed.open.values()) this.#known.delete(child);
    }
  }

  #draw(placed: PlacedPanel): Fragment {
    const children = this.#children(placed);
    const own = this.#boxes(placed);
    const drawing = this.#drawing(placed, own, children);
    drawing.connect();
    const edges = joinLines(own, children, this.#lines);
    return { ...joinBoxes(own, children), ...edges, enters: drawing.enters(), leaves: drawing.leaves() };
  }

  #drawing(placed: PlacedPanel, own: Boxes, children: readonly Child[]): Drawing {
    this.#lines.clear();
    return new Drawing(placed, own, children, { lines: this.#lines, ways: this.#ways, line: this.#line });
  }

  /** Open children, the last one first, with the rows they take behind the panel's own. */
  #children({ panel, open }: PlacedPanel): Child[] {
    let base = panel.ref.length;
    return [...open].reverse().map(([box, placed]) => {
      const fragment = this.#known.get(placed);
      if (fragment === undefined) throw new Error('Broken invariant: what is open is drawn first.');
      const child: Child = { box, base, ports: placed.ports, fragment };
      base += fragment.count;
      return child;
    });
  }

  /** A panel's own boxes. */
  #boxes({ panel, parts, spots, left, top, open }: PlacedPanel): Boxes {
    const count = panel.ref.length;
    const kind = new Uint8Array(count);
    const ref = new Int32Array(count);
    const repeat = new Int32Array(count);
    const [x, y, w, h] = [0, 1, 2, 3].map(() => new Float64Array(count)) as Floats;
    for (let box = 0; box < count; box++) {
      const part = parts[i32(panel.pieceOf, box)];
      const spot = spots[i32(panel.pieceOf, box)];
      const local = i32(panel.localOf, box);
      const row = i32(panel.ref, box);
      kind[box] = row >= 0 ? BoxKind.Node : open.has(box) ? BoxKind.Frame : BoxKind.Scope;
      ref[box] = row >= 0 ? row : -1 - row;
      repeat[box] = row >= 0 ? 1 : this.repeatOf(-1 - row);
      if (part === undefined || spot === undefined) continue;
      const width = f64(part.shapes.w, local);
      x[box] = left + spot.x + f64(part.x, local) - width / 2;
      y[box] = top + spot.y + f64(part.boxTop, local);
      w[box] = width;
      h[box] = f64(part.shapes.h, local);
    }
    const parent = new Int32Array(count).fill(-1);
    return { count, kind, ref, parent, repeat, x, y, w, h };
  }
}
