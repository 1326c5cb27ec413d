/**
 * Checks vector-Jacobian products of a model against central differences of the runtime's own forward pass.
 * The step is chosen for float32; a probe direction is random and seeded, so that one number checks a whole gradient.
 */
import * as ort from 'onnxruntime-node';
import { sizeOf } from '../../../src/tensor/shape';
import { isFloat, type Dtype } from '../../../src/tensor/dtype';
import { Failure } from '../../../src/base/errors';
import type { Value } from '../../../src/engine/child/autodiff/builder';
import { buildBackward, type Observed, type StraightLine } from '../../../src/engine/child/autodiff/graph';
import type { Skeleton, WeightRef } from '../../../src/contract/skeleton';
import { writeModel, type ModelParts } from '../../../src/onnx/write';
import { toFloat64 } from './toFloat64';

export type Feeds = Record<string, ort.Tensor>;

const OPTIONS: ort.InferenceSession.SessionOptions = {
  graphOptimizationLevel: 'disabled',
  logSeverityLevel: 4,
  intraOpNumThreads: 1,
};

const DTYPES: Readonly<Record<string, Dtype>> = {
  float32: 'float32',
  float64: 'float64',
  float16: 'float16',
  int64: 'int64',
  int32: 'int32',
  bool: 'bool',
  uint8: 'uint8',
  int8: 'int8',
};

export interface Check {
  /** Largest |vjp - difference| over the largest component, or null when there is nothing to differentiate. */
  readonly error: number | null;
  readonly why?: string;
}

export function packed(ref: WeightRef): Uint8Array {
  throw new Error(`packed weight ${ref.name}`);
}

export async function session(parts: ModelParts): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(writeModel(parts, { self: 'model.onnx', packed }), OPTIONS);
}

/** Every value of the main graph as an output. */
export function exposed(model: Skeleton): ModelParts {
  const names = new Set(model.graph.outputs.map((output) => output.name));
  const extra = model.graph.nodes
    .flatMap((node) => node.outputs)
    .filter((name) => name !== '' && !names.has(name));
  const outputs = [
    ...model.graph.outputs,
    ...extra.map((name) => ({ name, type: { kind: 'unknown' } as const })),
  ];
  return { ...model, graph: { ...model.graph, outputs } };
}

export function observe(tensors: Record<string, ort.Tensor>): Map<string, Observed> {
  const observed = new Map<string, Observed>();
  for (const [name, tensor] of Object.entries(tensors)) {
    const dtype = DTYPES[tensor.type];
    if (dtype === undefined) continue;
    const small = tensor.size <= 1024 && (dtype === 'int64' || dtype === 'int32' || dtype === 'bool');
    observed.set(name, {
      dtype,
      dims: tensor.dims,
      ...(small ? { ints: Array.from(tensor.data as ArrayLike<number | bigint>, Number) } : {}),
    });
  }
  return observed;
}

export function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Inputs that choose how an operator works, though they are floats: no gradient is asked for them. */
const SETTINGS: Readonly<Record<string, readonly number[]>> = {
  Resize: [1, 2],
  Upsample: [1],
  Dropout: [1],
  Range: [0, 1, 2],
  RoiAlign: [1],
};

/** Factors by which inputs move before the check, where 0.97 would leave a domain or saturate in single precision. */
const FACTORS: Readonly<Record<string, number>> = { Acosh: 1.03, RNN: 0.1 };

/**
 * Checks every float input of `model` near `feeds` (moved a little, off the kinks that examples like to sit on).
 * Double precision where the runtime has the kernels, else float32 with the best of several steps.
 */
export async function checkGradients(model: Skeleton, feeds: Feeds): Promise<Check> {
  const random = mulberry(7);
  const settings = settingsOf(model);
  const factor = model.graph.nodes.reduce((found, node) => FACTORS[node.op] ?? found, 0.97);
  const near = Object.fromEntries(
    Object.entries(feeds).map(([name, value]) => [
      name,
      settings.has(name) ? value : nudged(value, random, factor),
    ]),
  );
  const single = (): Promise<Check> => checkAt(model, near, [0.1, 0.03, 0.01, 0.003]);
  if (!Object.values(feeds).some((value) => value.type === 'float32')) return single();
  const doubles = Object.fromEntries(
    Object.entries(near).map(([name, value]) => [
      name,
      value.type === 'float32' && !settings.has(name) ? tensor('float64', numbers(value), value.dims) : value,
    ]),
  );
  const inDoubles = async (): Promise<Check> => checkAt(toFloat64(model), doubles, [1e-4]);
  const wide = await inDoubles().catch((error: unknown) => {
    if (error instanceof Failure) throw error;
    return null;
  });
  if (wide?.error === null || (wide !== null && wide.error < 1e-3)) return wide;
  // Some kernels take doubles and compute in single precision; there a wide step tells more.
  const narrow = await single();
  return wide !== null && (narrow.error ?? Infinity) > wide.error ? wide : narrow;
}

function settingsOf(model: Skeleton): Set<string> {
  return new Set(
    model.graph.nodes.flatMap((node) => (SETTINGS[node.op] ?? []).map((i) => node.inputs[i] ?? '')),
  );
}

function nudged(value: ort.Tensor, random: () => number, factor: number): ort.Tensor {
  if (value.type !== 'float32' && value.type !== 'float64') return value;
  const data = numbers(value).map((x) => x * factor + 0.004 * (random() - 0.5) + (x === 0 ? 0.2 : 0));
  return tensor(value.type, data, value.dims);
}

async function checkAt(model: Skeleton, feeds: Feeds, steps: readonly number[]): Promise<Check> {
  const forward = await session(exposed(model));
  const values = (await forward.run(feeds)) as Record<string, ort.Tensor>;
  const observed = observe({ ...feeds, ...values });
  const isNumber = (name: string): boolean => isFloat(observed.get(name)?.dtype ?? 'int64');
  const settings = settingsOf(model);
  const wanted = Object.keys(feeds).filter(
    (name) => isNumber(name) && !settings.has(name) && (feeds[name]?.size ?? 0) > 0,
  );
  const targets = model.graph.outputs.map((output) => output.name).filter(isNumber);
  if (wanted.length === 0 || targets.length === 0) return { error: null, why: 'no float path' };
  const random = mulberry(11);
  const seeds = new Map<string, Float64Array>();
  for (const name of targets) {
    const size = sizeOf(observed.get(name)?.dims ?? []);
    seeds.set(
      name,
      Float64Array.from({ length: size }, () => random() * 2 - 1),
    );
  }
  const gradients = await backwardRun({ model, observed }, wanted, seeds, { ...feeds, ...values });
  if (gradients === null) return { error: null, why: 'independent' };
  const score: Score = async (at, from) => {
    const [high, low] = [await forward.run(at), await forward.run(from)];
    let total = 0;
    for (const [name, seed] of seeds) {
      const [a, b] = [numbers(high[name]), numbers(low[name])];
      // An element that does not move counts 0, also where it is infinite.
      seed.forEach((s, i) => (total += a[i] === b[i] ? 0 : s * ((a[i] ?? 0) - (b[i] ?? 0))));
    }
    return total;
  };
  const errors: number[] = [];
  for (const step of steps) {
    errors.push(await worstError(feeds, wanted, gradients, score, step));
    if ((errors.at(-1) ?? NaN) < 3e-4) break;
  }
  return { error: Math.min(...errors.filter((error) => !Number.isNaN(error)), Infinity) };
}

/** Seeded sum of the outputs at one place less that at another, element by element. */
type Score = (at: Feeds, from: Feeds) => Promise<number>;

/** Largest disagreement over the wanted inputs, relative to the largest component of each. */
async function worstError(
  feeds: Feeds,
  wanted: readonly string[],
  gradients: ReadonlyMap<string, Float64Array>,
  score: Score,
  step: number,
): Promise<number> {
  let worst = 0;
  let largest = 1e-12;
  const elements = Object.values(feeds).reduce((sum, { size }) => sum + size, 0);
  const probes = elements > 2000 ? 4 : 24;
  for (const name of wanted) {
    const base = feeds[name];
    if (base === undefined) continue;
    const gradient = gradients.get(name) ?? new Float64Array(base.size);
    const data = numbers(base);
    const count = Math.min(base.size, probes);
    for (let k = 0; k < count; k++) {
      const i = Math.floor((k * base.size) / count);
      const moved = (amount: number): Feeds => {
        const there = Float64Array.from(data);
        there[i] = (there[i] ?? 0) + amount;
        return { ...feeds, [name]: tensor(base.type, there, base.dims) };
      };
      // Richardson extrapolation: the error is of order step^4.
      const wide = (await score(moved(step), moved(-step))) / (2 * step);
      const narrow = (await score(moved(step / 2), moved(-step / 2))) / step;
      const difference = (4 * narrow - wide) / 3;
      const claimed = gradient[i] ?? 0;
      if (Number.isNaN(difference) && Number.isNaN(claimed)) continue;
      worst = Math.max(worst, Math.abs(difference - claimed));
      largest = Math.max(largest, Math.abs(difference), Math.abs(claimed));
    }
  }
  return worst / largest;
}

/** Gradients by input name, or null when no output depends on any of them. */
async function backwardRun(
  line: StraightLine,
  wanted: readonly string[],
  seeds: ReadonlyMap<string, Float64Array>,
  values: Feeds,
): Promise<Map<string, Float64Array> | null> {
  const names = new Map<string, string>();
  const built = buildBackward(line, wanted, (_, declare) => {
    const seeded = new Map<string, Value>();
    for (const name of seeds.keys()) {
      const { dtype = 'float32', dims = [] } = line.observed.get(name) ?? {};
      const value = declare('seed', dtype, dims);
      names.set(value.name, name);
      seeded.set(name, value);
    }
    return { seeds: seeded };
  });
  if ([...built.gradients.values()].every((name) => name === null)) return null;
  const back = await session(built.parts);
  const feeds: Feeds = {};
  for (const { name, dtype, dims } of built.inputs) {
    if (back.inputNames.includes(name))
      feeds[name] = tensor(dtype, seeds.get(names.get(name) ?? '') ?? [], dims);
  }
  for (const name of built.needs) {
    const value = values[name];
    if (value !== undefined) feeds[name] = value;
  }
  const results = (await back.run(feeds)) as Record<string, ort.Tensor>;
  return new Map(
    wanted.flatMap((name) => {
      const output = built.gradients.get(name);
      return output === null || output === undefined ? [] : [[name, numbers(results[output])] as const];
    }),
  );
}

export function numbers(value: ort.Tensor | undefined): Float64Array {
  if (value === undefined) return new Float64Array(0);
  return Float64Array.from(value.data as ArrayLike<number | bigint>, Number);
}

export function tensor(dtype: Dtype, data: ArrayLike<number>, dims: readonly number[]): ort.Tensor {
  if (dtype === 'float64') return new ort.Tensor('float64', Float64Array.from(data), dims);
  return new ort.Tensor('float32', Float32Array.from(data), dims);
}
