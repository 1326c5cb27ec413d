/**
 * A value in the body of a Loop comes out stacked over the iterations, which needs one shape for all of them. When the
 * runtime stops for that, this finds the value it was, since the runtime does not say.
 */
import { Failure, isFailure } from '../../base/errors';
import type { TensorData } from '../../contract/tensor';
import type { Executor, Settings } from './executor';
import type { EngineModel } from './model';
import type { Planned } from './request';

const VARIES = /Inconsistent shape in loop output/;

/** The sentence for such an error, or undefined when it is another one. */
export async function varyingCapture(
  executor: Executor,
  model: EngineModel,
  { plan, captures }: Planned,
  feeds: Readonly<Record<string, TensorData>>,
  settings: Settings,
  error: unknown,
  signal?: AbortSignal,
): Promise<Failure | undefined> {
  if (!isFailure(error) || !VARIES.test(error.message)) return undefined;
  for (const { text, site, capture } of captures) {
    const alone = plan.captures[capture];
    if (site.graph === '' || alone === undefined) continue;
    const single = {
      plan: { ...plan, outputs: [], captures: [alone], steps: [], given: [] },
      given: new Map(),
    };
    try {
      await executor.run(model, single, [], feeds, settings, signal);
    } catch (again) {
      if (isFailure(again) && VARIES.test(again.message)) return varies(text, again);
      throw again;
    }
  }
  return undefined;
}

function varies(site: string, cause: Failure): Failure {
  return new Failure({
    code: 'unsupported',
    message: `"${site}" changes its shape from one iteration to the next, so its values cannot be stacked.`,
    remedy: 'Choose a value of the body whose shape stays the same.',
    cause,
  });
}
