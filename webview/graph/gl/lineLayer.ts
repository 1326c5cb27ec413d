/** Lines on the graphics card: each stretch once however many edges share it, straight ones and curves apart. */
import type { Look } from '../look';
import type { Scene } from '../scene';
import type { Rgba } from '../theme';
import { chunksOf, GpuBuffer, originOf, touches, type Chunk, type View } from './chunks';
import { InstancedProgram } from './program';
import { lineFragment, lineVertex } from './shaders';

/** Per instance: x1, y1, x2, y2, width. */
const floats = 5;
const curveSteps = 14;

interface Stretches {
  readonly buffer: GpuBuffer;
  chunks: readonly Chunk[];
}

export class LineLayer {
  readonly #program: InstancedProgram;
  readonly #straight: Stretches;
  readonly #curved: Stretches;
  readonly #strong: Stretches;
  readonly #strongCurved: Stretches;
  #scene: Scene | undefined;
  #strongFor: readonly number[] | undefined;

  constructor(gl: WebGL2RenderingContext) {
    this.#program = new InstancedProgram(
      gl,
      lineVertex,
      lineFragment,
      [
        { name: 'ends', size: 4, offset: 0, type: 'float' },
        { name: 'width', size: 1, offset: 16, type: 'float' },
      ],
      4 * floats,
    );
    const make = (): Stretches => ({ buffer: new GpuBuffer(gl), chunks: [] });
    this.#straight = make();
    this.#curved = make();
    this.#strong = make();
    this.#strongCurved = make();
  }

  prepare({ scene, strong }: Look): void {
    if (scene !== this.#scene) {
      this.#scene = scene;
      this.#strongFor = undefined;
      const all = Array.from({ length: scene.result.edges.count }, (_unused, edge) => edge);
      upload(
        scene,
        all.filter((edge) => scene.result.edges.tag[edge] === 0),
        this.#straight,
        this.#curved,
      );
    }
    if (strong !== this.#strongFor) {
      this.#strongFor = strong;
      upload(scene, strong, this.#strong, this.#strongCurved);
    }
  }

  /** `thickness`: device pixels per unit of width. */
  draw(view: View, strong: boolean, ink: Rgba, thickness: number, width: number, height: number): number {
    const program = this.#program;
    program.use();
    program.set('size', width, height);
    program.set('scale', view.scale);
    program.set('ink', ...ink);
    program.set('thickness', thickness);
    let calls = 0;
    for (const [stretches, steps] of [
      [strong ? this.#strong : this.#straight, 1],
      [strong ? this.#strongCurved : this.#curved, curveSteps],
    ] as const) {
      program.set('steps', steps);
      for (const chunk of stretches.chunks) {
        if (!touches(chunk.bounds, view.rect)) continue;
        program.set('origin', ...originOf(view, chunk));
        program.draw(stretches.buffer.buffer, chunk.first, chunk.count, 2 * (steps + 1));
        calls++;
      }
    }
    return calls;
  }

  dispose(): void {
    this.#program.dispose();
    for (const { buffer } of [this.#straight, this.#curved, this.#strong, this.#strongCurved])
      buffer.dispose();
  }
}

function upload(scene: Scene, edges: readonly number[], straight: Stretches, curved: Stretches): void {
  const lines: number[] = [];
  const curves: number[] = [];
  const { points, offset, value, from } = scene.result.edges;
  const seen = new Set<string>();
  const shared = (edge: number): boolean =>
    (scene.outOf.start[(from[edge] ?? 0) + 1] ?? 0) - (scene.outOf.start[from[edge] ?? 0] ?? 0) > 1;
  for (const edge of edges) {
    const width = scene.lineWidth(value[edge] ?? 0);
    const mayRepeat = shared(edge);
    for (let p = offset[edge] ?? 0; p + 1 < (offset[edge + 1] ?? 0); p++) {
      const x1 = points[2 * p] ?? 0;
      const y1 = points[2 * p + 1] ?? 0;
      const x2 = points[2 * p + 2] ?? 0;
      const y2 = points[2 * p + 3] ?? 0;
      if (mayRepeat) {
        const key = `${String(value[edge])} ${String(x1)} ${String(y1)} ${String(x2)} ${String(y2)}`;
        if (seen.has(key)) continue;
        seen.add(key);
      }
      (x1 === x2 || y1 === y2 ? lines : curves).push(x1, y1, x2, y2, width);
    }
  }
  fill(lines, straight);
  fill(curves, curved);
}

function fill(rows: readonly number[], stretches: Stretches): void {
  const count = rows.length / floats;
  const order = Array.from({ length: count }, (_unused, row) => row);
  order.sort((a, b) => (rows[a * floats + 1] ?? 0) - (rows[b * floats + 1] ?? 0));
  const at = (row: number, k: number): number => rows[(order[row] ?? 0) * floats + k] ?? 0;
  const chunks = chunksOf(count, (row) => [
    Math.min(at(row, 0), at(row, 2)),
    Math.min(at(row, 1), at(row, 3)),
    Math.max(at(row, 0), at(row, 2)),
    Math.max(at(row, 1), at(row, 3)),
  ]);
  const data = new Float32Array(rows.length);
  for (const chunk of chunks) {
    for (let row = chunk.first; row < chunk.first + chunk.count; row++) {
      data.set(
        [at(row, 0) - chunk.x, at(row, 1) - chunk.y, at(row, 2) - chunk.x, at(row, 3) - chunk.y, at(row, 4)],
        row * floats,
      );
    }
  }
  stretches.buffer.fill(data);
  stretches.chunks = chunks;
}
