/** What the pointer is over, and the tooltip that comes when it rests. */
import { toWorld } from './camera';
import { boxFacts, edgeFacts, type FactLines } from './facts';
import type { Scene } from './scene';
import type { Stage } from './stage';

export type Tip = FactLines & { readonly x: number; readonly y: number };

/** Milliseconds the pointer rests before a tooltip comes. */
const rest = 350;

export class Tips {
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `show` is called with the tooltip, or null when it goes. */
  constructor(private readonly show: (tip: Tip | null) => void) {}

  /** The pointer moved (to x, y on the screen) over `box`. */
  move(
    scene: Scene,
    stage: Stage,
    at: { readonly x: number; readonly y: number },
    box: number,
    words: Readonly<Record<string, string>>,
    typeOf: (value: number) => string,
  ): void {
    this.hide();
    this.#timer = setTimeout(() => {
      const world = toWorld(stage.camera, at.x, at.y);
      const overSpace = box < 0 || scene.isFrame(box);
      const edge = overSpace ? scene.edgeAt(world.x, world.y, 5 / stage.camera.zoom) : -1;
      if (edge >= 0) this.show({ ...edgeFacts(scene, edge, words, typeOf), ...at });
      else if (!overSpace) this.show({ ...boxFacts(scene, box, words, typeOf), ...at });
    }, rest);
  }

  hide(): void {
    clearTimeout(this.#timer);
    this.show(null);
  }
}
