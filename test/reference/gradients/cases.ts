/**
 * The cases of libonnx-testdata as gradient checks: each case's verdict, and the cases that are expected to end without
 * an agreeing gradient, with the reason. A listed case that agrees makes its test fail, so the list stays true.
 */
import * as ort from 'onnxruntime-node';
import { describe as words } from '../../../src/base/errors';
import type { FeedSpec } from '../../../src/contract/run';
import { Straightener } from '../../../src/engine/child/autodiff/straighten';
import { Executor } from '../../../src/engine/child/executor';
import { EngineModel } from '../../../src/engine/child/model';
import { Sessions } from '../../../src/engine/child/sessions';
import type { containerOf } from '../../../src/onnx/rewrite/containers';
import { openLocal, type LocalModel } from '../../../src/onnx/files';
import { WeightReader } from '../../../src/onnx/weights';
import type { Skeleton, WeightRef } from '../../../src/contract/skeleton';
import { toRaw } from '../../../src/tensor/buffers';
import { parsePart, readPart, type TestModel } from '../engine/testdata';
import { checkGradients, type Feeds } from './check';

/** Of the largest component of the vector-Jacobian product. */
export const TOLERANCE = 1e-3;

/** A pattern of case names and what must be said of them. */
export type Exception = readonly [name: RegExp, says: RegExp, reason: string];

export const EXCEPTIONS: readonly Exception[] = [
  [
    /test_(adagrad|adam|momentum|nesterov_momentum)/,
    /not a registered/,
    'an optimiser: the runtime has no kernel',
  ],
  [/test_(gru|lstm|simple_rnn)_batchwise$/, /Batchwise/, 'the runtime has no kernel for layout 1'],
  [
    /test_batchnorm_\w+_training_mode$/,
    /training mode/,
    'refused: statistics of the batch belong to training',
  ],
  [/test_training_dropout/, /training mode/, 'refused: draws at random'],
  [/test_bernoulli/, /random/, 'refused: draws at random'],
  [/test_unique/, /sorts and merges/, 'refused: selects by comparing'],
  [/test_(de|dynamic)quantizelinear(?!.*expanded)/, /quantised integers/, 'refused: quantised'],
  [
    /test_dynamicquantizelinear_min_adjusted_expanded$/,
    /^disagrees/,
    'a staircase: its slope is nowhere that of a step',
  ],
  [/test_cast_FLOAT_to_BFLOAT16$/, /type: 16/, 'the runtime hands out no bfloat16 in Node'],
  [/simple\/test_sequence_model/, /Non tensor/, 'sequences: the runtime hands out no such values in Node'],
  [/simple\/test_gradient_of_add/, /not a registered/, 'the Gradient operator: the runtime has no kernel'],
  [/test_operator_sqrt$/, /^disagrees/, 'the example takes roots of negative numbers: NaN on both sides'],
  [/test_pow_types_float32_uint/, /implementation for Pow/, 'the runtime has no kernel'],
  [/test_cast(like)?_\w*B?FLOAT16/, /float16/, 'the checker seeds no 16-bit outputs'],
  [/test_scan_sum$/, /batched Scan of opset 8/, 'refused: another operator by the same name'],
];

/** From before opset 7, which the runtime no longer has kernels for. */
export const TOO_OLD = /^Could not find an implementation for \w+\([16]\)/;

export type Verdict =
  | { readonly kind: 'agrees'; readonly error: number }
  /** No float32 or float64 input on which a float output depends. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'not'; readonly says: string };

export async function verdictOf(model: TestModel): Promise<Verdict> {
  const [set] = model.sets;
  if (set === undefined) return { kind: 'nothing' };
  const local = await openLocal(model.file);
  try {
    const feeds = feedsOf(local.skeleton.graph.inputs, set);
    if (feeds === null) return { kind: 'nothing' };
    const { error } = await checkGradients(await straightened(local, feeds), feeds);
    if (error === null) return { kind: 'nothing' };
    return error < TOLERANCE
      ? { kind: 'agrees', error }
      : { kind: 'not', says: `disagrees by ${error.toPrecision(3)} of the largest component` };
  } catch (error) {
    return { kind: 'not', says: words(error) };
  } finally {
    await local.source.close();
  }
}

const SETTINGS = { level: 'disabled', packed: false, providers: ['cpu'], threads: 1 } as const;

/** The model as the straight line it is for these feeds: branches taken, loops written out. */
async function straightened(local: LocalModel, feeds: Feeds): Promise<Skeleton> {
  if (!local.skeleton.graph.nodes.some(({ op }) => /^(If|Loop|Scan)$/.test(op))) return inlined(local);
  const executor = new Executor(new Sessions(1 << 28), () => undefined);
  const model = await EngineModel.open('case', local.path);
  try {
    const given = Object.fromEntries(
      Object.entries(feeds).map(([name, { type, dims, data }]) => [name, { dtype: type, dims, data: data }]),
    );
    const floats = Object.keys(feeds).filter((name) => /^float/.test(feeds[name]?.type ?? ''));
    const outputs = local.skeleton.graph.outputs.map(({ name }) => name);
    const straight = await new Straightener(executor).of(model, given, floats, outputs, SETTINGS, undefined);
    return await inlined({ ...local, skeleton: straight.model.skeleton });
  } finally {
    await model.close();
  }
}

/** The model with every weight of its main graph in it, as the checker's rewrites need them. */
async function inlined({ skeleton, source, folder }: LocalModel): Promise<Skeleton> {
  const reader = new WeightReader(source, folder);
  const initializers = new Map<string, WeightRef>();
  for (const [name, ref] of skeleton.graph.initializers) {
    if (ref.where.kind === 'inline') initializers.set(name, ref);
    else {
      const { dtype, data } = await reader.read(ref);
      if (!ArrayBuffer.isView(data)) return skeleton;
      initializers.set(name, { ...ref, where: { kind: 'inline', bytes: toRaw(dtype, data) } });
    }
  }
  return { ...skeleton, graph: { ...skeleton.graph, initializers } };
}

function feedsOf(
  inputs: readonly { readonly name: string; readonly type: Parameters<typeof containerOf>[0] }[],
  set: string,
): Feeds | null {
  const feeds: Feeds = {};
  for (const [i, { name, type }] of inputs.entries()) {
    const bytes = readPart(set, 'input', i);
    if (type.kind !== 'tensor' || bytes === null) return null;
    const spec: FeedSpec = { name, dtype: type.dtype, shape: type.shape, optional: false };
    for (const [, { dtype, dims, data }] of parsePart(bytes, spec)) {
      if (!ArrayBuffer.isView(data)) return null;
      feeds[name] = new ort.Tensor(dtype as 'float32', data as Float32Array, dims);
    }
  }
  return Object.values(feeds).some(({ type }) => type === 'float32' || type === 'float64') ? feeds : null;
}
