/** Where one looks: world to screen and back. Lengths on the screen are CSS pixels; a camera is a value, never changed in place. */

export interface Camera {
  /** Screen position of the world's origin. */
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export const zoomLimits = { least: 0.002, most: 6 } as const;

export function toWorld(camera: Camera, x: number, y: number): { x: number; y: number } {
  return { x: (x - camera.x) / camera.zoom, y: (y - camera.y) / camera.zoom };
}

/** The part of the world a view of this size shows. */
export function visible(camera: Camera, width: number, height: number): Rect {
  const { x, y } = toWorld(camera, 0, 0);
  return { x, y, w: width / camera.zoom, h: height / camera.zoom };
}

/** Zooms by a factor around a point of the screen, which stays where it is. */
export function zoomAt(camera: Camera, factor: number, x: number, y: number): Camera {
  const zoom = Math.min(zoomLimits.most, Math.max(zoomLimits.least, camera.zoom * factor));
  const scale = zoom / camera.zoom;
  return { zoom, x: x - (x - camera.x) * scale, y: y - (y - camera.y) * scale };
}

/** Shows a rectangle of the world whole, centred, never larger than `most`. */
export function fit(rect: Rect, width: number, height: number, margin = 24, most = 1): Camera {
  const zoom = Math.max(
    zoomLimits.least,
    Math.min(most, (width - 2 * margin) / Math.max(1, rect.w), (height - 2 * margin) / Math.max(1, rect.h)),
  );
  return {
    zoom,
    x: (width - rect.w * zoom) / 2 - rect.x * zoom,
    y: (height - rect.h * zoom) / 2 - rect.y * zoom,
  };
}

/** The first look: all of it where that stays readable, else its whole width from the top. */
export function firstLook(rect: Rect, width: number, height: number): Camera {
  const whole = fit(rect, width, height);
  if (whole.zoom >= 0.6) return whole;
  const zoom = Math.max(0.35, Math.min(1, (width - 48) / Math.max(1, rect.w)));
  return { zoom, x: (width - rect.w * zoom) / 2 - rect.x * zoom, y: 24 - rect.y * zoom };
}

/**
 * The least move that brings a rectangle into view, out from under what covers the view at its edges (`covers`, in pixels of
 * the screen); zooms in only where its text could not be read.
 */
export function reveal(
  camera: Camera,
  rect: Rect,
  width: number,
  height: number,
  covers: readonly Rect[] = [],
  readable = 0.5,
): Camera {
  const next = camera.zoom < readable ? zoomAt(camera, 0.9 / camera.zoom, width / 2, height / 2) : camera;
  const seen = shiftInto(next, rect, { x: 0, y: 0, w: width, h: height }, 40);
  const at = onScreen(seen, rect);
  const free = uncovered(covers, width, height);
  const margin = 12;
  if (at.w > free.w - 2 * margin || at.h > free.h - 2 * margin) return seen;
  return covers.some((cover) => meet(at, cover)) ? shiftInto(next, rect, free, margin) : seen;
}

/** Moves a camera by the least so that a rectangle of the world lies in an area of the screen. */
function shiftInto(camera: Camera, rect: Rect, area: Rect, margin: number): Camera {
  const { x, y, w, h } = onScreen(camera, rect);
  const shift = (from: number, length: number, start: number, size: number): number => {
    const first = start + margin;
    const last = start + size - margin;
    if (length > size - 2 * margin || from < first) return first - from;
    return from + length > last ? last - from - length : 0;
  };
  return {
    zoom: camera.zoom,
    x: camera.x + shift(x, w, area.x, area.w),
    y: camera.y + shift(y, h, area.y, area.h),
  };
}

function onScreen({ x, y, zoom }: Camera, rect: Rect): Rect {
  return { x: rect.x * zoom + x, y: rect.y * zoom + y, w: rect.w * zoom, h: rect.h * zoom };
}

function meet(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/** What is left of a view, taking from each cover the side on which it costs least; all of it where too little is left. */
function uncovered(covers: readonly Rect[], width: number, height: number): Rect {
  const inset = { left: 0, top: 0, right: 0, bottom: 0 };
  for (const { x, y, w, h } of covers) {
    const costs = [
      ['left', x + w, width],
      ['top', y + h, height],
      ['right', width - x, width],
      ['bottom', height - y, height],
    ] as const;
    const [side, cost] = costs.reduce((least, other) =>
      other[1] / other[2] < least[1] / least[2] ? other : least,
    );
    inset[side] = Math.max(inset[side], cost);
  }
  const { left, top, right, bottom } = inset;
  const [w, h] = [width - left - right, height - top - bottom];
  return { x: w < 160 ? 0 : left, y: h < 100 ? 0 : top, w: w < 160 ? width : w, h: h < 100 ? height : h };
}

/** A camera on the way from one to another, `t` from 0 to 1: the zoom changes evenly to the eye. */
export function between(from: Camera, to: Camera, t: number): Camera {
  if (t >= 1) return to;
  const zoom = from.zoom * Math.pow(to.zoom / from.zoom, t);
  return { zoom, x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t };
}
