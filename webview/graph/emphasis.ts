/**
 * What stands out in the drawing: the selection with its edges, what the pointer is over, what the source lights, what a
 * trace reached, what a search found, what an overlay colours.
 */
import type { Bookmark } from '../../src/contract/hostApi';
import type { BoxColors } from './look';
import { byBox, colorsOf, type FixedScale, type GraphOverlay } from './overlay';
import type { Scene } from './scene';
import type { Searching } from './searching';
import { boxOfRef, refOf } from './selecting';
import type { Shown } from './stage';
import { edgesAt, trace } from './tracing';

const none: ReadonlySet<number> = new Set();

export class Emphasis {
  /** The selected node row, or -1 - scope row. */
  ref: number | null = null;
  hovered = -1;
  #scene: Scene | undefined;
  #strong: readonly number[] = [];
  #traced: ReadonlySet<number> = none;
  #lit: ReadonlySet<number> = none;
  #held: ReadonlySet<number> = none;
  #marked: ReadonlySet<number> = none;
  #colors: BoxColors | null = null;

  get selected(): number {
    return this.#scene === undefined ? -1 : boxOfRef(this.#scene, this.ref);
  }

  use(scene: Scene): void {
    this.#scene = scene;
    this.hovered = -1;
    this.select(this.ref);
  }

  select(ref: number | null): void {
    this.ref = ref;
    this.#traced = none;
    this.#strong = this.#scene === undefined || this.selected < 0 ? [] : edgesAt(this.#scene, this.selected);
  }

  /** Lights the boxes of these node ids. */
  light(ids: readonly number[]): void {
    this.#lit = this.#boxesOf(ids);
  }

  /** Marks the boxes of these node ids as intervened on. */
  hold(ids: readonly number[]): void {
    this.#held = this.#boxesOf(ids);
  }

  /** Marks the boxes of bookmarks; one inside a closed module marks the module. */
  mark(bookmarks: readonly Bookmark[]): void {
    const scene = this.#scene;
    if (scene === undefined) return;
    const refs = bookmarks.map(({ selection }) => refOf(scene.model, selection));
    this.#marked = new Set(refs.map((ref) => boxOfRef(scene, ref)).filter((box) => box >= 0));
  }

  color(overlay: GraphOverlay | null, fixed: FixedScale | null): void {
    const scene = this.#scene;
    if (overlay === null || scene === undefined) this.#colors = null;
    else this.#colors = colorsOf(byBox(scene, overlay), fixed === null ? overlay : { ...overlay, ...fixed });
  }

  /** Marks everything up- or downstream of the selection; gives how many boxes that are. */
  trace(downstream: boolean): number {
    const scene = this.#scene;
    if (scene === undefined || this.selected < 0) return 0;
    const found = trace(scene, this.selected, downstream);
    this.#strong = found.edges;
    this.#traced = found.boxes;
    return found.boxes.size - 1;
  }

  #boxesOf(ids: readonly number[]): ReadonlySet<number> {
    const scene = this.#scene;
    if (scene === undefined || ids.length === 0) return none;
    const wanted = new Set(ids);
    const boxes = new Set<number>();
    scene.model.nodes.id.forEach((id, node) => {
      if (wanted.has(id)) boxes.add(scene.boxOfNode(node));
    });
    boxes.delete(-1);
    return boxes;
  }

  shown(searching: Searching): Shown | undefined {
    const scene = this.#scene;
    if (scene === undefined) return undefined;
    return {
      scene,
      selected: this.selected,
      hovered: this.hovered,
      strong: this.#strong,
      lit: this.#traced.size > 0 ? this.#traced : this.#lit,
      held: this.#held,
      marked: this.#marked,
      matches: searching.boxes(scene),
      colors: this.#colors,
    };
  }
}
