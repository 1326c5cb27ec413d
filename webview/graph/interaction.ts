/**
 * What the pointer does to the drawing: a click selects, a second one opens, hovering tells, the other button asks for
 * the menu. Speaks in boxes to the graph's parts, in selections to the page.
 */
import type { Emphasis } from './emphasis';
import type { TypeOf } from './facts';
import type { Navigation } from './navigation';
import type { PointerTarget } from './pointer';
import type { Scene } from './scene';
import { boxOfRef } from './selecting';
import type { Stage } from './stage';
import { Tips, type Tip } from './tips';

export interface InteractionOwner {
  readonly stage: Stage;
  readonly navigation: Navigation;
  readonly emphasis: Emphasis;
  readonly typeOf: TypeOf;
  scene(): Scene | undefined;
  words(): Readonly<Record<string, string>>;
  showTip(tip: Tip | null): void;
  fire(name: 'pc-open' | 'pc-hover' | 'pc-context', detail: object): void;
}

export class Interaction {
  readonly #owner: InteractionOwner;
  readonly #tips: Tips;

  constructor(owner: InteractionOwner) {
    this.#owner = owner;
    this.#tips = new Tips((tip) => owner.showTip(tip));
  }

  target(): PointerTarget {
    const { stage } = this.#owner;
    return {
      camera: () => stage.camera,
      look: (camera) => stage.look(camera),
      click: (x, y) => this.#click(this.#boxAt(x, y)),
      doubleClick: (x, y) => this.activate(this.#boxAt(x, y)),
      hover: (x, y) => this.#hover(x, y),
      leave: () => this.#hover(-1, -1),
      context: (x, y, at) => this.context(this.#boxAt(x, y), at.clientX, at.clientY),
    };
  }

  hideTip(): void {
    this.#tips.hide();
  }

  /** Enter and double click: a module opens or closes, a node is shown in its source. */
  activate(box: number): void {
    const scene = this.#owner.scene();
    if (scene !== undefined && box >= 0) this.open(scene.refOf(box));
  }

  open(ref: number): void {
    const { navigation } = this.#owner;
    const scene = this.#owner.scene();
    if (scene === undefined) return;
    const box = boxOfRef(scene, ref);
    if (box < 0 || scene.refOf(box) !== ref) navigation.goTo(ref, true);
    else if (ref < 0) navigation.toggle(-1 - ref);
    else this.#owner.fire('pc-open', { selection: scene.selectionOf(box) });
  }

  context(box: number, x: number, y: number): void {
    const scene = this.#owner.scene();
    if (scene === undefined) return;
    this.#click(box);
    const selection = box < 0 ? { kind: 'none' } : scene.selectionOf(box);
    this.#owner.fire('pc-context', { selection, x, y });
  }

  #boxAt(x: number, y: number): number {
    const scene = this.#owner.scene();
    return scene === undefined ? -1 : this.#owner.stage.boxAt(scene, x, y);
  }

  #click(box: number): void {
    this.#tips.hide();
    const scene = this.#owner.scene();
    if (scene !== undefined) this.#owner.navigation.select(box < 0 ? null : scene.refOf(box));
  }

  #hover(x: number, y: number): void {
    const { stage, emphasis, typeOf } = this.#owner;
    const scene = this.#owner.scene();
    if (scene === undefined) return;
    const box = x < 0 ? -1 : this.#boxAt(x, y);
    if (x < 0) this.#tips.hide();
    else this.#tips.move(scene, stage, { x, y }, box, this.#owner.words(), typeOf);
    if (box === emphasis.hovered) return;
    emphasis.hovered = box;
    this.#owner.fire('pc-hover', { selection: box < 0 ? { kind: 'none' } : scene.selectionOf(box) });
    stage.schedule();
  }
}
