/**
 * The engine's own proof that looking changes nothing: what a new session gives, with every intervention set to change
 * nothing, is compared with the plain model's own outputs on the same feeds. Bit by bit at level `disabled`, within 1e-5
 * of the largest reference value elsewhere; what the runtime's optimiser fuses it rounds less often, which shows in a
 * model of float16 or bfloat16. A session that fails is refused.
 *
 * A session without outputs (only what is upstream of a captured value) is compared with an uncut one that captures the
 * same. That runs the whole model; where it would take long it is put off, and said so.
 */
import { must } from '../../base/assert';
import { Failure, isFailure } from '../../base/errors';
import { Lru } from '../../base/lru';
import type { TensorData } from '../../contract/tensor';
import { containerOf } from '../../onnx/rewrite/containers';
import { neededNames } from '../../onnx/rewrite/cut';
import { narrowIn } from '../../onnx/rewrite/pinHalves';
import { toNumbers } from '../../tensor/buffers';
import type { Dtype } from '../../tensor/dtype';
import { relativeDifference, sameBits } from './compare';
import type { Executed, Executor, Settings } from './executor';
import type { EngineModel } from './model';
import type { Planned } from './request';
import type { Check } from './sessions';
import { bytesOf } from './store';

type Feeds = Readonly<Record<string, TensorData>>;

/** Operators whose results differ from run to run by design. */
const RANDOM = new Set([
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Multinomial',
  'Bernoulli',
]);

/** Beyond this, in milliseconds, the check of a session without outputs is put off. */
const AT_ONCE = 250;
export const TOLERANCE = 1e-5;
/** The same where numbers have 11 or 8 bits: a few of their roundings, which add up along a model. */
const NARROW_TOLERANCE = { float16: 5e-3, bfloat16: 4e-2 } as const;
/** Other providers order and round sums in their own ways. */
const PARITY = 1e-3;

export class Checker {
  /** Outputs of plain models, by model, feeds and settings. */
  readonly #plain = new Lru<string, ReadonlyMap<string, TensorData>>(64 << 20);
  /** What each plan was found to be. */
  readonly #found = new Lru<string, Check>(2 << 20);

  constructor(private readonly executor: Executor) {}

  /**
   * Checks a plan once. `executed` is what it gave with `planned`'s numbers. Throws `internal` when looking changed the
   * result. `thorough`: do not put anything off.
   */
  async check(
    model: EngineModel,
    planned: Planned,
    feeds: Feeds,
    feedsHash: string,
    settings: Settings,
    executed: Executed,
    thorough: boolean,
    signal?: AbortSignal,
  ): Promise<Check> {
    // With fewer inputs fed there is less to compare with.
    const key = JSON.stringify([model.id, settings, planned.plan, runnable(model, feeds)]);
    const known = this.#found.get(key);
    if (known !== undefined && known !== 'pending') return known;
    const found = await this.#compare(model, planned, feeds, feedsHash, settings, executed, thorough, signal);
    this.#found.set(key, found, key.length * 2);
    return found;
  }

  /** Outputs of the plain model, when they are at hand. */
  plainOutputs(
    model: EngineModel,
    feedsHash: string,
    settings: Settings,
  ): ReadonlyMap<string, TensorData> | undefined {
    return this.#plain.get(plainKey(model, feedsHash, settings));
  }

  forget(model: EngineModel): void {
    for (const key of [...this.#found.keys()]) if (key.startsWith(`["${model.id}",`)) this.#found.delete(key);
  }

  async #compare(
    model: EngineModel,
    planned: Planned,
    feeds: Feeds,
    feedsHash: string,
    settings: Settings,
    executed: Executed,
    thorough: boolean,
    signal: AbortSignal | undefined,
  ): Promise<Check> {
    if (randomNodes(model).length > 0) return 'not-comparable';
    const { plan } = planned;
    const changes = planned.steps.length > 0 || planned.given.size > 0;
    const plain = plan.captures.length === 0 && !changes && plan.outputs.length > 0;
    const functions = model.original.functions.length > 0;
    if (plain && !functions && isCpu(settings) && plan.outputs.length === comparable(model).length) {
      this.#remember(model, feedsHash, settings, executed.outputs);
      return 'equal';
    }
    const cut = plan.outputs.length === 0;
    if (cut && !thorough && this.#estimate(model, feedsHash, settings) > AT_ONCE) return 'pending';
    // What another provider gives is compared with the CPU's.
    const onCpu = isCpu(settings) ? settings : { ...settings, providers: ['cpu'] };
    const reference = await this.#reference(model, planned, feeds, feedsHash, onCpu, signal);
    const actual = changes
      ? await this.#identity(model, planned, reference, feeds, settings, signal)
      : executed;
    const found = verdict(model, planned, settings, actual, reference);
    return cut && reference.outputs.size === 0 && comparable(model).length > 0 ? 'not-comparable' : found;
  }

  /** The plan's outputs and captures without any change, from as much of the model as runs with these feeds. */
  async #reference(
    model: EngineModel,
    planned: Planned,
    feeds: Feeds,
    feedsHash: string,
    settings: Settings,
    signal: AbortSignal | undefined,
  ): Promise<Executed> {
    const { plan } = planned;
    const nothing = { steps: [], given: [] };
    const known = this.plainOutputs(model, feedsHash, settings);
    const names = replacedValues(planned).map((value) => ({ path: '', value, raw: false }));
    const cut = plan.outputs.length === 0;
    const possible = runnable(model, feeds);
    let all: readonly string[] = possible;
    let plain = known;
    if (plain === undefined) {
      const run = async (outputs: readonly string[]): Promise<Executed['outputs']> => {
        if (outputs.length === 0) return new Map();
        const uncaptured = {
          plan: { ...plan, ...nothing, outputs, captures: [], original: true },
          given: new Map<string, TensorData>(),
        };
        return (await this.executor.run(model, uncaptured, [], feeds, settings, signal)).outputs;
      };
      plain = await run(all).catch((error: unknown) => {
        // What is asked for does not need the operator that the runtime has not.
        if (!isFailure(error) || error.code !== 'unsupported') throw error;
        all = plan.outputs;
        return run(all);
      });
      if (all === possible) this.#remember(model, feedsHash, settings, plain);
    }
    if (!cut && names.length === 0) {
      return { outputs: plain, captures: [], stacked: [], sessionMs: 0, runMs: 0 };
    }
    const captures = [...plan.captures.map((capture) => ({ ...capture, raw: false })), ...names];
    const uncut = {
      plan: { ...plan, ...nothing, outputs: all, captures },
      given: new Map<string, TensorData>(),
    };
    const whole = await this.executor.run(model, uncut, [], feeds, settings, signal);
    for (const [name, output] of plain) {
      const other = whole.outputs.get(name);
      if (other === undefined || !agree(model, other, output, settings))
        throw changedBy(model, name, 'capturing');
    }
    return whole;
  }

  /** The plan with numbers that change nothing; what it is handed is what the plain model had there. */
  async #identity(
    model: EngineModel,
    planned: Planned,
    reference: Executed,
    feeds: Feeds,
    settings: Settings,
    signal: AbortSignal | undefined,
  ): Promise<Executed> {
    const were = new Map<string, TensorData>();
    replacedValues(planned).forEach((name, index) => {
      const tensor = reference.captures[planned.plan.captures.length + index] ?? null;
      were.set(name, must(tensor, `the plain model makes "${name}"`));
    });
    const given = new Map(
      [...planned.given.keys()].map((name) => [name, must(were.get(name), 'it was captured')]),
    );
    const numbers = planned.steps.map(({ identity, step }) => {
      if (identity !== null) return identity;
      return { operand: workedOn(must(were.get(step.value), 'it was captured'), step.dtype), choice: null };
    });
    return this.executor.run(model, { plan: planned.plan, given }, numbers, feeds, settings, signal);
  }

  #remember(
    model: EngineModel,
    feedsHash: string,
    settings: Settings,
    outputs: ReadonlyMap<string, TensorData>,
  ): void {
    const cost = [...outputs.values()].reduce((sum, tensor) => sum + bytesOf(tensor), 0);
    this.#plain.set(plainKey(model, feedsHash, settings), outputs, cost);
  }

  /** Milliseconds that the whole model would take. */
  #estimate(model: EngineModel, feedsHash: string, settings: Settings): number {
    if (this.plainOutputs(model, feedsHash, settings) !== undefined) return 0;
    return model.skeleton.weightBytes / 250_000;
  }
}

/** Values of the main graph that the plan takes from outside, whole. */
function replacedValues({ given, steps }: Planned): string[] {
  const swapped = steps.filter(({ step }) => step.form === 'swap').map(({ step }) => step.value);
  return [...new Set([...given.keys(), ...swapped])];
}

/** Whole numbers of a few bits are captured as floats and worked on as bytes. */
function workedOn(tensor: TensorData, dtype: Dtype): TensorData {
  if (tensor.dtype === dtype || !ArrayBuffer.isView(tensor.data)) return tensor;
  const bytes = dtype === 'uint8' ? Uint8Array : Int8Array;
  return { dtype, dims: tensor.dims, data: bytes.from(toNumbers(tensor.dtype, tensor.data)) };
}

/** Outputs that are tensors or hold tensors. */
function comparable(model: EngineModel): string[] {
  const { outputs } = model.skeleton.graph;
  return outputs
    .filter(({ type }) => type.kind === 'tensor' || type.kind === 'unknown' || containerOf(type) !== null)
    .map(({ name }) => name);
}

/** Those of them that these feeds suffice for. */
function runnable(model: EngineModel, feeds: Feeds): string[] {
  const { graph } = model.skeleton;
  const missing = new Set(
    model.inputs
      .filter(({ name, optional }) => !optional && !Object.hasOwn(feeds, name))
      .map(({ name }) => name),
  );
  if (missing.size === 0) return comparable(model);
  return comparable(model).filter(
    (name) => ![...neededNames(graph, [name])].some((need) => missing.has(need)),
  );
}

function plainKey(model: EngineModel, feedsHash: string, settings: Settings): string {
  return JSON.stringify([model.id, feedsHash, settings]);
}

/** Names of operators in the model whose results are random. */
export function randomNodes({ skeleton }: EngineModel): string[] {
  return [...new Set(skeleton.nodes.filter(isRandom).map(({ op }) => op))];
}

function isRandom({ op, domain, inputs }: EngineModel['skeleton']['nodes'][number]): boolean {
  if (domain !== '' && domain !== 'ai.onnx') return false;
  // Dropout is the identity unless its third input, training_mode, is given.
  return RANDOM.has(op) || (op === 'Dropout' && (inputs[2] ?? '') !== '');
}

function isCpu({ providers }: Settings): boolean {
  return providers.every((name) => name === 'cpu');
}

function agree(model: EngineModel, actual: TensorData, reference: TensorData, settings: Settings): boolean {
  if (!isCpu(settings)) return relativeDifference(actual, reference) <= PARITY;
  return settings.level === 'disabled'
    ? sameBits(actual, reference)
    : relativeDifference(actual, reference) <= toleranceOf(model);
}

function toleranceOf({ skeleton }: EngineModel): number {
  const narrow = narrowIn(skeleton.graph);
  return narrow === null ? TOLERANCE : NARROW_TOLERANCE[narrow];
}

function verdict(
  model: EngineModel,
  { plan, steps, given }: Planned,
  settings: Settings,
  actual: Executed,
  reference: Executed,
): Check {
  const provider = isCpu(settings) ? '' : `${settings.providers[0] ?? ''} and `;
  const how =
    provider + (steps.length > 0 || given.size > 0 ? 'an intervention that changes nothing' : 'capturing');
  for (const [name, mine] of actual.outputs) {
    const plain = reference.outputs.get(name);
    if (plain === undefined || !agree(model, mine, plain, settings)) throw changedBy(model, name, how);
  }
  if (plan.outputs.length === 0) {
    plan.captures.forEach(({ value }, index) => {
      const [mine, plain] = [actual.captures[index] ?? null, reference.captures[index] ?? null];
      if (mine === null && plain === null) return;
      if (mine === null || plain === null || !agree(model, mine, plain, settings))
        throw changedBy(model, value, how);
    });
  }
  return settings.level === 'disabled' && isCpu(settings) ? 'equal' : 'within';
}

function changedBy(model: EngineModel, value: string, how: string): Failure {
  return new Failure({
    code: 'internal',
    message: `In ${model.skeleton.file}, ${how} changed "${value}", so what was recorded cannot be trusted and is not shown.`,
    remedy: 'Report this with the model if you can; capture another value.',
  });
}
