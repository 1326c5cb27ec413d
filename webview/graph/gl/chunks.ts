/**
 * Instances in one buffer, in chunks of neighbours: each chunk has an origin of its own (precision) and bounds
 * (culling). Rows are sorted so that what stands close together lies close together.
 */
import type { Rect } from '../camera';

export interface Chunk {
  readonly first: number;
  readonly count: number;
  readonly x: number;
  readonly y: number;
  readonly bounds: Rect;
}

const chunkSize = 1024;

/** Groups rows (already in a sensible order) and gives each group its bounds. */
export function chunksOf(
  count: number,
  bounds: (row: number) => readonly [left: number, top: number, right: number, bottom: number],
): Chunk[] {
  const chunks: Chunk[] = [];
  for (let first = 0; first < count; first += chunkSize) {
    const size = Math.min(chunkSize, count - first);
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let row = first; row < first + size; row++) {
      const [l, t, r, b] = bounds(row);
      left = Math.min(left, l);
      top = Math.min(top, t);
      right = Math.max(right, r);
      bottom = Math.max(bottom, b);
    }
    chunks.push({
      first,
      count: size,
      x: left,
      y: top,
      bounds: { x: left, y: top, w: right - left, h: bottom - top },
    });
  }
  return chunks;
}

export function touches(bounds: Rect, view: Rect): boolean {
  return (
    bounds.x <= view.x + view.w &&
    bounds.x + bounds.w >= view.x &&
    bounds.y <= view.y + view.h &&
    bounds.y + bounds.h >= view.y
  );
}

/** A buffer of the graphics card that is filled anew now and then. */
export class GpuBuffer {
  readonly buffer: WebGLBuffer;

  constructor(private readonly gl: WebGL2RenderingContext) {
    this.buffer = gl.createBuffer();
  }

  fill(data: ArrayBufferView, usage: 'static' | 'dynamic' = 'static'): void {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, usage === 'static' ? gl.STATIC_DRAW : gl.DYNAMIC_DRAW);
  }

  dispose(): void {
    this.gl.deleteBuffer(this.buffer);
  }
}

/** Sets where a chunk's origin falls on the screen, in device pixels. */
export interface View {
  readonly rect: Rect;
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export function originOf(view: View, chunk: { readonly x: number; readonly y: number }): [number, number] {
  return [chunk.x * view.scale + view.x, chunk.y * view.scale + view.y];
}
