/** An engine in this process that knows the given methods, as the command line's client. */
import type { EngineEvents } from '../../../src/contract/engineApi';
import type { Finding, Method } from '../../../src/contract/method';
import type { TensorData } from '../../../src/contract/tensor';
import type { ProbeEngine } from '../../../src/cli/probe';
import { uniform } from '../../../src/data/random';
import { Engine } from '../../../src/engine/child/engine';
import { Probes } from '../../../src/engine/probes';
import { join } from 'node:path';

export const MODELS = join(__dirname, '../../reference/gradients/models');

export function engineWith(methods: readonly Method[]): ProbeEngine & { close(id: string): Promise<void> } {
  const probes = new Probes();
  const emit = <K extends keyof EngineEvents>(event: K, data: EngineEvents[K]): void => {
    if (event === 'progress') probes.progress(data as EngineEvents['progress']);
    if (event === 'finding') probes.finding(data as EngineEvents['finding']);
  };
  const engine = new Engine({ sessionBudget: 1 << 28, tensorBudget: 1 << 28, threads: 1 }, emit, methods);
  const api = engine.api();
  return {
    open: async (file) => api.open(file),
    probe: (model, request, heard, signal) =>
      probes.during(heard, async (token) => api.probe(model, { ...request, token }, signal)),
    close: async (id) => api.close(id),
    dispose: () => void engine.dispose(),
  };
}

export interface Asked {
  readonly findings: readonly Finding[];
  readonly progress: readonly { readonly done: number; readonly total: number; readonly text: string }[];
}

/** Runs a method; `onStep` hears of every progress. */
export async function ask(
  methods: readonly Method[],
  id: string,
  file: string,
  feeds: Readonly<Record<string, TensorData>>,
  params: Readonly<Record<string, string | number | boolean | readonly string[]>>,
  seed = 1,
  signal?: AbortSignal,
  onStep: () => void = () => undefined,
): Promise<Asked> {
  const engine = engineWith(methods);
  const model = await engine.open(file);
  const findings: Finding[] = [];
  const progress: Asked['progress'][number][] = [];
  const heard = {
    onFinding: (finding: Finding) => findings.push(finding),
    onProgress: (step: Asked['progress'][number]) => {
      progress.push(step);
      onStep();
    },
  };
  await engine
    .probe(model.id, { method: id, params, feeds, seed }, heard, signal)
    .finally(() => engine.close(model.id));
  return { findings, progress };
}

export function noise(dims: readonly number[], seed: number): TensorData {
  const random = uniform(seed);
  const size = dims.reduce((a, b) => a * b, 1);
  return { dtype: 'float32', dims, data: Float32Array.from({ length: size }, () => 2 * random() - 1) };
}
