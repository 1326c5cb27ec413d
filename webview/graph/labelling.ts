/**
 * Which texts a frame shows and where, in CSS pixels of the screen: everything readable up close; from further away only
 * the names of modules, at a size that stays readable, shallow ones first and never on top of each other.
 */
import { paintOf } from './boxPaint';
import { visible, type Camera, type Rect } from './camera';
import type { Look } from './look';
import { Style, type Scene } from './scene';
import { ellipsize, Font, textsOf, type Measure } from './textRuns';
import type { Rgba } from './theme';

export interface PlacedText {
  readonly text: string;
  readonly font: Font;
  /** Baseline start and font size, CSS pixels of the screen. */
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly ink: Rgba;
}

/** Text of boxes is drawn while it is at least this large on the screen. */
const leastText = 5.5;
/** Size of names that stay readable from afar. */
const afar = 11;
/** A name that is cut keeps at least this many characters, its ellipsis among them. */
const leastCut = 5;

export function label(look: Look, measure: Measure): PlacedText[] {
  const { scene, camera } = look;
  const texts: PlacedText[] = [];
  const view = visible(camera, look.width, look.height);
  const near = 11 * camera.zoom >= leastText;
  const frames = scene.frames.filter((frame) => meets(scene.rect(frame), view));
  for (const box of look.marked) if (meets(scene.rect(box), view)) texts.push(bookmark(look, box));
  const boxes: number[] = [];
  if (near || scene.result.boxes.count < 20_000) {
    scene.grid.query(view, (box) => {
      if (meets(scene.rect(box), view)) boxes.push(box);
    });
  }
  if (near) {
    for (const list of [frames, boxes]) for (const box of list) close(look, box, measure, texts);
    return texts;
  }
  const taken: Rect[] = [];
  const panels = boxes.filter((box) => scene.style(box) === Style.Panel || scene.style(box) === Style.Leaf);
  const candidates = [...frames, ...panels].sort(
    (a, b) => (scene.depth[a] ?? 0) - (scene.depth[b] ?? 0) || size(scene, b) - size(scene, a),
  );
  for (const box of candidates) {
    if (texts.length > 400) break;
    distant(look, box, measure, taken, texts);
  }
  return texts;
}

/** The signs beside boxes, whatever the texts: bookmarks and standing interventions. */
export function signs(look: Look): PlacedText[] {
  return [
    ...[...look.marked].map((box) => bookmark(look, box)),
    ...[...look.held].map((box) => heldMark(look, box)),
  ];
}

function close(look: Look, box: number, measure: Measure, texts: PlacedText[]): void {
  const { camera, theme } = look;
  const ink = paintOf(look, box).text;
  if (look.held.has(box)) texts.push(heldMark(look, box));
  textsOf(look.scene, box, measure, (run) => {
    texts.push({
      text: run.text,
      font: run.font,
      x: run.x * camera.zoom + camera.x,
      y: run.y * camera.zoom + camera.y,
      size: run.size * camera.zoom,
      ink: run.muted && ink === theme.text ? theme.muted : ink,
    });
  });
}

/** Told by a sign too, not by colour alone: at the box's upper left corner, outside. */
function heldMark({ camera, scene, theme }: Look, box: number): PlacedText {
  const { x, y } = scene.rect(box);
  const size = Math.min(14, 12 * camera.zoom);
  return {
    text: '⊘',
    font: Font.Strong,
    x: x * camera.zoom + camera.x - size - 2,
    y: y * camera.zoom + camera.y + size,
    size,
    ink: theme.held,
  };
}

/** A bookmark is seen from afar too: beside the box's upper right corner, never smaller than can be read. */
function bookmark({ camera, scene, theme }: Look, box: number): PlacedText {
  const { x, y, w } = scene.rect(box);
  const size = Math.max(9, Math.min(14, 12 * camera.zoom));
  return {
    text: '★',
    font: Font.Regular,
    x: (x + w) * camera.zoom + camera.x + 2,
    y: y * camera.zoom + camera.y + size,
    size,
    ink: theme.focus,
  };
}

/** A module's name at a fixed size inside its box, else beside the drawing, where nothing else stands. */
function distant(look: Look, box: number, measure: Measure, taken: Rect[], texts: PlacedText[]): void {
  const { camera, scene, theme } = look;
  const rect = onScreen(camera, scene.rect(box));
  if (rect.h < afar + 2) return;
  const { title, repeat } = scene.label(box);
  const name = repeat > 1 ? `${title} ×${String(repeat)}` : title;
  const inside = measure(name.slice(0, 80), Font.Strong) * afar <= rect.w - 6;
  const outermost = (scene.depth[box] ?? 0) === 0;
  if (!inside && !outermost && rect.w < 30) return;
  const text = ellipsize(
    name,
    inside || !outermost ? Math.min(rect.w - 6, 160) : 160,
    afar,
    Font.Strong,
    measure,
  );
  // A letter or two of a name say nothing.
  if (text.length < 2 || (text !== name && text.length < leastCut)) return;
  // A tall module keeps its name in view while one scrolls through it.
  const top = Math.max(rect.y, Math.min(2, rect.y + rect.h - afar - 4));
  const width = measure(text, Font.Strong) * afar;
  const beside = (scene.bounds.x + scene.bounds.w) * camera.zoom + camera.x + 6;
  const place: Rect = { x: inside || !outermost ? rect.x + 3 : beside, y: top + 1, w: width, h: afar + 2 };
  if (taken.some((other) => meets(other, place))) return;
  taken.push(place);
  const ink = paintOf(look, box).text;
  texts.push({
    text,
    font: Font.Strong,
    x: place.x,
    y: top + afar,
    size: afar,
    ink: ink === theme.muted ? theme.text : ink,
  });
}

function size(scene: Scene, box: number): number {
  const { w, h } = scene.rect(box);
  return w * h;
}

function onScreen({ zoom, x, y }: Camera, rect: Rect): Rect {
  return { x: rect.x * zoom + x, y: rect.y * zoom + y, w: rect.w * zoom, h: rect.h * zoom };
}

function meets(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
