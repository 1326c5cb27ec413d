/**
 * The canvas: camera, renderer, theme and the next frame. Draws what it is told to at most once per screen refresh.
 * Knows scenes only as something to draw.
 */
import { between, fit, firstLook, reveal, toWorld, zoomAt, type Camera, type Rect } from './camera';
import type { Look, Renderer } from './look';
import { Painter } from './painter';
import type { Scene } from './scene';
import { onThemeChange, readTheme, type GraphTheme } from './theme';

/** What changes from frame to frame besides camera, size and theme. */
export type Shown = Omit<Look, 'camera' | 'theme' | 'width' | 'height' | 'ratio'>;

const glideTime = 140;
/** Height of the toolbar and of the legend, in CSS pixels. */
const bars = { above: 28, below: 24 };
/** What floats over the canvas. */
const floating = '.top > *, .foot > *, pc-minimap:not([hidden]), .with-outline pc-outline';

export class Stage {
  readonly #host: HTMLElement;
  readonly #painter: Painter;
  readonly #shown: () => Shown | undefined;
  readonly #moved: () => void;
  readonly #stopTheme: () => void;
  readonly #resize: ResizeObserver;
  #theme: GraphTheme | undefined;
  #camera: Camera = { x: 0, y: 0, zoom: 1 };
  #frame = 0;
  #glide = 0;
  /** How to look where nobody has moved since the drawing was fitted to the view. */
  #fitting: (() => Camera) | undefined;
  #size = { width: 0, height: 0 };
  readonly canvas: HTMLCanvasElement;
  /** Milliseconds the last frame took to prepare and submit. */
  lastFrame = 0;

  /** `shown` is asked at every frame; `moved` is told of every new camera and size. */
  constructor(
    host: HTMLElement,
    canvas: HTMLCanvasElement,
    shown: () => Shown | undefined,
    moved: () => void,
    plain = false,
  ) {
    this.#host = host;
    this.#shown = shown;
    this.#moved = moved;
    this.#painter = new Painter(canvas, () => this.schedule(), plain);
    this.canvas = canvas;
    this.#stopTheme = onThemeChange(() => {
      this.#theme = undefined;
      this.schedule();
    });
    this.#resize = new ResizeObserver(() => this.#resized());
    this.#resize.observe(host);
  }

  /** How it is drawn; undefined while the graphics card is away. */
  get kind(): Renderer['kind'] | undefined {
    return this.#painter.kind;
  }

  get width(): number {
    return this.#host.clientWidth;
  }

  get height(): number {
    return this.#host.clientHeight;
  }

  get camera(): Camera {
    return this.#camera;
  }

  get theme(): GraphTheme {
    this.#theme ??= readTheme(this.#host);
    return this.#theme;
  }

  /** Looks from here at once. */
  look(camera: Camera): void {
    this.#glide++;
    this.#fitting = undefined;
    this.#set(camera);
  }

  /** Moves there within 150 ms; at once with reduced motion. */
  glide(to: Camera): void {
    const run = ++this.#glide;
    this.#fitting = undefined;
    if (reducedMotion()) {
      this.#set(to);
      return;
    }
    const from = this.#camera;
    const start = performance.now();
    const step = (now: number): void => {
      if (run !== this.#glide) return;
      const t = Math.min(1, Math.max(0, (now - start) / glideTime));
      this.#set(between(from, to, 1 - (1 - t) * (1 - t)));
      if (t < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  zoom(factor: number): void {
    this.glide(zoomAt(this.#camera, factor, this.width / 2, this.height / 2));
  }

  fit(rect: Rect): void {
    this.glide(this.#inset((height) => fit(rect, this.width, height)));
    this.#fitting = () => this.#inset((height) => fit(rect, this.width, height));
  }

  firstLook(rect: Rect): void {
    this.look(this.#inset((height) => firstLook(rect, this.width, height)));
    this.#fitting = () => this.#inset((height) => firstLook(rect, this.width, height));
  }

  /** From now on the view is a person's own: it is not fitted again by itself. */
  keep(): void {
    this.#fitting = undefined;
  }

  /** Brings a rectangle into view, where nothing floats over it, by the least move; nothing happens when it is there already. */
  reveal(rect: Rect): void {
    const to = reveal(this.#camera, rect, this.width, this.height, this.#covers());
    if (to.x !== this.#camera.x || to.y !== this.#camera.y || to.zoom !== this.#camera.zoom) this.glide(to);
  }

  /** Brings a point of the world to the middle of the view, at once. */
  lookAt(x: number, y: number): void {
    const { zoom } = this.#camera;
    this.look({ zoom, x: this.width / 2 - x * zoom, y: this.height / 2 - y * zoom });
  }

  /** Brings a rectangle to the middle of the view. */
  center(rect: Rect): void {
    const { zoom } = this.#camera;
    this.glide({
      zoom,
      x: this.width / 2 - (rect.x + rect.w / 2) * zoom,
      y: this.height / 2 - (rect.y + rect.h / 2) * zoom,
    });
  }

  /** Where a rectangle's corner is on the page. */
  toPage(rect: Rect): { readonly x: number; readonly y: number } {
    const { left, top } = this.#host.getBoundingClientRect();
    const { x, y, zoom } = this.#camera;
    return { x: left + rect.x * zoom + x, y: top + rect.y * zoom + y };
  }

  /** The innermost box of a scene at a point of the screen, or -1. */
  boxAt(scene: Scene, x: number, y: number): number {
    const world = toWorld(this.#camera, x, y);
    return scene.boxAt(world.x, world.y);
  }

  lookOf(shown: Shown): Look {
    const { camera, theme, width, height } = this;
    return { ...shown, camera, theme, width, height, ratio: devicePixelRatio };
  }

  schedule(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    this.#glide++;
    this.#stopTheme();
    this.#resize.disconnect();
    this.#painter.dispose();
  }

  #covers(): readonly Rect[] {
    const { left, top } = this.#host.getBoundingClientRect();
    return [...(this.#host.shadowRoot?.querySelectorAll(floating) ?? [])]
      .map((element) => element.getBoundingClientRect())
      .filter(({ width, height }) => width > 0 && height > 0)
      .map(({ x, y, width: w, height: h }) => ({ x: x - left, y: y - top, w, h }));
  }

  /** Fits again where nobody has moved; else what was in the middle stays there. */
  #resized(): void {
    const { width, height } = this;
    const before = this.#size;
    if (width === 0 || height === 0 || (width === before.width && height === before.height)) return;
    this.#size = { width, height };
    const { x, y, zoom } = this.#camera;
    if (this.#fitting !== undefined) {
      this.#glide++;
      this.#set(this.#fitting());
    } else if (before.width > 0)
      this.#set({ zoom, x: x + (width - before.width) / 2, y: y + (height - before.height) / 2 });
    else this.#set(this.#camera);
  }

  /** Looks so that bars above and below hide nothing, where there is room for that. */
  #inset(look: (height: number) => Camera): Camera {
    const part = Math.max(0, Math.min(1, (this.height - 240) / 100));
    const camera = look(this.height - part * (bars.above + bars.below));
    return { ...camera, y: camera.y + part * bars.above };
  }

  #set(camera: Camera): void {
    this.#camera = camera;
    this.#moved();
    this.schedule();
  }

  #draw(): void {
    const shown = this.#shown();
    if (shown === undefined || this.width === 0 || this.height === 0) return;
    const start = performance.now();
    this.#painter.draw(this.lookOf(shown));
    this.lastFrame = performance.now() - start;
  }
}

function reducedMotion(): boolean {
  return (
    matchMedia('(prefers-reduced-motion: reduce)').matches ||
    document.body.classList.contains('vscode-reduce-motion')
  );
}
