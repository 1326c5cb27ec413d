/**
 * Checks vector-Jacobian products of a model against central differences of the runtime's own forward pass.
 * The step is chosen for float32; a probe direction is random and seeded, so that one number checks a whole gradient.
 */
import * as ort from 'onnxruntime-node';
import { sizeOf } from '../../src/tensor/shape';
import { isFloat, type Dtype } from '../../src/tensor/dtype';
import { buildBackward, type Observed, type StraightLine } from '../../src/engine/child/autodiff/graph';
import type { Skeleton, WeightRef } from '../../src/contract/skeleton';
import { writeModel, type ModelParts } from '../../src/onnx/write';

export type Feeds = Record<string, ort.Tensor>;

const OPTIONS: ort.InferenceSession.SessionOptions = {
  graphOptimizationLevel: 'disabled',
  logSeverityLevel: 4,
  intraOpNumThreads: 1,
};

const DTYPES: Readonly<Record<string, Dtype>> = { float32: 'float32', float64: 'float64', float16: 'float16', int64: 'int64', int32: 'int32', bool: 'bool', uint8: 'uint8', int8: 'int8' };

export interface Check {
  /** Largest |vjp - difference| over the largest component, or null when there is nothing to differentiate. */
  readonly error: number | null;
  readonly why?: string;
}

function packed(ref: WeightRef): Uint8Array {
  throw new Error(`packed weight ${ref.name}`);
}

export async function session(parts: ModelParts): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(writeModel(parts, { self: 'model.onnx', packed }), OPTIONS);
}

/** Every value of the main graph as an output. */
export function exposed(model: Skeleton): ModelParts {
  const names = new Set(model.graph.outputs.map((output) => output.name));
  const extra = model.graph.nodes.flatMap((node) => node.outputs).filter((name) => name !== '' && !names.has(name));
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

/** Checks every float input of `model` at `feeds`. */
export async function checkGradients(model: Skeleton, feeds: Feeds, step = 1e-2): Promise<Check> {
  const forward = await session(exposed(model));
  const values = (await forward.run(feeds)) as Record<string, ort.Tensor>;
  const observed = observe({ ...feeds, ...values });
  const line: StraightLine = { model, observed };
  const wanted = Object.keys(feeds).filter((name) => isFloat(observed.get(name)?.dtype ?? 'int64') && (feeds[name]?.size ?? 0) > 0);
  const targets = model.graph.outputs
    .map((output) => output.name)
    .filter((name) => isFloat(observed.get(name)?.dtype ?? 'int64'));
  if (wanted.length === 0 || targets.length === 0) return { error: null, why: 'no float path' };
  const random = mulberry(7);
  const seeds = new Map<string, Float64Array>();
  for (const name of targets) {
    seeds.set(name, Float64Array.from({ length: sizeOf(observed.get(name)?.dims ?? []) }, () => random() * 2 - 1));
  }
  const seedInputs = new Map<string, string>();
  const built = buildBackward(line, wanted, (b, input) => {
    const map = new Map<string, import('../../src/engine/child/autodiff/builder').Value>();
    for (const name of targets) {
      const { dtype, dims } = observed.get(name) ?? { dtype: 'float32', dims: [] };
      const value = input(`seed`, dtype, dims);
      seedInputs.set(value.name, name);
      map.set(name, value);
    }
    return { seeds: map };
  });
  if ([...built.gradients.values()].every((name) => name === null)) return { error: null, why: 'independent' };
  const back = await session(built.parts);
  const backFeeds: Feeds = {};
  for (const { name, dtype, dims } of built.inputs) backFeeds[name] = tensor(dtype, seeds.get(seedInputs.get(name) ?? '') ?? [], dims);
  for (const name of built.needs) {
    const value = values[name] ?? feeds[name];
    if (value !== undefined) backFeeds[name] = value;
  }
  const used = new Set(back.inputNames);
  const grads = (await back.run(Object.fromEntries(Object.entries(backFeeds).filter(([n]) => used.has(n))))) as Record<string, ort.Tensor>;
  const score = async (at: Feeds): Promise<number> => {
    const out = (await forward.run(at)) as Record<string, ort.Tensor>;
    let total = 0;
    for (const name of targets) {
      const seed = seeds.get(name);
      const data = numbers(out[name]);
      seed?.forEach((s, i) => (total += s * (data[i] ?? 0)));
    }
    return total;
  };
  let worst = 0;
  let largest = 1e-12;
  for (const name of wanted) {
    const gradName = built.gradients.get(name);
    const base = feeds[name];
    if (base === undefined) continue;
    const grad = gradName === null || gradName === undefined ? new Float64Array(base.size) : numbers(grads[gradName]);
    const data = numbers(base);
    const count = Math.min(base.size, 24);
    for (let k = 0; k < count; k++) {
      const i = Math.floor((k * base.size) / count);
      const move = async (amount: number): Promise<number> => {
        const moved = Float64Array.from(data);
        moved[i] = (moved[i] ?? 0) + amount;
        return score({ ...feeds, [name]: tensor(observed.get(name)?.dtype ?? 'float32', moved, base.dims) });
      };
      // Richardson extrapolation: errors of order step^4.
      const h = base.type === 'float64' ? 1e-4 : step;
      const wide = ((await move(h)) - (await move(-h))) / (2 * h);
      const narrow = ((await move(h / 2)) - (await move(-h / 2))) / h;
      const difference = (4 * narrow - wide) / 3;
      worst = Math.max(worst, Math.abs(difference - (grad[i] ?? 0)));
      largest = Math.max(largest, Math.abs(difference), Math.abs(grad[i] ?? 0));
    }
  }
  if (process.env.DBG) console.log(wanted, [...built.gradients], Object.fromEntries(Object.entries(grads).map(([k,v])=>[k,[v.type,v.dims,Array.from(numbers(v)).slice(0,4)]])), worst, largest, built.parts.graph.nodes.map(n=>n.op+":"+n.inputs+">"+n.outputs), Object.entries(values).map(([k,v])=>[k,numbers(v).slice(0,3)]), Object.entries(feeds).map(([k,v])=>[k,numbers(v).slice(0,3)]));
  return { error: worst / largest };
}

export function numbers(value: ort.Tensor | undefined): Float64Array {
  if (value === undefined) return new Float64Array(0);
  return Float64Array.from(value.data as ArrayLike<number | bigint>, Number);
}

export function tensor(dtype: Dtype, data: ArrayLike<number>, dims: readonly number[]): ort.Tensor {
  if (dtype === 'float64') return new ort.Tensor('float64', Float64Array.from(data), dims);
  return new ort.Tensor('float32', Float32Array.from(data), dims);
}
