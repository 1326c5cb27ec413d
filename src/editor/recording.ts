/** One run as a person sees it: every top-level value recorded, in as many runs of the engine as memory allows. */
import { throwIfCancelled } from '../base/cancel';
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
}

/** @param inGroups the sentence that says so, where it took several runs */
export async function record(
  engine: Recorder,
  { skeleton, types }: Pick<Content, 'skeleton' | 'types'>,
  { feeds, interventions }: Pick<RunRequest, 'feeds' | 'interventions'>,
  inGroups: (runs: number, budget: number) => string,
  signal: AbortSignal,
): Promise<Recording> {
  const names = skeleton.graph.nodes.flatMap((node) => node.outputs.filter((output) => output !== ''));
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
