/**
 * A model as programs use it: run, capture and intervene with tensors handed over, over the supervised engine. What other
 * extensions get is made of this, and the command line asks the same questions.
 */
import { Failure } from '../base/errors';
import type { ApiModel, Intervened, Tensors } from '../contract/extensionApi';
import type { Captured, Intervention, RunRequest, RunResult } from '../contract/run';
import type { EngineClient } from './client';
import { streamOver } from './streaming';

/** Opens a local file. Rejects as `EngineClient.open` does. */
export async function openForPrograms(client: EngineClient, file: string): Promise<ApiModel> {
  const { id, inputs, outputs } = await client.open(file);
  const handOver = async (captured: readonly Captured[], signal?: AbortSignal): Promise<Tensors> => {
    const entries = captured.map(async ({ site, handle }) => {
      if (handle === null) throw notComputed(site);
      return [site, await client.tensor(handle, undefined, signal)] as const;
    });
    try {
      return Object.fromEntries(await Promise.all(entries));
    } finally {
      client.release(captured.flatMap(({ handle }) => (handle === null ? [] : [handle])));
    }
  };
  const run = (request: RunRequest, signal?: AbortSignal): Promise<RunResult> =>
    client.run(id, request, signal);
  return {
    inputs,
    outputs,
    infer: (signal) => client.infer(id, signal),
    run,
    tensor: (handle, slice, signal) => client.tensor(handle, slice, signal),
    release: (handles) => client.release(handles),
    async capture(feeds, sites, signal) {
      const { captures } = await run({ feeds, capture: sites, outputs: [] }, signal);
      return handOver(captures, signal);
    },
    async intervene(feeds, interventions: readonly Intervention[], signal): Promise<Intervened> {
      const plain = await run({ feeds, capture: [] }, signal);
      const baseline = await handOver(plain.outputs, signal);
      const changed = await run({ feeds, capture: [], interventions }, signal);
      return { baseline, outputs: await handOver(changed.outputs, signal), notes: changed.notes };
    },
    gradient: (request, signal) => client.gradient(id, request, signal),
    sweep: (request, signal) => client.sweep(id, request, signal),
    stream: async (request, examples, onProgress, signal) =>
      streamOver(await client.api(), id, request, examples, onProgress, signal),
    dispose: () => void client.close(id).catch(() => undefined),
  };
}

function notComputed(site: string): Failure {
  return new Failure({
    code: 'bad-site',
    message: `"${site}" was not computed: the branch that makes it was not taken.`,
    remedy: 'Change the input that decides, or leave the site out.',
  });
}
