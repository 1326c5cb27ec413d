/**
 * The two colour scales, read from the theme: `patchclamp.heat0` … `heat5` for magnitude, `patchclamp.negative` and
 * `patchclamp.positive` around the editor's background for sign. Figures draw through a table of 256 colours and never
 * name a colour themselves.
 */

export type Rgb = readonly [number, number, number];

export interface Ramps {
  /** 256 × rgb. */
  readonly sequential: Uint8ClampedArray;
  readonly diverging: Uint8ClampedArray;
}

let cached: Ramps | undefined;
const listeners = new Set<() => void>();
let observer: MutationObserver | undefined;

/** The theme's scales; read once per theme. */
export function ramps(): Ramps {
  cached ??= readRamps();
  return cached;
}

/** Calls back when the theme changes; returns what stops it. */
export function onThemeChange(listener: () => void): () => void {
  observer ??= watchTheme();
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** CSS for a place on a scale, 0 … 1. */
export function colorAt(table: Uint8ClampedArray, place: number): string {
  const at = 3 * Math.round(255 * Math.min(1, Math.max(0, place)));
  return `rgb(${String(table[at] ?? 0)} ${String(table[at + 1] ?? 0)} ${String(table[at + 2] ?? 0)})`;
}

/** A table of 256 colours through the stops, evenly spaced. */
export function interpolate(stops: readonly Rgb[]): Uint8ClampedArray {
  const table = new Uint8ClampedArray(256 * 3);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (stops.length - 1);
    const low = Math.min(stops.length - 2, Math.floor(place));
    const from = stops[low] ?? stops[0] ?? [0, 0, 0];
    const to = stops[low + 1] ?? from;
    for (let c = 0; c < 3; c++)
      table[3 * i + c] = (from[c] ?? 0) + ((to[c] ?? 0) - (from[c] ?? 0)) * (place - low);
  }
  return table;
}

/** `#rgb`, `#rrggbb`, `#rrggbbaa`, `rgb(…)`: what VS Code writes into its variables. */
export function parseColor(text: string): Rgb | undefined {
  const hex = /^#([0-9a-f]{3,8})$/i.exec(text.trim())?.[1];
  if (hex !== undefined) {
    const wide = hex.length < 6 ? hex.replace(/./g, '$&$&') : hex;
    return [0, 2, 4].map((at) => Number.parseInt(wide.slice(at, at + 2), 16)) as unknown as Rgb;
  }
  const parts = /^rgba?\(([^)]+)\)$/i
    .exec(text.trim())?.[1]
    ?.split(/[\s,/]+/)
    .map(Number);
  const [r, g, b] = parts ?? [];
  return r === undefined || g === undefined || b === undefined ? undefined : [r, g, b];
}

function readRamps(): Ramps {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): Rgb =>
    parseColor(style.getPropertyValue(`--vscode-${name}`)) ?? [128, 128, 128];
  const middle = read('editor-background');
  return {
    sequential: interpolate([0, 1, 2, 3, 4, 5].map((i) => read(`patchclamp-heat${String(i)}`))),
    diverging: interpolate([read('patchclamp-negative'), middle, read('patchclamp-positive')]),
  };
}

/** VS Code changes the body's class and the root's style when the theme changes. */
function watchTheme(): MutationObserver {
  const created = new MutationObserver(() => {
    cached = undefined;
    for (const listener of [...listeners]) listener();
  });
  created.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
  created.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  return created;
}
