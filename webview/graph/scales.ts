/** Scales that a person fixed, one per overlay: by its title and unit, kept with what is open. */
import type { Legend } from './exportLegend';
import type { FixedScale, GraphOverlay } from './overlay';

/** More than this many are not kept. */
const most = 64;

export class Scales {
  #fixed = new Map<string, FixedScale>();

  /** The scale fixed for an overlay; null where it follows the data. */
  of(overlay: GraphOverlay | null): FixedScale | null {
    return overlay === null ? null : (this.#fixed.get(keyOf(overlay)) ?? null);
  }

  /** What a drawing of these colours takes along. */
  legend(overlay: GraphOverlay | null): Legend | null {
    return overlay === null ? null : { overlay, fixed: this.of(overlay) };
  }

  /** null lets the scale follow the data again. */
  fix(overlay: GraphOverlay, scale: FixedScale | null): void {
    const key = keyOf(overlay);
    this.#fixed.delete(key);
    if (scale !== null) this.#fixed.set(key, scale);
    const [oldest] = this.#fixed.keys();
    if (this.#fixed.size > most && oldest !== undefined) this.#fixed.delete(oldest);
  }

  /** Takes a kept view with what `save` gave as its `scales`; anything else is as if nothing were fixed. */
  load(saved: unknown): void {
    this.#fixed = new Map();
    const scales: unknown = typeof saved === 'object' && saved !== null ? Reflect.get(saved, 'scales') : null;
    if (!Array.isArray(scales)) return;
    for (const entry of scales.slice(0, most) as unknown[]) {
      if (!Array.isArray(entry)) continue;
      const [key, from, to] = entry as unknown[];
      if (typeof key === 'string' && typeof from === 'number' && typeof to === 'number' && from < to)
        this.#fixed.set(key, { from, to });
    }
  }

  save(): readonly (readonly [key: string, from: number, to: number])[] {
    return [...this.#fixed].map(([key, { from, to }]) => [key, from, to] as const);
  }
}

function keyOf({ title, unit }: GraphOverlay): string {
  return `${title}\n${unit}`;
}
