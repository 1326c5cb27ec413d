/**
 * The layout of a model's graph: give it what is open, get boxes and lines. Keeps what it has arranged, so that opening
 * one module arranges only that one, places it, and shifts what stands around it. Pure: no screen, no clock.
 */
import type { GraphModel } from '../contract/graphModel';
import type { LayoutRequest, LayoutResult } from '../contract/layout';
import { Assembler } from './assemble';
import { i32 } from './arrays';
import { Cutter, drawnGraph } from './container';
import { frameWidth, nodeSize, scopeSize, type Size } from './metrics';
import { makePanel, placePanel, wishIn, type Panel, type PlacedPanel, type ShapeSource } from './panel';
import type { Arrangement } from './part';
import { foldNothing, foldPlumbing } from './plumbing';
import { foldRepeats, type Repeats } from './repeats';
import { scopeTree, type ScopeTree } from './scopeTree';
import { tagBudgets } from './tags';
import { ContentCache } from './templates';

/** Called between pieces of work; throws to stop. */
export type Checkpoint = () => void;

/** A scope with more beside it, and scopes with more in them, are arranged without a look at their neighbours. */
const mostNeighbours = 64;
const mostInside = 300;

export class GraphLayout {
  readonly #model: GraphModel;
  #structure: Structure | undefined;

  constructor(model: GraphModel) {
    this.#model = model;
  }

  layout(request: LayoutRequest, checkpoint: Checkpoint = () => undefined): LayoutResult {
    const key = `${request.foldPlumbing ? 'p' : ''}${request.foldRepeats ? 'r' : ''}${[...(request.repeatShown ?? [])].join(';')}`;
    if (this.#structure?.key !== key) this.#structure = new Structure(this.#model, request, key);
    return this.#structure.layout(request, checkpoint);
  }

  /** What the last layout found: for lists beside the drawing. */
  get structure(): Structure | undefined {
    return this.#structure;
  }
}

/** The drawn graph under one choice of folding. */
export class Structure implements ShapeSource {
  readonly key: string;
  readonly tree: ScopeTree;
  readonly repeats: Repeats | undefined;
  readonly #model: GraphModel;
  readonly #cutter: Cutter;
  readonly #budgets: Int32Array;
  readonly #panels = new Map<number, Panel>();
  readonly #arrangements = new ContentCache<Arrangement>();
  readonly #placed = new Map<number, PlacedPanel>();
  readonly #nodeSizes: (Size | undefined)[] = [];
  readonly #scopeSizes: (Size | undefined)[] = [];
  readonly #assembler = new Assembler((scope) =>
    this.repeats === undefined ? 1 : i32(this.repeats.repeat, scope),
  );
  #open: ReadonlySet<number> = new Set();
  #checkpoint: Checkpoint = () => undefined;

  constructor(model: GraphModel, request: LayoutRequest, key: string) {
    this.key = key;
    this.#model = model;
    const folding = request.foldPlumbing ? foldPlumbing(model) : foldNothing(model);
    let tree = scopeTree(model, folding.hidden);
    let { edges } = folding;
    if (request.foldRepeats) {
      this.repeats = foldRepeats(model, tree, folding, request.repeatShown);
      tree = scopeTree(model, this.repeats.hidden);
      edges = this.repeats.edges;
    }
    this.tree = tree;
    this.#budgets = tagBudgets(model, tree, edges);
    this.#cutter = new Cutter(drawnGraph(tree, edges, model.nodes.count), model.values.count);
  }

  /** Boxes in which a cycle had to be broken, as node rows or -1 - scope rows, of every scope opened so far. */
  get cycles(): readonly number[] {
    return [...this.#panels.values()].flatMap((panel) => panel.cycles);
  }

  /** True when the scope has a box of its own that can be opened. */
  canOpen(scope: number): boolean {
    return scope > 0 && i32(this.tree.kidStart, scope) < i32(this.tree.kidStart, scope + 1);
  }

  layout(request: LayoutRequest, checkpoint: Checkpoint): LayoutResult {
    this.#checkpoint = checkpoint;
    const open = this.#openScopes(request.expanded);
    this.#forget(open);
    this.#open = open;
    // Outside first: the order inside a scope follows the order around it.
    for (const scope of open) this.#panel(scope);
    const root = this.#place(0);
    const { anchor } = request;
    const spot = anchor === undefined ? undefined : this.#spotOf(anchor.scope, root);
    const shift =
      anchor === undefined || spot === undefined
        ? { x: 0, y: 0 }
        : { x: anchor.x - spot.x, y: anchor.y - spot.y };
    return this.#assembler.assemble(root, shift, checkpoint);
  }

  size(ref: number): Size {
    const sizes = ref < 0 ? this.#scopeSizes : this.#nodeSizes;
    return (sizes[ref < 0 ? -1 - ref : ref] ??= this.#sizeOf(ref));
  }

  #sizeOf(ref: number): Size {
    const model = this.#model;
    if (ref < 0)
      return scopeSize(model, -1 - ref, this.repeats === undefined ? 1 : i32(this.repeats.repeat, -1 - ref));
    const scope = i32(this.tree.stands, ref);
    return nodeSize(model, ref, scope < 0 ? null : (model.strings[i32(model.scopes.name, scope)] ?? ''));
  }

  inside(scope: number): PlacedPanel | undefined {
    return this.#open.has(scope) ? this.#place(scope) : undefined;
  }

  /** The root and every wanted scope whose ancestors are wanted too, parents first. */
  #openScopes(expanded: LayoutRequest['expanded']): Set<number> {
    const { scopes } = this.#model;
    const open = new Set<number>([0]);
    const rows = expanded === 'all' ? undefined : [...expanded].sort((a, b) => a - b);
    const consider = (scope: number): void => {
      if (scope < scopes.count && this.canOpen(scope) && open.has(i32(scopes.parent, scope))) open.add(scope);
    };
    if (rows === undefined) for (let scope = 1; scope < scopes.count; scope++) consider(scope);
    else rows.forEach(consider);
    return open;
  }

  /** Drops the coordinates of every scope whose own or inner state changes, up to the root. */
  #forget(open: ReadonlySet<number>): void {
    const drop = (scope: number): void => {
      for (let at = scope; at >= 0 && this.#placed.has(at); at = i32(this.#model.scopes.parent, at))
        this.#placed.delete(at);
    };
    const parentOf = (scope: number): number => i32(this.#model.scopes.parent, scope);
    for (const scope of open) {
      if (scope > 0 && !this.#open.has(scope)) {
        this.#placed.delete(scope);
        drop(parentOf(scope));
      }
    }
    for (const scope of this.#open) {
      if (scope > 0 && !open.has(scope)) {
        this.#placed.delete(scope);
        drop(parentOf(scope));
      }
    }
  }

  #panel(scope: number): Panel {
    const known = this.#panels.get(scope);
    if (known !== undefined) return known;
    this.#checkpoint();
    const parent = scope === 0 ? undefined : this.#panel(i32(this.#model.scopes.parent, scope));
    const box = parent?.boxOf.get(scope) ?? -1;
    const wish =
      parent === undefined
        ? (): number => Number.NaN
        : wishIn(parent, box, {
            decides: (other) => parent.ref.length <= mostNeighbours && this.#kids(other) <= mostInside,
            panel: (other) => this.#panel(other),
          });
    const panel = makePanel(
      this.#cutter.cut(scope),
      wish,
      i32(this.#budgets, scope),
      this.#arrangements,
      this.#checkpoint,
    );
    this.#panels.set(scope, panel);
    return panel;
  }

  #kids(scope: number): number {
    return i32(this.tree.kidStart, scope + 1) - i32(this.tree.kidStart, scope);
  }

  #place(scope: number): PlacedPanel {
    const known = this.#placed.get(scope);
    if (known !== undefined) return known;
    this.#checkpoint();
    const repeat = this.repeats === undefined ? 1 : i32(this.repeats.repeat, scope);
    const panel = this.#panel(scope);
    const entered = panel.entries.size > 0;
    const header = scope === 0 ? -1 : frameWidth(this.#model, scope, repeat, entered);
    const placed = placePanel(panel, this, header);
    this.#placed.set(scope, placed);
    return placed;
  }

  /** Top left corner of a scope's box when the root stands at 0, 0; the root's corner where it is not drawn. */
  #spotOf(scope: number, root: PlacedPanel): { x: number; y: number } {
    const path: number[] = [];
    for (let at = scope; at > 0; at = i32(this.#model.scopes.parent, at)) path.unshift(at);
    let x = 0;
    let y = 0;
    let placed: PlacedPanel | undefined = root;
    for (const at of path) {
      const box: number = placed?.panel.boxOf.get(at) ?? -1;
      if (placed === undefined || box < 0) break;
      const piece = i32(placed.panel.pieceOf, box);
      const local = i32(placed.panel.localOf, box);
      const part = placed.parts[piece];
      const spot = placed.spots[piece];
      if (part === undefined || spot === undefined) break;
      x += placed.left + spot.x + (part.x[local] ?? 0) - (part.shapes.w[local] ?? 0) / 2;
      y += placed.top + spot.y + (part.boxTop[local] ?? 0);
      placed = placed.open.get(box);
    }
    return { x, y };
  }
}
