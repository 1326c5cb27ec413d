/** Capturing and clamping everything in a model at once, for the proofs that looking changes nothing. */
import { isFailure } from '../../../src/base/errors';
import type { EngineApi } from '../../../src/contract/engineApi';
import type { Intervention, RunRequest, RunResult } from '../../../src/contract/run';
import type { Skeleton } from '../../../src/contract/skeleton';
import type { TensorData } from '../../../src/contract/tensor';
import { bodyAt, stepsOf } from '../../../src/onnx/rewrite/graphPath';
import { parseSite, printSite } from '../../../src/onnx/site';

const SCALED = new Set<string>(['float32', 'float64', 'float16', 'int32', 'int64']);

/** Every value that a node makes, in all graphs but functions, as a site. */
export function allSites(skeleton: Skeleton): string[] {
  const sites: string[] = [];
  for (const [path, graph] of skeleton.graphs) {
    if (path.startsWith('fn:')) continue;
    for (const value of graph.nodes.flatMap((node) => node.outputs)) {
      if (value !== '') sites.push(printSite(skeleton, { graph: path, value, slices: [], stage: 'after' }));
    }
  }
  return [...new Set(sites)];
}

export interface Everything {
  readonly result: RunResult;
  /** Those that are tensors, and were captured. */
  readonly sites: readonly string[];
  /** Sites the engine refused, with its sentence. */
  readonly refused: readonly string[];
}

/** Captures all sites that are tensors; the engine says which are not, and why. */
export async function captureEverything(
  api: EngineApi,
  model: string,
  request: Omit<RunRequest, 'capture'>,
  sites: readonly string[],
): Promise<Everything> {
  let left = [...sites];
  const refused: string[] = [];
  for (;;) {
    try {
      return { result: await api.run(model, { ...request, capture: left }), sites: left, refused };
    } catch (error) {
      if (!isFailure(error) || error.code !== 'unsupported') throw error;
      const named =
        left.find((site) => error.message.includes(`"${site}"`)) ??
        left.find((site) => error.message.includes(`"${site.split('/').at(-1) ?? site}"`));
      if (named === undefined) throw error;
      refused.push(`${named}: ${error.message}`);
      left = left.filter((site) => site !== named);
    }
  }
}

/** Whether a site lies in the body of a Loop or Scan: there it has a value per iteration. */
export function inLoop(skeleton: Skeleton, site: string): boolean {
  let graph = skeleton.graph;
  for (const step of stepsOf(parseSite(skeleton, site).graph) ?? []) {
    if (graph.nodes[step.node]?.op !== 'If') return true;
    graph = bodyAt(graph, step);
  }
  return false;
}

/**
 * Hands every captured value back to where it came from, all in one run, and captures what the model would have had
 * there. Each node then computes from the recorded values: a hook on the wrong tensor shows at once.
 */
export async function handBack(
  api: EngineApi,
  model: string,
  feeds: RunRequest['feeds'],
  everything: Everything,
  skeleton: Skeleton,
): Promise<{ readonly result: RunResult; readonly given: ReadonlyMap<string, TensorData> }> {
  const given = new Map<string, TensorData>();
  for (const { site, handle } of everything.result.captures) {
    if (handle !== null && !inLoop(skeleton, site)) given.set(site, await api.tensor(handle));
  }
  // What has a value per iteration cannot be handed back by one: it is scaled by 1 where it can be.
  const looped = everything.result.captures.filter(
    ({ site, dtype }) => SCALED.has(dtype) && inLoop(skeleton, site),
  );
  const interventions: Intervention[] = [
    ...[...given].map(([site, value]) => ({ kind: 'replace', site, value }) as const),
    ...looped.map(({ site }) => ({ kind: 'scale', site, factor: 1 }) as const),
  ];
  const capture = [...given.keys()].map((site) => `${site.replace(/[#@!\\]/g, '\\$&')}!raw`);
  return { result: await api.run(model, { feeds, capture, interventions }), given };
}

/** Multiplies everything that was captured and can be multiplied by 1, in one run. */
export function scaleByOne(
  api: EngineApi,
  model: string,
  feeds: RunRequest['feeds'],
  everything: Everything,
): Promise<RunResult> {
  const interventions = everything.result.captures
    .filter(({ dtype }) => SCALED.has(dtype))
    .map(({ site }): Intervention => ({ kind: 'scale', site, factor: 1 }));
  return api.run(model, { feeds, capture: [], interventions });
}
