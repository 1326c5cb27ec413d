/** Texts on the graphics card: one rectangle per text, from the atlas. Making pictures is rationed per frame. */
import type { PlacedText } from '../labelling';
import type { Rgba } from '../theme';
import { GpuBuffer } from './chunks';
import { InstancedProgram } from './program';
import { textFragment, textVertex } from './shaders';
import { TextAtlas, type Picture } from './textAtlas';

/** Per instance: rect 4 × f32, source 4 × f32, ink 4 × u8. */
const stride = 36;
/** Milliseconds a frame may spend on new pictures. */
const ration = 5;
/** Larger text is shown scaled. */
const largest = 96;

export class TextLayer {
  readonly atlas: TextAtlas;
  readonly #gl: WebGL2RenderingContext;
  readonly #program: InstancedProgram;
  readonly #buffer: GpuBuffer;
  #data = new DataView(new ArrayBuffer(stride * 256));

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.atlas = new TextAtlas(gl);
    this.#program = new InstancedProgram(
      gl,
      textVertex,
      textFragment,
      [
        { name: 'rect', size: 4, offset: 0, type: 'float' },
        { name: 'source', size: 4, offset: 16, type: 'float' },
        { name: 'ink', size: 4, offset: 32, type: 'byte' },
      ],
      stride,
    );
    this.#buffer = new GpuBuffer(gl);
  }

  /** Draws texts placed in CSS pixels; gives true when some still wait for their picture. */
  draw(texts: readonly PlacedText[], ratio: number, width: number, height: number): boolean {
    if (this.#data.byteLength < texts.length * stride)
      this.#data = new DataView(new ArrayBuffer(texts.length * 2 * stride));
    const deadline = performance.now() + ration;
    let waiting = false;
    let count = 0;
    for (const { text, font, x, y, size, ink } of texts) {
      const pixels = Math.min(largest, Math.max(1, Math.round(size * ratio)));
      let picture = this.atlas.find(text, font, pixels);
      if (picture === undefined && performance.now() < deadline) {
        picture = this.atlas.make(text, font, pixels);
        // The atlas started over: what was written so far points to nothing.
        if (picture === undefined) return true;
      }
      if (picture === undefined) {
        waiting = true;
        picture = this.atlas.findAny(text, font);
      }
      if (picture !== undefined)
        this.#write(
          count++,
          picture,
          x * ratio,
          y * ratio,
          size * ratio > largest ? size * ratio : pixels,
          ink,
        );
    }
    if (count > 0) {
      this.#buffer.fill(new Uint8Array(this.#data.buffer, 0, count * stride), 'dynamic');
      const gl = this.#gl;
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, this.atlas.texture);
      this.#program.use();
      this.#program.set('size', width, height);
      this.#program.draw(this.#buffer.buffer, 0, count, 4);
    }
    return waiting;
  }

  dispose(): void {
    this.atlas.dispose();
    this.#program.dispose();
    this.#buffer.dispose();
  }

  #write(row: number, picture: Picture, x: number, y: number, size: number, ink: Rgba): void {
    const scale = size / picture.size;
    const at = row * stride;
    const snap = scale === 1 ? Math.round : (value: number): number => value;
    const { side } = this.atlas;
    const numbers = [
      snap(x - picture.left * scale),
      snap(y - picture.ascent * scale),
      picture.w * scale,
      picture.h * scale,
      picture.x / side,
      picture.y / side,
      picture.w / side,
      picture.h / side,
    ];
    numbers.forEach((value, k) => this.#data.setFloat32(at + 4 * k, value, true));
    ink.forEach((part, k) => this.#data.setUint8(at + 32 + k, Math.round(part * 255)));
  }
}
