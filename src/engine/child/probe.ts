/**
 * Runs a method beside the tensors. The method sees a model, feeds and questions it may ask; its runs take their turns
 * among everyone's, and only findings and progress leave the process. Knows no method.
 */
import { createHash } from 'node:crypto';
import { throwIfCancelled } from '../../base/cancel';
import { Failure } from '../../base/errors';
import type { EngineApi, EngineEvents, ProbeRequest, ProbeResult } from '../../contract/engineApi';
import type { Finding, Method, MethodContext, Provenance } from '../../contract/method';
import type { GradientRequest } from '../../contract/run';
import type { WeightRef } from '../../contract/skeleton';
import { uniform } from '../../data/random';
import { loadMethods } from '../../methods/contributed';
import { valueNames } from '../../methods/asking';
import { findMethod, objectiveTexts } from '../../methods/params';
import { shuffledCopy } from '../../methods/rank';
import { findingProblem } from '../../methods/wellFormed';
import { directionsOf, parseObjective } from '../../onnx/objective';
import { reweigh, tensorsByName } from '../../onnx/rewrite/reweigh';
import { parseSite } from '../../onnx/site';
import { toNumbers, toRaw } from '../../tensor/buffers';
import { encode } from './autodiff/encode';
import { hashFeeds } from './executor';
import type { EngineModel } from './model';
import { runtimeVersion } from './runtime';
import { version } from '../../../package.json';

/** What a probe needs of the engine. */
export interface ProbeHost {
  readonly api: EngineApi;
  /** Copies are known by their ids until they are dropped. */
  readonly models: Map<string, EngineModel>;
  drop(copy: EngineModel): Promise<void>;
  emit<K extends 'progress' | 'finding' | 'log'>(event: K, data: EngineEvents[K]): void;
}

/** Numbers this large are masks, not weights: in another place they would blind the model to its input. */
const MASK = 1e4;

/** Runs the method that the request names. Throws `usage` for an unknown one, `unsupported` where it does not apply. */
export async function probe(
  host: ProbeHost,
  methods: readonly Method[],
  model: EngineModel,
  request: ProbeRequest,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const start = performance.now();
  const { module } = request;
  const method = findMethod(module === undefined ? methods : loadMethods(module), request.method);
  const { token } = request;
  const provenance = {
    model: model.local.path.split(/[\\/]/).at(-1) ?? '',
    modelHash: await fileHash(model),
    seed: request.seed,
    versions: { patchclamp: version, runtime: runtimeVersion() },
    feeds: Object.fromEntries(
      Object.entries({ ...request.directions, ...request.feeds }).map(([name, feed]) => [
        name,
        hashFeeds({ [name]: feed }),
      ]),
    ),
  };
  refuseIdle(model, method, request);
  const context = contextOf(host, model, request, provenance, signal);
  const applies = method.appliesTo(model.skeleton, context.site);
  if (applies !== true) {
    throw new Failure({
      code: 'unsupported',
      message: `“${method.title}” does not apply to ${provenance.model}. ${applies}`,
      remedy: '',
    });
  }
  let findings = 0;
  for await (const step of method.run(context, request.params)) {
    throwIfCancelled(signal);
    if ('progress' in step) host.emit('progress', { token, ...step.progress });
    else host.emit('finding', { token, index: findings++, finding: wellFormed(step, method) });
  }
  throwIfCancelled(signal);
  return { findings, ms: performance.now() - start };
}

/** Throws `bad-objective` for a direction that no objective among the parameters projects on. */
function refuseIdle(model: EngineModel, method: Method, { params, directions = {} }: ProbeRequest): void {
  const texts = objectiveTexts(method, params).filter((text) => text.trim() !== '');
  const named = new Set(texts.flatMap((text) => directionsIn(model, text)));
  const idle = Object.keys(directions).find((name) => !named.has(name));
  if (idle === undefined) return;
  throw new Failure({
    code: 'bad-objective',
    message: `A direction "${idle}" was given, and no objective of “${method.title}” projects on it.`,
    remedy: `Write dot(SITE, ${idle}) in the objective, or leave the direction out.`,
  });
}

function directionsIn({ skeleton }: EngineModel, objective: string): readonly string[] {
  const names = valueNames(skeleton);
  return directionsOf(parseObjective(objective, (name) => names.has(name)));
}

/** A method's question with the directions that its objectives project on. */
function withDirections(
  model: EngineModel,
  { directions = {} }: ProbeRequest,
  gradient: GradientRequest,
): GradientRequest {
  if (Object.keys(directions).length === 0) return gradient;
  const texts = [gradient.objective].flat();
  const named = new Set(texts.flatMap((text) => directionsIn(model, text)));
  const some = Object.entries(directions).filter(([name]) => named.has(name));
  return { ...gradient, directions: { ...Object.fromEntries(some), ...gradient.directions } };
}

/** The finding, where it is one. Throws `internal`: what lacks its control or its origin is not shown. */
function wellFormed(finding: Finding, method: Method): Finding {
  const problem = findingProblem(finding, method);
  if (problem === undefined) return finding;
  throw new Failure({
    code: 'internal',
    message: `A finding of “${method.title}” ${problem}.`,
    remedy: 'It is not shown; tell whoever wrote the method.',
  });
}

function contextOf(
  host: ProbeHost,
  model: EngineModel,
  request: ProbeRequest,
  provenance: Omit<Provenance, 'params'>,
  signal: AbortSignal,
): MethodContext {
  const { api } = host;
  const random = uniform(request.seed);
  const confirmed = request.confirmed === true ? { confirmed: true } : {};
  let copies = 0;
  return {
    model: model.skeleton,
    ...(request.site === undefined ? {} : { site: parseSite(model.skeleton, request.site) }),
    feeds: request.feeds,
    labels: request.labels ?? {},
    provenance,
    signal,
    random,
    run: (run) => Promise.resolve(api.run(model.id, { ...run, ...confirmed }, signal)),
    gradient: (gradient) =>
      Promise.resolve(
        api.gradient(model.id, { ...withDirections(model, request, gradient), ...confirmed }, signal),
      ),
    tensor: async (handle) => {
      const tensor = await api.tensor(handle, undefined, signal);
      api.release([handle]);
      return tensor;
    },
    release: (handles) => api.release(handles),
    log: (text) => host.emit('log', { level: 'info', text: `${request.method}: ${text}` }),
    shuffled: async (weights, work) => {
      throwIfCancelled(signal);
      const seed = request.seed + 7919 * ++copies;
      const tensors = await shuffle(model, weights, uniform(seed), signal);
      const copy = model.withSkeleton(
        `${model.id}~${request.token}~${String(copies)}`,
        reweigh(model.skeleton, tensors),
      );
      host.models.set(copy.id, copy);
      try {
        return await work(contextOf(host, copy, { ...request, seed }, provenance, signal));
      } finally {
        await host.drop(copy);
      }
    },
  };
}

/** The elements of each weight in random order. */
async function shuffle(
  model: EngineModel,
  names: readonly string[],
  random: () => number,
  signal: AbortSignal,
): Promise<Map<string, WeightRef>> {
  const known = tensorsByName(model.skeleton.graph);
  const shuffled = new Map<string, WeightRef>();
  for (const name of names) {
    const ref = known.get(name);
    if (ref === undefined) throw new Error(`The model has no weight "${name}" to shuffle.`);
    const { dtype, data } = await model.weights.read(ref, signal);
    if (!ArrayBuffer.isView(data)) continue;
    const numbers = shuffledCopy(toNumbers(dtype, data), random);
    if (numbers.some((number) => !(Math.abs(number) < MASK))) continue;
    const bytes = dtype === 'float64' ? toRaw(dtype, numbers) : encode(dtype, Array.from(numbers));
    shuffled.set(name, { ...ref, byteLength: bytes.length, where: { kind: 'inline', bytes } });
  }
  return shuffled;
}

const hashes = new WeakMap<EngineModel, Promise<string>>();

/** SHA-256 of the model file. Its external data is not read. */
function fileHash(model: EngineModel): Promise<string> {
  const known = hashes.get(model);
  if (known !== undefined) return known;
  const made = (async () => {
    const { source } = model.local;
    const hash = createHash('sha256');
    const piece = 1 << 20;
    for (let at = 0; at < source.size; at += piece)
      hash.update(await source.read(at, Math.min(piece, source.size - at)));
    return hash.digest('hex');
  })();
  hashes.set(model, made);
  made.catch(() => hashes.delete(model));
  return made;
}
