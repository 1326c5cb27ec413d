/** One run as a person sees it: every top-level value recorded, in as many runs of the engine as memory allows. */
import { l10n } from 'vscode';
import { throwIfCancelled } from '../base/cancel';
import type { Captured, RunRequest, RunResult } from '../contract/run';
import { formatBytes } from '../tensor/format';
import { bytesOf, captureGroups, openSizes } from './captureGroups';
import type { EngineAccess } from './engineAccess';
import { feedSpecs } from './feedSpecs';
import type { Content, OpenModel } from './openModel';

export type Recording = Pick<RunResult, 'outputs' | 'captures' | 'ms' | 'notes'>;

export async function record(
  engine: EngineAccess,
  model: OpenModel,
  { skeleton, types }: Content,
  { feeds, interventions }: Pick<RunRequest, 'feeds' | 'interventions'>,
  signal: AbortSignal,
): Promise<Recording> {
  const names = skeleton.graph.nodes.flatMap((node) => node.outputs.filter((output) => output !== ''));
  const sizes = openSizes(feedSpecs(skeleton), feeds);
  const budget = engine.captureBudget;
  const groups = captureGroups(names, (name) => bytesOf(types.get(name), sizes), budget);
  const [first = [], ...others] = groups;
  const request = { feeds, keep: false, level: 'disabled', interventions: interventions ?? [] } as const;
  const { outputs, captures, ms, notes } = await engine.run(model, { ...request, capture: first }, signal);
  const all: Captured[] = [...captures];
  let took = ms;
  for (const capture of others) {
    throwIfCancelled(signal);
    const more = await engine.run(model, { ...request, capture, outputs: [] }, signal);
    all.push(...more.captures);
    took += more.ms;
  }
  const grouped =
    others.length === 0
      ? []
      : [
          l10n.t(
            'Values were recorded in {0} runs, so that those of one run stay within {1} of memory.',
            groups.length,
            formatBytes(budget),
          ),
        ];
  return { outputs, captures: all, ms: took, notes: [...notes, ...grouped] };
}
