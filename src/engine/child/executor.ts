/**
 * Carries out plans: rewrite, session, run, one after another. Announces every call that blocks the process with the time
 * it is expected to take, so that the host can tell slow from stuck and cancel by replacing the process.
 */
import { createHash } from 'node:crypto';
import { must } from '../../base/assert';
import { breathe, throwIfCancelled } from '../../base/cancel';
import { Lru } from '../../base/lru';
import type { Level } from '../../contract/run';
import type { TensorData } from '../../contract/tensor';
import { pinHalves } from '../../onnx/rewrite/pinHalves';
import { relaxBatch } from '../../onnx/rewrite/relaxBatch';
import type { ModelParts } from '../../onnx/write';
import type { TypeOf } from '../../onnx/rewrite/lift';
import { rewrite, type Plan, type Rewritten } from '../../onnx/rewrite/plan';
import { verifyRewrite } from '../../onnx/rewrite/verify';
import { weightsOf } from '../../onnx/walk';
import { toNumbers } from '../../tensor/buffers';
import { missingFeed, notATensor, runtimeFailure } from './failures';
import { answerPlan, completePlan, namedElements, withCasts } from './handover';
import { inferGraph, typeOf } from './infer';
import { Memory, ownBytes, type Estimate, type Estimated } from './memory';
import type { EngineModel } from './model';
import type { Planned } from './request';
import { isCarried, reportedOutputs, runSession, type Session, type SessionChoice } from './runtime';
import { sessionKey, type KeptSession, type Sessions } from './sessions';
import type { StepNumbers } from './stepNumbers';
import { bytesOf } from './store';

export interface Settings {
  readonly level: Level;
  readonly packed: boolean;
  readonly providers: readonly string[];
  readonly threads: number;
}

export interface Executed {
  readonly outputs: ReadonlyMap<string, TensorData>;
  /** By place in the plan's captures; null where a branch that makes it was not taken. */
  readonly captures: readonly (TensorData | null)[];
  readonly stacked: readonly number[];
  readonly sessionMs: number;
  readonly runMs: number;
  /** Bytes that the process held more of after a session's first run, its making counted; none for later runs. */
  readonly tookBytes?: number;
}

interface Answers extends Executed {
  /** By container output: what was asked of it. */
  readonly opened: ReadonlyMap<string, readonly TensorData[]>;
}

/** A rewrite with its bytes, ready for a session. */
export interface Prepared {
  readonly plan: Plan;
  readonly rewritten: Rewritten;
  readonly bytes: Uint8Array;
  readonly weightBytes: number;
}

/** What a call that blocks the process is, and how long it should take. */
export type Announce = (text: string, predictedMs: number) => void;

/** Bytes of rewrites kept per model: they are made again in milliseconds. */
const PREPARED_BUDGET = 12 << 20;
/** What a node of a rewrite takes beside its encoded form, about. */
const NODE_BYTES = 600;

export class Executor {
  readonly #prepared = new Map<EngineModel, Lru<string, Prepared>>();
  readonly memory = new Memory();

  constructor(
    readonly sessions: Sessions,
    private readonly announce: Announce,
    private readonly rewriting = rewrite,
  ) {}

  /** The rewrite for a plan. Plans are kept by their full text. */
  async prepare(model: EngineModel, plan: Plan, signal?: AbortSignal): Promise<Prepared> {
    const kept = this.#prepared.get(model) ?? new Lru<string, Prepared>(PREPARED_BUDGET);
    this.#prepared.set(model, kept);
    const key = JSON.stringify(plan);
    const known = kept.get(key);
    if (known !== undefined) return known;
    const types = (inner: { path: string; value: string }): ReturnType<typeof tensorType> =>
      tensorType(model, inner);
    const parts = modelFor(model, plan);
    const rewritten = this.rewriting(parts, plan, types);
    verifyRewrite(parts.graph, plan, rewritten);
    const written = { ...rewritten.model, graph: pinHalves(rewritten.model.graph) };
    const bytes = await model.write(written, signal);
    const weightBytes = [...weightsOf(rewritten.model.graph)].reduce((sum, ref) => sum + ref.byteLength, 0);
    const prepared = { plan, rewritten, bytes, weightBytes };
    kept.set(key, prepared, bytes.length + key.length * 2 + rewritten.model.graph.nodes.length * NODE_BYTES);
    return prepared;
  }

  forget(model: EngineModel): void {
    this.#prepared.delete(model);
  }

  /** Runs a plan with these feeds and these numbers for its steps. Throws `bad-feed`, `runtime`, `unsupported`, … */
  async run(
    model: EngineModel,
    planned: Pick<Planned, 'plan' | 'given'>,
    numbers: readonly StepNumbers[],
    feeds: Readonly<Record<string, TensorData>>,
    settings: Settings,
    signal?: AbortSignal,
  ): Promise<Executed> {
    const once = (plan: Plan): Promise<Answers> =>
      this.#once(model, { ...planned, plan }, numbers, feeds, settings, signal);
    let plan = completePlan(model, planned.plan, feeds);
    for (;;) {
      // How many elements a container holds is only known once it is made.
      const asking = plan.containers?.outputs.some(({ ask }) => typeof ask === 'string') === true;
      if (!asking) break;
      plan = answerPlan(plan, (await once({ ...plan, outputs: [], captures: [] })).opened);
    }
    const { opened, outputs, ...executed } = await once(plan);
    return { ...executed, outputs: new Map([...outputs, ...namedElements(plan, opened)]) };
  }

  /** What a run of this plan will take of memory. Shapes are those the runtime has inferred so far. */
  async estimate(
    model: EngineModel,
    planned: Pick<Planned, 'plan' | 'given'>,
    numbers: readonly StepNumbers[],
    feeds: Readonly<Record<string, TensorData>>,
    settings: Settings,
    signal?: AbortSignal,
  ): Promise<Estimate> {
    const plan = completePlan(model, planned.plan, feeds);
    const prepared = await this.prepare(model, plan, signal);
    const given = feedsOf(model, prepared.rewritten, { ...planned, plan }, numbers, feeds);
    const key = sessionKey(prepared.bytes, { ...settings, folder: model.folder });
    const fed = Object.entries(feeds).map(([name, tensor]) => [name, tensor.dims] as const);
    const asked = { ...estimated(model, prepared, key, given, settings), dims: new Map(fed) };
    return this.memory.estimate(asked, signal).catch((error: unknown) => {
      throw runtimeFailure(error, model.skeleton, `Preparing ${model.skeleton.file}`);
    });
  }

  async #once(
    model: EngineModel,
    planned: Pick<Planned, 'plan' | 'given'>,
    numbers: readonly StepNumbers[],
    feeds: Readonly<Record<string, TensorData>>,
    settings: Settings,
    signal: AbortSignal | undefined,
  ): Promise<Answers> {
    const { plan } = planned;
    const prepared = await this.prepare(model, plan, signal);
    const start = performance.now();
    // Only a session's first run is measured, and that from before the session is made.
    const key = sessionKey(prepared.bytes, { ...settings, folder: model.folder });
    const before = this.sessions.has(key) ? null : ownBytes();
    return this.#withSession(model, prepared, settings, signal, async (kept, { rewritten }) => {
      const sessionMs = performance.now() - start;
      refuseOthers(kept.session, plan, rewritten);
      const given = feedsOf(model, rewritten, planned, numbers, feeds);
      const names = rewritten.model.graph.outputs.map(({ name }) => name);
      this.announce(`Running ${model.skeleton.file}`, predictRun(kept, prepared));
      await breathe();
      throwIfCancelled(signal);
      const from = before ?? (kept.times.length === 0 ? ownBytes() : 0);
      const began = performance.now();
      const results = await runSession(kept.session, given, names).catch((error: unknown) => {
        throw runtimeFailure(error, model.skeleton, `Running ${model.skeleton.file}`);
      });
      const runMs = performance.now() - began;
      let tookBytes: number | undefined;
      if (kept.times.length === 0) {
        // Later runs of this session have their memory already. What the process gave back meanwhile must not hide the results.
        const held = names.reduce((sum, name) => sum + bytesOf(resultOf(results, name)), 0);
        tookBytes = Math.max(held, ownBytes() - from);
        this.memory.took(estimated(model, { ...prepared, rewritten }, kept.key, given, settings), tookBytes);
        this.sessions.grew(kept, tookBytes);
      }
      kept.times.push(runMs);
      if (kept.times.length > 8) kept.times.shift();
      throwIfCancelled(signal);
      const found = rewritten.renamedOutputs;
      const outputs = new Map(plan.outputs.map((name) => [name, resultOf(results, found.get(name) ?? name)]));
      const captures = rewritten.captures.map(({ name, guards }) => {
        const computed = guards.every(
          ({ name: guard, expected }) => isTrue(resultOf(results, guard)) === expected,
        );
        return computed ? resultOf(results, name) : null;
      });
      const opened = new Map(
        [...rewritten.opened].map(([name, parts]) => [name, parts.map((part) => resultOf(results, part))]),
      );
      const stacked = rewritten.captures.map((capture) => capture.stacked);
      const told = { outputs, captures, opened, stacked, sessionMs, runMs };
      return tookBytes === undefined ? told : { ...told, tookBytes };
    });
  }

  async #withSession<T>(
    model: EngineModel,
    prepared: Prepared,
    settings: Settings,
    signal: AbortSignal | undefined,
    work: (kept: KeptSession, ready: Prepared) => Promise<T>,
  ): Promise<T> {
    const choice: SessionChoice = { ...settings, folder: model.folder };
    const use = (ready: Prepared): Promise<T> => {
      this.announce(`Preparing ${model.skeleton.file}`, predictCreate(ready, settings));
      return this.sessions.use(ready.bytes, choice, ready.weightBytes, (kept) => work(kept, ready));
    };
    try {
      return await use(prepared);
    } catch (error) {
      const uncarried = /Unsupported data type: \d+/.test(error instanceof Error ? error.message : '');
      if (!uncarried || model.asked.has('')) {
        throw runtimeFailure(error, model.skeleton, `Preparing ${model.skeleton.file}`);
      }
      // Some captured value's type cannot be handed over: ask which, and give it out as float32.
      await inferGraph(model, '', signal);
      const again = await this.prepare(model, withCasts(model, prepared.plan), signal);
      return use(again).catch((second: unknown) => {
        throw runtimeFailure(second, model.skeleton, `Preparing ${model.skeleton.file}`);
      });
    }
  }
}

function estimated(
  model: EngineModel,
  { rewritten, weightBytes }: Prepared,
  key: string,
  given: ReadonlyMap<string, TensorData>,
  { packed }: Settings,
): Estimated {
  const { graph } = rewritten.model;
  return { key, model, graph, given, packedBytes: packed ? weightBytes : 0 };
}

function modelFor(model: EngineModel, plan: Plan): ModelParts {
  if (plan.original === true) return model.original;
  const relaxed = plan.relaxed === true ? relaxBatch(model.skeleton.graph) : null;
  return relaxed === null ? model.skeleton : { ...model.skeleton, graph: relaxed.graph };
}

/** Hash of what was fed, to tell whether two runs had the same input. */
export function hashFeeds(feeds: Readonly<Record<string, TensorData>>): string {
  const hash = createHash('sha1');
  for (const [name, { dtype, dims, data }] of Object.entries(feeds).sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(JSON.stringify([name, dtype, dims]));
    if (ArrayBuffer.isView(data)) hash.update(data);
    else hash.update(JSON.stringify(data));
  }
  return hash.digest('base64');
}

function tensorType(
  model: EngineModel,
  { path, value }: { path: string; value: string },
): ReturnType<TypeOf> {
  const type = typeOf(model, path, value);
  return type?.kind === 'tensor' ? type : undefined;
}

function feedsOf(
  model: EngineModel,
  rewritten: Rewritten,
  planned: Pick<Planned, 'plan' | 'given'>,
  numbers: readonly StepNumbers[],
  feeds: Readonly<Record<string, TensorData>>,
): Map<string, TensorData> {
  const wanted = new Set(rewritten.model.graph.inputs.map(({ name }) => name));
  const result = new Map<string, TensorData>();
  const offer = (name: string, tensor: TensorData): void => {
    if (wanted.has(name)) result.set(name, asCarried(tensor));
  };
  for (const [name, tensor] of Object.entries(feeds)) {
    if (!planned.given.has(name)) offer(lastName(rewritten, name), tensor);
  }
  for (const [name, tensor] of planned.given) offer(lastName(rewritten, name), tensor);
  rewritten.steps.forEach(({ operand, choice }, index) => {
    const step = must(numbers[index], 'every step has numbers');
    offer(operand, step.operand);
    if (choice !== null && step.choice !== null) offer(choice, step.choice);
  });
  for (const name of wanted) {
    if (result.has(name)) continue;
    const original = [...rewritten.renamedInputs].find(([, renamed]) => renamed === name)?.[0] ?? name;
    throw missingFeed(
      must(
        model.inputs.find((input) => input.name === original),
        `"${name}" is an input of the model`,
      ),
    );
  }
  return result;
}

/** Only the runtime knows what is no tensor where the model does not say. */
function refuseOthers(session: Session, plan: Plan, rewritten: Rewritten): void {
  const others = new Set(
    reportedOutputs(session)
      .filter(({ tensor }) => tensor === null)
      .map(({ name }) => name),
  );
  if (others.size === 0) return;
  rewritten.captures.forEach(({ name }, index) => {
    const capture = plan.captures[index];
    if (others.has(name) && capture !== undefined) throw notATensor(capture.value);
  });
  for (const name of plan.outputs) if (others.has(name)) throw notATensor(name);
}

function lastName({ renamedInputs }: Rewritten, name: string): string {
  return renamedInputs.get(name) ?? name;
}

/** Types the host cannot hand over go in as float32, which holds all their numbers. */
function asCarried(tensor: TensorData): TensorData {
  const { dtype, dims, data } = tensor;
  if (isCarried(dtype) || !ArrayBuffer.isView(data)) return tensor;
  return { dtype: 'float32', dims, data: Float32Array.from(toNumbers(dtype, data)) };
}

function resultOf(results: ReadonlyMap<string, TensorData>, name: string): TensorData {
  return must(results.get(name), `the run gave "${name}"`);
}

function isTrue({ data }: TensorData): boolean {
  return Number(data[0] ?? 0) !== 0;
}

/** Weights are mapped at about this many bytes a millisecond on their first use. */
const MAPPED = 250_000;
const PACKED = 150_000;

function predictRun(kept: KeptSession, { weightBytes }: Prepared): number {
  const last = kept.times.at(-1);
  if (last !== undefined) return last;
  return 50 + weightBytes / MAPPED;
}

function predictCreate({ bytes, weightBytes }: Prepared, { packed }: Settings): number {
  return 20 + bytes.length / 20_000 + (packed ? weightBytes / PACKED : 0);
}
