/**
 * Pictures of texts at exactly the size they are shown, drawn by the browser itself, so that text in the graph is as
 * crisp as text beside it. Each text is kept as one picture; when the texture is full it starts over.
 */
import { Font } from '../textRuns';

export interface Picture {
  /** In the texture, pixels. */
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  /** From the picture's left and top to the baseline's start. */
  readonly left: number;
  readonly ascent: number;
  readonly size: number;
}

const side = 2048;
const pad = 2;

export class TextAtlas {
  readonly texture: WebGLTexture;
  readonly side = side;
  readonly #gl: WebGL2RenderingContext;
  readonly #canvas = document.createElement('canvas');
  readonly #context: CanvasRenderingContext2D;
  readonly #pictures = new Map<string, Picture>();
  /** The latest picture of a text at any size, shown scaled until the right one is made. */
  readonly #anySize = new Map<string, Picture>();
  readonly #widths = new Map<string, number>();
  #family = '';
  #x = 0;
  #y = 0;
  #row = 0;

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.texture = gl.createTexture();
    const context = this.#canvas.getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('This view cannot draw text: it has no 2D canvas.');
    this.#context = context;
    this.#clear();
  }

  setFamily(family: string): void {
    if (family === this.#family) return;
    this.#family = family;
    this.#widths.clear();
    this.#clear();
  }

  /** Width in ems. */
  measure(text: string, font: Font): number {
    const key = `${String(font)}${text}`;
    const known = this.#widths.get(key);
    if (known !== undefined) return known;
    this.#context.font = this.#font(font, 100);
    const ems = this.#context.measureText(text).width / 100;
    if (this.#widths.size > 50_000) this.#widths.clear();
    this.#widths.set(key, ems);
    return ems;
  }

  /** The picture of a text at `size` device pixels if it is there. */
  find(text: string, font: Font, size: number): Picture | undefined {
    return this.#pictures.get(`${String(font)} ${String(size)} ${text}`);
  }

  /** A picture of the same text at another size. */
  findAny(text: string, font: Font): Picture | undefined {
    return this.#anySize.get(`${String(font)}${text}`);
  }

  /** Draws the text into the texture. Gives undefined when the texture was full: all pictures are gone then. */
  make(text: string, font: Font, size: number): Picture | undefined {
    const width = Math.min(side, Math.ceil(this.measure(text, font) * size) + 2 * pad);
    const height = Math.ceil(size * 1.4) + 2;
    if (this.#x + width > side) {
      this.#x = 0;
      this.#y += this.#row;
      this.#row = 0;
    }
    if (this.#y + height > side) {
      this.#clear();
      return undefined;
    }
    const canvas = this.#canvas;
    if (canvas.width < width) canvas.width = width;
    if (canvas.height < height) canvas.height = height;
    const context = this.#context;
    const ascent = Math.ceil(size);
    context.clearRect(0, 0, width, height);
    context.font = this.#font(font, size);
    context.fillStyle = '#fff';
    context.fillText(text, pad, ascent);
    const gl = this.#gl;
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    const image = context.getImageData(0, 0, width, height);
    gl.texSubImage2D(
      gl.TEXTURE_2D,
      0,
      this.#x,
      this.#y,
      width,
      height,
      gl.RGBA,
      gl.UNSIGNED_BYTE,
      image.data,
    );
    const picture = { x: this.#x, y: this.#y, w: width, h: height, left: pad, ascent, size };
    this.#x += width;
    this.#row = Math.max(this.#row, height);
    this.#pictures.set(`${String(font)} ${String(size)} ${text}`, picture);
    this.#anySize.set(`${String(font)}${text}`, picture);
    return picture;
  }

  dispose(): void {
    this.#gl.deleteTexture(this.texture);
  }

  #font(font: Font, size: number): string {
    return `${font === Font.Strong ? '600 ' : ''}${String(size)}px ${this.#family}`;
  }

  #clear(): void {
    const gl = this.#gl;
    this.#pictures.clear();
    this.#anySize.clear();
    this.#x = 0;
    this.#y = 0;
    this.#row = 0;
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, side, side, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }
}
