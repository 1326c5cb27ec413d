/**
 * The texts of a box: what, where, in which weight and tone, cut with an ellipsis to the room there is. Pure but for the
 * measuring function it is given. Long names are cut before they are measured.
 */
import type { Rect } from './camera';
import { Style, type Scene } from './scene';

export const Font = {
  Regular: 0,
  Strong: 1,
} as const;
export type Font = (typeof Font)[keyof typeof Font];

export interface TextRun {
  readonly text: string;
  /** World position of the baseline's start. */
  readonly x: number;
  readonly y: number;
  /** World pixels. */
  readonly size: number;
  readonly font: Font;
  readonly muted: boolean;
}

/** Width of a text in ems. */
export type Measure = (text: string, font: Font) => number;

const longest = 80;

/** Cuts a text to `room` pixels at `size`; '' when not even one character fits. */
export function ellipsize(text: string, room: number, size: number, font: Font, measure: Measure): string {
  const whole = text.length > longest ? text.slice(0, longest) : text;
  if (whole === text && measure(whole, font) * size <= room) return whole;
  let low = 0;
  let high = whole.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (measure(`${whole.slice(0, middle)}…`, font) * size <= room) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? '' : `${whole.slice(0, low)}…`;
}

/** Calls back with each text of a box. */
export function textsOf(scene: Scene, box: number, measure: Measure, put: (run: TextRun) => void): void {
  const rect = scene.rect(box);
  const style = scene.style(box);
  tags(scene, box, rect, measure, put);
  switch (style) {
    case Style.Frame:
      header(scene, box, rect, measure, put);
      return;
    case Style.Panel:
    case Style.Leaf:
      panel(scene, box, rect, style, measure, put);
      return;
    default:
      pill(scene, box, rect, style, measure, put);
  }
}

/** Tensors that reach this box without a line: an arrow and the name of what makes them, above its right corner. */
function tags(scene: Scene, box: number, rect: Rect, measure: Measure, put: (run: TextRun) => void): void {
  const edges = scene.tagsAt(box);
  if (edges.length === 0) return;
  const { from } = scene.result.edges;
  const names = [...new Set(edges.map((edge) => scene.label(from[edge] ?? 0).title))];
  const more = names.length > 2 ? ` +${String(names.length - 2)}` : '';
  const text = ellipsize(
    `↳ ${names.slice(0, 2).join(', ')}${more}`,
    Math.max(48, rect.w),
    9,
    Font.Regular,
    measure,
  );
  put({ text, x: rect.x + rect.w / 2 + 6, y: rect.y - 4, size: 9, font: Font.Regular, muted: true });
}

function pill(
  scene: Scene,
  box: number,
  rect: Rect,
  style: Style,
  measure: Measure,
  put: (run: TextRun) => void,
): void {
  const { title, facts } = scene.label(box);
  const font =
    style === Style.Work || style === Style.Input || style === Style.Output ? Font.Strong : Font.Regular;
  // Fonts differ: before a name is cut, it takes some of its margins.
  const fits = measure(title.slice(0, longest), font) * 12 <= rect.w - 14;
  const room = rect.w - (fits ? 14 : 6);
  const first = ellipsize(title, room, 12, font, measure);
  const width = measure(first, font) * 12;
  const rest = facts === '' ? '' : ellipsize(facts, room - width - 6, 11, Font.Regular, measure);
  const total = width + (rest === '' ? 0 : 6 + measure(rest, Font.Regular) * 11);
  const x = rect.x + (rect.w - total) / 2;
  const y = rect.y + rect.h / 2 + 4;
  if (first !== '')
    put({ text: first, x, y, size: 12, font, muted: style === Style.Moving || style === Style.Constant });
  if (rest !== '') put({ text: rest, x: x + width + 6, y, size: 11, font: Font.Regular, muted: true });
}

function panel(
  scene: Scene,
  box: number,
  rect: Rect,
  style: Style,
  measure: Measure,
  put: (run: TextRun) => void,
): void {
  const { title, facts, repeat } = scene.label(box);
  const left = rect.x + 10;
  const room = rect.w - 20;
  const count = repeat > 1 ? `×${String(repeat)}` : '';
  const countWidth = count === '' ? 0 : measure(count, Font.Strong) * 12 + 8;
  const name = ellipsize(title, room - countWidth, 12, Font.Strong, measure);
  const width = measure(name, Font.Strong) * 12;
  const top = rect.y + rect.h / 2 - 4;
  put({ text: name, x: left, y: top, size: 12, font: Font.Strong, muted: false });
  if (count !== '')
    put({
      text: count,
      x: rect.x + rect.w - 10 - countWidth + 8,
      y: top,
      size: 12,
      font: Font.Strong,
      muted: false,
    });
  if (style === Style.Panel) {
    const kind = ellipsize(facts, room - countWidth - width - 8, 11, Font.Regular, measure);
    if (kind !== '')
      put({ text: kind, x: left + width + 8, y: top, size: 11, font: Font.Regular, muted: true });
  }
  const line = ellipsize(style === Style.Panel ? scene.factsOf(box) : facts, room, 11, Font.Regular, measure);
  if (line !== '') put({ text: line, x: left, y: top + 15, size: 11, font: Font.Regular, muted: true });
}

/** Name and class at the top of a frame, in the spaces that the lines entering it leave. */
function header(scene: Scene, box: number, rect: Rect, measure: Measure, put: (run: TextRun) => void): void {
  const { title, facts, repeat } = scene.label(box);
  const y = rect.y + 17;
  const name = repeat > 1 ? `${title} ×${String(repeat)}` : title;
  const right = rect.x + rect.w - 8;
  const lines = scene.portsOf(box);
  const after = place(name, rect.x + 8, 12, Font.Strong, false);
  if (facts !== '' && after < right) place(facts, after + 8, 11, Font.Regular, true);

  function place(text: string, from: number, size: number, font: Font, muted: boolean): number {
    const wish = measure(text, font) * size;
    const { x, room } = widest(from, right, wish, lines);
    const shown = ellipsize(text, room, size, font, measure);
    if (shown.length < 2 && text.length > 1) return right;
    put({ text: shown, x, y, size, font, muted });
    return x + measure(shown, font) * size;
  }
}

const clearance = 5;

/** The first stretch between lines that holds `wish` pixels, else the widest one. */
function widest(
  from: number,
  to: number,
  wish: number,
  lines: ArrayLike<number>,
): { x: number; room: number } {
  let best = { x: from, room: 0 };
  let start = from;
  for (let k = 0; k <= lines.length; k++) {
    const line = k < lines.length ? (lines[k] ?? to) : to + clearance;
    if (line < start - clearance) continue;
    const room = Math.min(to, line - clearance) - start;
    if (room >= wish) return { x: start, room };
    if (room > best.room) best = { x: start, room };
    start = line + clearance;
    if (start >= to) break;
  }
  return best;
}
