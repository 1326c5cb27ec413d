/** An engine in the test's own process, whose models are closed behind the tests that ask it. */
import type { EngineApi } from '../../../src/contract/engineApi';
import { Engine, type EngineOptions } from '../../../src/engine/child/engine';

/** To be called where `after` may be: within `describe`. */
export function testEngine(
  options: Partial<EngineOptions> = {},
  emit: ConstructorParameters<typeof Engine>[1] = () => undefined,
): EngineApi {
  const engine = new Engine({ sessionBudget: 1e9, tensorBudget: 1e9, threads: 1, ...options }, emit);
  after(() => engine.dispose());
  return engine.api();
}

/** The same for the length of one piece of work. */
export async function withEngine<T>(
  options: Partial<EngineOptions>,
  work: (api: EngineApi) => Promise<T>,
): Promise<T> {
  const engine = new Engine(
    { sessionBudget: 1e9, tensorBudget: 1e9, threads: 1, ...options },
    () => undefined,
  );
  try {
    return await work(engine.api());
  } finally {
    await engine.dispose();
  }
}
