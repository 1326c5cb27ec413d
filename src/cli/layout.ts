/**
 * `patchclamp layout`: lays a model's graph out as the editor does and says how good the drawing is: its size, crossings
 * and tags; with `--geometry` every box and line, so that anyone can count.
 */
import { throwIfCancelled } from '../base/cancel';
import type { GraphModel } from '../contract/graphModel';
import { BoxKind, type LayoutResult } from '../contract/layout';
import { writeSafely } from '../data/safeWrite';
import { countCrossings } from '../layout/crossings';
import { GraphLayout } from '../layout/layout';
import { openLocal } from '../onnx/files';
import { buildGraphModel } from '../onnx/graphModel';
import { buildScopes } from '../onnx/scopes';
import { formatInteger, formatMs } from '../tensor/format';
import { filesOf } from './outFolder';
import { parseOptions, usage, type Command } from './options';

/** One line of `--json`. */
interface LaidOut {
  readonly file: string;
  /** Nodes of the model, bodies and functions counted in. */
  readonly nodes: number;
  /** Boxes drawn: nodes, modules, inputs and outputs. */
  readonly boxes: number;
  /** Only where the limit was reached: what is told of is the model with its modules closed. */
  readonly stopped?: true;
  /** From graph in memory to coordinates, the first layout of this process. */
  readonly ms: number;
  readonly crossings: number;
  readonly tags: number;
  /** Boxes at which a cycle had to be broken to draw the graph, where there are any; their lines run upward. */
  readonly cycles?: number;
  readonly width: number;
  readonly height: number;
  readonly peakMB: number;
}

export const command: Command = {
  name: 'layout',
  usage: 'layout MODEL [--expand all] [--limit SECONDS] [--geometry FILE] [--json]',
  summary: 'Lay the graph out and measure the drawing: size, crossings, tags, time.',
  async run(args, io) {
    const { positionals, options } = parseOptions(args, {
      expand: 'one',
      limit: 'one',
      geometry: 'one',
      json: 'flag',
    });
    const [file, ...rest] = positionals;
    if (file === undefined) throw usage('No model was named.', 'Name one .onnx file.');
    if (rest.length > 0) throw usage(`${String(rest.length + 1)} models were named.`, 'Name one .onnx file.');
    if (options.expand !== undefined && options.expand !== 'all') {
      throw usage(`--expand ${options.expand} is not known.`, 'Write --expand all, or leave it out.');
    }
    const limit = limitOf(options.limit);
    const opened = await openLocal(file, io.signal);
    const nodes = opened.skeleton.nodes.length;
    const model = buildGraphModel(opened.skeleton, buildScopes(opened.skeleton));
    await opened.source.close();
    throwIfCancelled(io.signal);

    const start = performance.now();
    const { result, stopped, cycles } = layOut(model, options.expand === 'all', limit);
    const ms = performance.now() - start;
    if (stopped)
      io.err(
        `Laying out took longer than ${String(limit)} s and was stopped: the model is shown with its modules closed.`,
      );
    const peakMB = process.resourceUsage().maxRSS / 1024;
    const answer: LaidOut = {
      file,
      nodes,
      boxes: result.boxes.count,
      ...(stopped ? { stopped } : {}),
      ms: Number(ms.toFixed(3)),
      crossings: countCrossings(result.edges),
      tags: result.tags,
      ...(cycles > 0 ? { cycles } : {}),
      width: Math.round(result.width),
      height: Math.round(result.height),
      peakMB: Number(peakMB.toFixed(1)),
    };
    if (options.geometry !== undefined) {
      await writeSafely(options.geometry, JSON.stringify(geometryOf(model, result)), await filesOf(file));
    }
    if (options.json) io.out(JSON.stringify(answer));
    else for (const line of print(answer)) io.out(line);
    return 0;
  },
};

/** Seconds; Infinity where none was named. */
function limitOf(text: string | undefined): number {
  if (text === undefined) return Infinity;
  const seconds = Number(text);
  if (text.trim() !== '' && seconds > 0) return seconds;
  throw usage(`"${text}" is no limit.`, 'Write a number of seconds, such as --limit 10.');
}

const collapsed = { expanded: new Set<number>(), foldRepeats: true, foldPlumbing: true } as const;

class TooLong extends Error {}

/** With everything open or closed; closed also where that is not done after `limit` seconds. */
function layOut(
  model: GraphModel,
  everything: boolean,
  limit: number,
): { readonly result: LayoutResult; readonly stopped: boolean; readonly cycles: number } {
  const layout = new GraphLayout(model);
  const told = (result: LayoutResult, stopped: boolean): ReturnType<typeof layOut> => ({
    result,
    stopped,
    cycles: layout.structure?.cycles.length ?? 0,
  });
  if (!everything) return told(layout.layout(collapsed), false);
  const end = performance.now() + 1000 * limit;
  try {
    const open = { expanded: 'all', foldRepeats: false, foldPlumbing: false } as const;
    const result = layout.layout(open, () => {
      if (performance.now() > end) throw new TooLong();
    });
    return told(result, false);
  } catch (error) {
    if (!(error instanceof TooLong)) throw error;
    return told(layout.layout(collapsed), true);
  }
}

function print(found: LaidOut): string[] {
  return [
    found.file,
    `  drawn      ${formatInteger(found.boxes)} boxes of ${formatInteger(found.nodes)} nodes in ${formatMs(found.ms)}`,
    `  size       ${formatInteger(found.width)} × ${formatInteger(found.height)} px`,
    `  crossings  ${formatInteger(found.crossings)}, ${formatInteger(found.tags)} tags`,
    ...(found.cycles === undefined
      ? []
      : [`  cycles     ${formatInteger(found.cycles)}, broken to draw the graph: their lines run upward`]),
    `  memory     ${formatInteger(Math.round(found.peakMB))} MB at most`,
  ];
}

/**
 * Nodes by `index` (the node's position in the model; graph inputs are -1, -2, …, outputs -1000001, -1000002, …), closed
 * modules by `scope`, open ones under `frames`. Lines name the same indices, or the scope's path. Between two points of
 * different x and y a line is an S curve that leaves and arrives vertically.
 */
export function geometryOf(model: GraphModel, { boxes, edges, width, height }: LayoutResult): object {
  const round = (value: number | undefined): number => Number((value ?? 0).toFixed(2));
  const path = (scope: number): string => model.strings[model.scopes.path[scope] ?? 0] ?? '';
  const keyOf = (box: number): number | string => {
    const ref = boxes.ref[box] ?? 0;
    return boxes.kind[box] === BoxKind.Node ? (model.nodes.id[ref] ?? 0) : path(ref);
  };
  const rect = (box: number): object => ({
    x: round(boxes.x[box]),
    y: round(boxes.y[box]),
    w: round(boxes.w[box]),
    h: round(boxes.h[box]),
  });
  const nodes: object[] = [];
  const frames: object[] = [];
  for (let box = 0; box < boxes.count; box++) {
    const ref = boxes.ref[box] ?? 0;
    if (boxes.kind[box] === BoxKind.Node) {
      const op = model.strings[model.nodes.op[ref] ?? 0] ?? '';
      nodes.push({
        index: model.nodes.id[ref],
        name: model.strings[model.nodes.name[ref] ?? 0] ?? '',
        op,
        ...rect(box),
      });
    } else if (boxes.kind[box] === BoxKind.Scope)
      nodes.push({ scope: path(ref), repeat: boxes.repeat[box], ...rect(box) });
    else frames.push({ scope: path(ref), repeat: boxes.repeat[box], ...rect(box) });
  }
  const lines: object[] = [];
  for (let edge = 0; edge < edges.count; edge++) {
    const points: number[][] = [];
    for (let p = edges.offset[edge] ?? 0; p < (edges.offset[edge + 1] ?? 0); p++) {
      points.push([round(edges.points[2 * p]), round(edges.points[2 * p + 1])]);
    }
    const tag = edges.tag[edge] === 1;
    lines.push({
      from: keyOf(edges.from[edge] ?? 0),
      to: keyOf(edges.to[edge] ?? 0),
      value: model.strings[model.values.name[edges.value[edge] ?? 0] ?? 0] ?? '',
      points,
      tag,
    });
  }
  return { width: round(width), height: round(height), nodes, frames, edges: lines };
}
