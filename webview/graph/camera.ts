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

/** The least move that brings a rectangle into view; zooms in only where its text could not be read. */
export function reveal(camera: Camera, rect: Rect, width: number, height: number, readable = 0.5): Camera {
  const margin = 40;
  let next = camera;
  if (next.zoom < readable) next = zoomAt(next, 0.9 / next.zoom, width / 2, height / 2);
  const left = rect.x * next.zoom + next.x;
  const top = rect.y * next.zoom + next.y;
  const right = left + rect.w * next.zoom;
  const bottom = top + rect.h * next.zoom;
  const shift = (from: number, to: number, size: number): number => {
    if (to - from > size - 2 * margin) return margin - from;
    if (from < margin) return margin - from;
    return to > size - margin ? size - margin - to : 0;
  };
  return { zoom: next.zoom, x: next.x + shift(left, right, width), y: next.y + shift(top, bottom, height) };
}

/** A camera on the way from one to another, `t` from 0 to 1: the zoom changes evenly to the eye. */
export function between(from: Camera, to: Camera, t: number): Camera {
  if (t >= 1) return to;
  const zoom = from.zoom * Math.pow(to.zoom / from.zoom, t);
  return { zoom, x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t };
}
