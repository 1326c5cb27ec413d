/** One frame's worth of what a renderer needs. Types only. */
import type { Camera } from './camera';
import type { Scene } from './scene';
import type { GraphTheme } from './theme';

export interface BoxColors {
  /** Place on the scale per box, 0 … 1, NaN where there is no number. */
  readonly place: Float32Array;
  readonly signed: boolean;
}

export interface Look {
  readonly scene: Scene;
  readonly camera: Camera;
  readonly theme: GraphTheme;
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
  readonly selected: number;
  readonly hovered: number;
  /** Edges drawn strongly: those of the selection, or the one under the pointer. */
  readonly strong: readonly number[];
  /** Boxes lit from elsewhere (the source, a result). */
  readonly lit: ReadonlySet<number>;
  /** Boxes with a standing intervention inside. */
  readonly held: ReadonlySet<number>;
  /** Boxes with a bookmark on them or inside. */
  readonly marked: ReadonlySet<number>;
  readonly matches: ReadonlySet<number>;
  readonly colors: BoxColors | null;
}

export interface Renderer {
  readonly kind: 'webgl2' | 'canvas2d';
  /** Draws one frame; cheap enough to call on every move. */
  draw(look: Look): void;
  dispose(): void;
}
