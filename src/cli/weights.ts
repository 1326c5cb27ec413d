/**
 * `patchclamp weights`: statistics of a model's weights, read from the file a piece at a time, and the weights themselves
 * as `.npy`. Nothing is run. One answer per weight, in the file's order; one that cannot be read does not stop the others.
 */
import { isCancelled, throwIfCancelled } from '../base/cancel';
import { describe, isFailure } from '../base/errors';
import type { Skeleton, WeightRef } from '../contract/skeleton';
import type { TensorSummary } from '../contract/tensor';
import { nearestNames } from '../onnx/nearest';
import { buildScopes } from '../onnx/scopes';
import { tensorsOf, weightsOf } from '../onnx/walk';
import { formatBytes, formatNumber } from '../tensor/format';
import { formatShape } from '../tensor/shape';
import { Opened } from './compareModel';
import { parseOptions, usage, type Command, type Io } from './options';
import { OutFolder } from './outFolder';

/** One line of `--json`. Moments are over finite elements; a weight of texts has no figures. */
type Row = Partial<TensorSummary> & {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: number;
  /** Modules that read it, the innermost of each reader; '' is the model itself. */
  readonly modules: readonly string[];
  /** Relative to `--out`. */
  readonly file?: string;
};

export const command: Command = {
  name: 'weights',
  usage: 'weights MODEL [WEIGHT]… [--out DIR] [--json]',
  summary:
    'Say what is in the weights of a model, or in those named: mean, deviation, range, zeros, histogram; with --out each ' +
    'as .npy. Nothing is run.',
  async run(args, io) {
    const { positionals, options } = parseOptions(args, { out: 'one', json: 'flag' });
    const [file, ...names] = positionals;
    if (file === undefined) throw usage('No model was named.', 'Write patchclamp weights MODEL.onnx.');
    const out = options.out === undefined ? null : await OutFolder.open(options.out, file);
    const opened = await Opened.open(file, io);
    try {
      const { skeleton } = opened.model;
      const readers = readersOf(skeleton);
      let failed = false;
      for (const { name, ref } of chosen(skeleton, names)) {
        throwIfCancelled(io.signal);
        const base = {
          name,
          dtype: ref.dtype,
          shape: ref.dims,
          bytes: ref.byteLength,
          modules: [...(readers.get(ref) ?? [])],
        };
        try {
          const figures = await opened.reader.summarize(ref, io.signal);
          const saved =
            out === null ? {} : { file: await out.saveWeight(opened.reader, ref, name, io.signal) };
          tell({ ...base, ...figures, ...saved }, options.json, io);
        } catch (error) {
          if (isCancelled(error) || (isFailure(error) && error.code === 'not-writable')) throw error;
          failed = true;
          if (options.json) io.out(JSON.stringify({ ...base, error: describe(error) }));
          else io.err(describe(error));
        }
      }
      return failed ? 1 : 0;
    } finally {
      await opened.close();
    }
  },
};

interface Named {
  readonly name: string;
  readonly ref: WeightRef;
}

/** All weights; what a node holds is called as the value that the node gives. */
function allOf({ graphs }: Skeleton): readonly Named[] {
  return [...graphs.values()].flatMap((graph) => {
    const holders = new Map(
      graph.nodes.flatMap((node) => tensorsOf(node).map((ref) => [ref, node.outputs[0] ?? ''] as const)),
    );
    return [...weightsOf(graph)].map((ref) => ({ name: ref.name || (holders.get(ref) ?? ''), ref }));
  });
}

/** All weights, or those named, in the order in which they are named. Throws `usage` for a name that is none. */
function chosen(skeleton: Skeleton, names: readonly string[]): readonly Named[] {
  const all = allOf(skeleton);
  if (names.length === 0) return all;
  return names.flatMap((wanted) => {
    const found = all.filter(({ name }) => name === wanted);
    if (found.length > 0) return found;
    const near = nearestNames(
      wanted,
      all.map(({ name }) => name),
    );
    throw usage(
      `The model has no weight "${wanted}".`,
      all.length === 0
        ? 'It has none at all.'
        : near.length === 0
          ? 'patchclamp weights MODEL lists all.'
          : `The nearest names are ${near.join(', ')}.`,
    );
  });
}

/** Paths of the modules whose nodes read each weight. */
function readersOf(skeleton: Skeleton): ReadonlyMap<WeightRef, ReadonlySet<string>> {
  const { scopes, scopeOf } = buildScopes(skeleton);
  const found = new Map<WeightRef, Set<string>>();
  for (const node of skeleton.nodes) {
    const initializers = skeleton.graphs.get(node.graph)?.initializers;
    for (const name of node.inputs) {
      const ref = initializers?.get(name) ?? skeleton.graph.initializers.get(name);
      if (ref === undefined) continue;
      const modules = found.get(ref) ?? new Set();
      modules.add(scopes[scopeOf[node.id] ?? 0]?.path ?? '');
      found.set(ref, modules);
    }
  }
  return found;
}

function tell(row: Row, json: boolean, io: Io): void {
  if (json) {
    io.out(JSON.stringify(row));
    return;
  }
  const { name, dtype, shape, bytes, mean, std, min, max, zeros, nan = 0, inf = 0 } = row;
  const figures =
    mean === undefined
      ? ''
      : `  mean ${formatNumber(mean)}  std ${formatNumber(std ?? NaN)}  min ${formatNumber(min ?? NaN)}  max ${formatNumber(max ?? NaN)}  zeros ${String(zeros)}`;
  const odd = nan + inf === 0 ? '' : `  NaN ${String(nan)}  infinite ${String(inf)}`;
  io.out(`${name}  ${dtype} ${formatShape(shape)}  ${formatBytes(bytes)}${figures}${odd}`);
}
