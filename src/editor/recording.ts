/**
 * One run as a person sees it: every top-level tensor recorded, in as many runs of the engine as memory allows. Sequences,
 * maps and optionals cannot be recorded and are left out; what the engine makes of those among the outputs, it tells.
 */
import { isCancelled, throwIfCancelled } from '../base/cancel';
import type { InferredValue } from '../contract/engineApi';
import type { Captured, RunRequest, RunResult } from '../contract/run';
import { bytesOf, captureGroups, openSizes } from './captureGroups';
import { feedSpecs } from './feedSpecs';
import type { Content } from './openModel';

export type Recording = Pick<RunResult, 'outputs' | 'captures' | 'ms' | 'notes'>;

/** One model in the engine. */
export interface Recorder {
  /** Bytes that the values of one run may take. */
  readonly captureBudget: number;
  run(request: RunRequest, signal: AbortSignal): Promise<RunResult>;
  /** Every value that the runtime finds to be a tensor. */
  infer(): Promise<readonly InferredValue[]>;
}

/** @param inGroups the sentence that says so, where it took several runs */
export async function record(
  engine: Recorder,
  content: Pick<Content, 'skeleton' | 'types'>,
  { feeds, interventions }: Pick<RunRequest, 'feeds' | 'interventions'>,
  inGroups: (runs: number, budget: number) => string,
  signal: AbortSignal,
): Promise<Recording> {
  const { skeleton, types } = content;
  const names = await tensorNames(engine, content);
  const sizes = openSizes(feedSpecs(skeleton), feeds);
  const budget = engine.captureBudget;
  const groups = captureGroups(names, (name) => bytesOf(types.get(name), sizes), budget);
  const [first = [], ...others] = groups;
  const request = { feeds, keep: false, level: 'disabled', interventions: interventions ?? [] } as const;
  const { outputs, captures, ms, notes } = await engine.run({ ...request, capture: first }, signal);
  const all: Captured[] = [...captures];
  let took = ms;
  for (const capture of others) {
    throwIfCancelled(signal);
    const more = await engine.run({ ...request, capture, outputs: [] }, signal);
    all.push(...more.captures);
    took += more.ms;
  }
  const grouped = others.length === 0 ? [] : [inGroups(groups.length, budget)];
  return { outputs, captures: all, ms: took, notes: [...notes, ...grouped] };
}

/** The values that nodes make, but for those known to be no tensors. */
async function tensorNames(
  engine: Recorder,
  { skeleton, types }: Pick<Content, 'skeleton' | 'types'>,
): Promise<readonly string[]> {
  const made = skeleton.graph.nodes.flatMap((node) => node.outputs.filter((output) => output !== ''));
  const names = made.filter((name) => !types.isOther(name));
  if (names.every((name) => types.get(name) !== undefined)) return names;
  const inferred = await inferredNames(engine);
  return inferred === null
    ? names
    : names.filter((name) => types.get(name) !== undefined || inferred.has(name));
}

/** Null where the runtime cannot tell: the run itself will say why. */
async function inferredNames(engine: Recorder): Promise<ReadonlySet<string> | null> {
  try {
    return new Set((await engine.infer()).map(({ name }) => name));
  } catch (error) {
    if (isCancelled(error)) throw error;
    return null;
  }
}
