/**
 * The graph as a file: SVG with real text, PNG at twice the size. The whole drawing or what is in view, as it is on the
 * screen but for what the pointer is over; colours take their legend along, below the drawing.
 */
import { paintOf } from './boxPaint';
import type { Rect } from './camera';
import { CanvasRenderer } from './canvasRenderer';
import { legendHeight, legendPieces, type Legend, type LegendPiece } from './exportLegend';
import { signs } from './labelling';
import type { Look } from './look';
import { Font, textsOf, type Measure } from './textRuns';
import { css, type Rgba } from './theme';

const margin = 24;
/** Browsers refuse larger canvases. */
const largestSide = 16_000;
const largestArea = 120_000_000;

/** `measure`: as the viewer's font is; the page's own unless given. */
export function toSvg(
  look: Look,
  area: Rect,
  legend: Legend | null = null,
  measure: Measure = canvasMeasure(look.theme.font),
): string {
  const { scene, theme } = look;
  const view = { x: area.x - margin, y: area.y - margin, w: area.w + 2 * margin, h: area.h + 2 * margin };
  const pieces =
    legend === null ? [] : legendPieces(legend, theme, view.x + margin, view.y + view.h, measure);
  const right = pieces.reduce((most, { x, w }) => Math.max(most, x + w + margin), view.x + view.w);
  const w = right - view.x;
  const h = view.h + (legend === null ? 0 : legendHeight);
  const parts: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${num(w)}" height="${num(h)}" viewBox="${num(view.x)} ${num(view.y)} ${num(w)} ${num(h)}" font-family="${escape(theme.font)}">`,
    `<rect x="${num(view.x)}" y="${num(view.y)}" width="${num(w)}" height="${num(h)}" fill="${css(theme.background)}"/>`,
  ];
  const write = (text: string, x: number, y: number, size: number, color: string, strong: boolean): void => {
    const weight = strong ? ' font-weight="600"' : '';
    parts.push(
      `<text x="${num(x)}" y="${num(y)}" font-size="${num(size)}"${weight} fill="${color}">${escape(text)}</text>`,
    );
  };
  const isFrame = (box: number): boolean => scene.isFrame(box);
  const boxes = Array.from({ length: scene.result.boxes.count }, (_unused, box) => box).filter((box) =>
    meets(scene.rect(box), view),
  );
  const shape = (box: number): void => {
    const { x, y, w, h } = scene.rect(box);
    const { fill, line, lineWidth, radius } = paintOf(look, box);
    if (fill[3] === 0 && lineWidth === 0) return;
    const stroke = lineWidth > 0 ? ` stroke="${css(line)}" stroke-width="${num(lineWidth)}"` : '';
    parts.push(
      `<rect x="${num(x)}" y="${num(y)}" width="${num(w)}" height="${num(h)}" rx="${num(Math.min(radius, h / 2))}" fill="${fill[3] === 0 ? 'none' : css(fill)}"${stroke}/>`,
    );
  };
  boxes.filter(isFrame).forEach(shape);
  parts.push(`<g fill="none" stroke="${css(theme.edge)}">`);
  const { edges } = scene.result;
  for (let edge = 0; edge < edges.count; edge++) {
    if (edges.tag[edge] === 1 || !scene.edgeTouches(edge, view)) continue;
    parts.push(
      `<path d="${pathOf(look, edge)}" stroke-width="${num(scene.lineWidth(edges.value[edge] ?? 0))}"/>`,
    );
  }
  parts.push('</g>');
  parts.push(`<g fill="none" stroke="${css(theme.focus)}" stroke-width="2">`);
  for (const edge of look.strong) {
    if (edges.tag[edge] !== 1 && scene.edgeTouches(edge, view))
      parts.push(`<path d="${pathOf(look, edge)}"/>`);
  }
  parts.push('</g>');
  boxes.filter((box) => !isFrame(box)).forEach(shape);
  for (const box of boxes) {
    const ink: Rgba = paintOf(look, box).text;
    textsOf(scene, box, measure, ({ text, x, y, size, font, muted }) => {
      const color = css(muted && ink === theme.text ? theme.muted : ink);
      write(text, x, y, size, color, font === Font.Strong);
    });
  }
  for (const { text, x, y, size, ink, font } of signs({ ...look, camera: { x: 0, y: 0, zoom: 1 } })) {
    if (meets({ x, y: y - size, w: size, h: size }, view))
      write(text, x, y, size, css(ink), font === Font.Strong);
  }
  // Over whatever the drawing has where the legend stands.
  if (legend !== null)
    parts.push(
      `<rect x="${num(view.x)}" y="${num(view.y + view.h)}" width="${num(w)}" height="${num(legendHeight)}" fill="${css(theme.background)}"/>`,
    );
  for (const { x, y, w: wide, h: high, fill, text } of pieces) {
    if (text === '')
      parts.push(
        `<rect x="${num(x)}" y="${num(y)}" width="${num(wide)}" height="${num(high)}" fill="${css(fill)}"/>`,
      );
    else write(text, x, y + high, high, css(fill), false);
  }
  parts.push('</svg>');
  return parts.join('\n');
}

/** Rejects when the browser cannot make a picture of this size. */
export async function toPng(look: Look, area: Rect, legend: Legend | null = null): Promise<Blob> {
  const drawn = area.h + 2 * margin;
  const pieces =
    legend === null ? [] : legendPieces(legend, look.theme, margin, drawn, canvasMeasure(look.theme.font));
  const width = pieces.reduce((most, { x, w }) => Math.max(most, x + w + margin), area.w + 2 * margin);
  const height = drawn + (legend === null ? 0 : legendHeight);
  const scale = Math.min(
    2,
    largestSide / width,
    largestSide / height,
    Math.sqrt(largestArea / (width * height)),
  );
  const canvas = document.createElement('canvas');
  const renderer = new CanvasRenderer(canvas);
  renderer.draw({
    ...look,
    camera: { x: margin - area.x, y: margin - area.y, zoom: 1 },
    width,
    height,
    ratio: scale,
    hovered: -1,
  });
  renderer.dispose();
  if (legend !== null) paintLegend(canvas, pieces, { ...look, width, ratio: scale }, drawn);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error('The picture is too large for this view. Save it as SVG instead.'));
      else resolve(blob);
    }, 'image/png');
  });
}

/** Over whatever the drawing has where the legend stands. */
function paintLegend(
  canvas: HTMLCanvasElement,
  pieces: readonly LegendPiece[],
  { theme, width, ratio }: Look,
  top: number,
): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = css(theme.background);
  context.fillRect(0, top, width, legendHeight);
  for (const { x, y, w, h, fill, text } of pieces) {
    context.fillStyle = css(fill);
    context.font = `${String(h)}px ${theme.font}`;
    if (text === '') context.fillRect(x, y, w, h);
    else context.fillText(text, x, y + h);
  }
}

/** The SVG path of an edge. */
export function pathOf(look: Pick<Look, 'scene'>, edge: number): string {
  const { points, offset } = look.scene.result.edges;
  const parts: string[] = [];
  for (let p = offset[edge] ?? 0; p < (offset[edge + 1] ?? 0); p++) {
    const x = points[2 * p] ?? 0;
    const y = points[2 * p + 1] ?? 0;
    if (parts.length === 0) {
      parts.push(`M${num(x)} ${num(y)}`);
      continue;
    }
    const beforeX = points[2 * p - 2] ?? 0;
    const beforeY = points[2 * p - 1] ?? 0;
    const middle = num((beforeY + y) / 2);
    if (beforeX === x || beforeY === y) parts.push(`L${num(x)} ${num(y)}`);
    else parts.push(`C${num(beforeX)} ${middle} ${num(x)} ${middle} ${num(x)} ${num(y)}`);
  }
  return parts.join('');
}

function canvasMeasure(family: string): Measure {
  const context = document.createElement('canvas').getContext('2d');
  return (text, font) => {
    if (context === null) return text.length * 0.56;
    context.font = `${font === Font.Strong ? '600 ' : ''}100px ${family}`;
    return context.measureText(text).width / 100;
  };
}

function num(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function escape(text: string): string {
  return text
    .replace(/[&<>"]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char] ?? '')
    .replace(/[\p{Cc}\uFFFE\uFFFF]/gu, '');
}

function meets(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

export interface Exported {
  readonly name: string;
  readonly mime: string;
  readonly content: Blob;
}

/** Hands a file to the page (`pc-export`); a page that does not take it gets a download. */
export function hand(element: HTMLElement, exported: Exported): void {
  const event = new CustomEvent<Exported>('pc-export', {
    detail: exported,
    bubbles: true,
    composed: true,
    cancelable: true,
  });
  if (!element.dispatchEvent(event)) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(exported.content);
  link.download = exported.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
