/** Boxes on the graphics card: frames, then everything else; colours change with theme and overlay, places with the scene. */
import { paintOf, type Paint } from '../boxPaint';
import type { Look } from '../look';
import { chunksOf, GpuBuffer, originOf, touches, type Chunk, type View } from './chunks';
import { InstancedProgram } from './program';
import { boxFragment, boxVertex } from './shaders';

/** Per instance: rect 4 × f32, fill and line 4 × u8 each, radius and line width 2 × f32. */
const stride = 32;

export class BoxLayer {
  readonly #program: InstancedProgram;
  readonly #buffer: GpuBuffer;
  readonly #marks: GpuBuffer;
  #chunks: readonly Chunk[] = [];
  #frames = 0;
  #drawnFor: unknown[] = [];
  #markedFor: unknown[] = [];
  #marked: Chunk | undefined;

  constructor(gl: WebGL2RenderingContext) {
    this.#program = new InstancedProgram(
      gl,
      boxVertex,
      boxFragment,
      [
        { name: 'rect', size: 4, offset: 0, type: 'float' },
        { name: 'fill', size: 4, offset: 16, type: 'byte' },
        { name: 'line', size: 4, offset: 20, type: 'byte' },
        { name: 'shape', size: 2, offset: 24, type: 'float' },
      ],
      stride,
    );
    this.#buffer = new GpuBuffer(gl);
    this.#marks = new GpuBuffer(gl);
  }

  /** Fills the buffers where scene, theme or overlay changed; marks (selection, hover, …) where those did. */
  prepare(look: Look): void {
    const { scene, theme, colors } = look;
    const wanted = [scene, theme, colors];
    if (wanted.some((part, index) => part !== this.#drawnFor[index])) {
      this.#drawnFor = wanted;
      this.#fill(look);
    }
    this.#mark(look);
  }

  draw(view: View, what: 'frames' | 'boxes' | 'marks', width: number, height: number, ratio: number): number {
    const program = this.#program;
    program.use();
    program.set('size', width, height);
    program.set('scale', view.scale);
    program.set('ratio', ratio);
    const chunks = what === 'marks' ? (this.#marked === undefined ? [] : [this.#marked]) : this.#chunks;
    let calls = 0;
    for (const chunk of chunks) {
      const isFrames = chunk.first < this.#frames;
      if (what !== 'marks' && isFrames !== (what === 'frames')) continue;
      if (!touches(chunk.bounds, view.rect)) continue;
      program.set('origin', ...originOf(view, chunk));
      program.draw((what === 'marks' ? this.#marks : this.#buffer).buffer, chunk.first, chunk.count, 4);
      calls++;
    }
    return calls;
  }

  dispose(): void {
    this.#program.dispose();
    this.#buffer.dispose();
    this.#marks.dispose();
  }

  #fill(look: Look): void {
    const { scene } = look;
    const plain: Look = {
      ...look,
      selected: -1,
      hovered: -1,
      lit: new Set(),
      held: new Set(),
      marked: new Set(),
      matches: new Set(),
    };
    const frames = [...scene.frames];
    const isFrame = new Uint8Array(scene.result.boxes.count);
    for (const frame of frames) isFrame[frame] = 1;
    const leaves: number[] = [];
    for (let box = 0; box < isFrame.length; box++) if (isFrame[box] === 0) leaves.push(box);
    const { y } = scene.result.boxes;
    leaves.sort((a, b) => (y[a] ?? 0) - (y[b] ?? 0));
    const order = [...frames, ...leaves];
    this.#frames = frames.length;
    const bounds =
      (list: readonly number[]) =>
      (row: number): [number, number, number, number] => {
        const rect = scene.rect(list[row] ?? 0);
        return [rect.x, rect.y, rect.x + rect.w, rect.y + rect.h];
      };
    const ofFrames = chunksOf(frames.length, bounds(frames));
    const ofLeaves = chunksOf(leaves.length, bounds(leaves)).map((chunk) => ({
      ...chunk,
      first: chunk.first + frames.length,
    }));
    this.#chunks = [...ofFrames, ...ofLeaves];
    const data = new DataView(new ArrayBuffer(order.length * stride));
    for (const chunk of this.#chunks) {
      for (let row = chunk.first; row < chunk.first + chunk.count; row++) {
        const box = order[row] ?? 0;
        write(data, row, scene.rect(box), chunk, paintOf(plain, box));
      }
    }
    this.#buffer.fill(data);
  }

  /** Selected, hovered, lit and found boxes, drawn again on top. */
  #mark(look: Look): void {
    const { scene, theme, colors, held, lit, matches, hovered, selected } = look;
    const wanted = [scene, theme, colors, held, lit, matches, hovered, selected];
    if (wanted.every((part, index) => part === this.#markedFor[index])) return;
    this.#markedFor = wanted;
    const boxes = [...new Set([...held, ...lit, ...matches, hovered, selected])].filter((box) => box >= 0);
    if (boxes.length === 0) {
      this.#marked = undefined;
      return;
    }
    const first = scene.rect(boxes[0] ?? 0);
    const chunk = { first: 0, count: boxes.length, x: first.x, y: first.y, bounds: scene.bounds };
    const data = new DataView(new ArrayBuffer(boxes.length * stride));
    boxes.forEach((box, row) => {
      const paint = paintOf(look, box);
      write(data, row, scene.rect(box), chunk, scene.isFrame(box) ? { ...paint, fill: [0, 0, 0, 0] } : paint);
    });
    this.#marks.fill(data, 'dynamic');
    this.#marked = chunk;
  }
}

function write(
  data: DataView,
  row: number,
  rect: { readonly x: number; readonly y: number; readonly w: number; readonly h: number },
  origin: { readonly x: number; readonly y: number },
  paint: Paint,
): void {
  const at = row * stride;
  [rect.x - origin.x, rect.y - origin.y, rect.w, rect.h].forEach((value, k) =>
    data.setFloat32(at + 4 * k, value, true),
  );
  paint.fill.forEach((part, k) => data.setUint8(at + 16 + k, Math.round(part * 255)));
  paint.line.forEach((part, k) => data.setUint8(at + 20 + k, Math.round(part * 255)));
  data.setFloat32(at + 24, paint.radius, true);
  data.setFloat32(at + 28, paint.lineWidth, true);
}
