/**
 * The engine's process killed in the middle of work, again and again: every answer that was given is right, the work at
 * hand alone fails, with a sentence that names it, and the next try in the new process gives the same numbers.
 */
import assert from 'node:assert/strict';
import { delay } from '../../src/base/cancel';
import { isFailure } from '../../src/base/errors';
import type { RunResult } from '../../src/contract/run';
import type { EngineClient } from '../../src/engine/client';
import { uniform } from '../../src/data/random';
import { floats } from '../unit/engine/models';

export interface KillOutcome {
  /** Work that was told of as failed; the rest was done before the kill, or began after it. */
  readonly failed: number;
  readonly answered: number;
}

const FEEDS = { x: floats([6, 6], -18) };

/** When to kill: so many milliseconds after the process has told so often what it begins. */
export interface Moment {
  readonly told: number;
  readonly ms: number;
}

/** One kill: several pieces of work at once, a kill in the middle, and all of it again. `held` outlives kills. */
export async function killOnce(
  client: EngineClient,
  model: string,
  seed: number,
  held: Map<string, readonly number[]>,
  moment?: Moment,
): Promise<KillOutcome> {
  const random = uniform(seed);
  const sites = Array.from({ length: 4 }, () => `s${String(Math.floor(random() * 40))}`);
  const ask = (site: string): Promise<RunResult> =>
    client.run(model, {
      feeds: FEEDS,
      capture: [site],
      interventions: [{ kind: 'scale', site: 's3', factor: 0.5 }],
    });
  // The four begin between 4 and 16 things, by how much the process knows already.
  const { told, ms } = moment ?? { told: 1 + Math.floor(random() * 8), ms: Math.floor(random() * 5) };
  const begun = toldOften(client, told);
  const work = sites.map((site) => ask(site).then((result) => ({ site, result })));
  const settled = Promise.allSettled(work);
  await Promise.race([begun, settled]);
  if (ms > 0) await delay(ms);
  const { pid } = client;
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
  let [failed, answered] = [0, 0];
  for (const outcome of await settled) {
    if (outcome.status === 'fulfilled') {
      answered++;
      remember(held, outcome.value.site, outcome.value.result);
      continue;
    }
    failed++;
    const { reason } = outcome as { readonly reason: unknown };
    assert.ok(isFailure(reason) && reason.code === 'engine-crashed', String(reason));
    assert.match(reason.message, /while (opening|starting|capturing s\d+, with scale s3, in a run of) /);
  }
  assert.ok(failed <= 1, `${String(failed)} calls were told of as failed, and one was at work`);
  for (const site of sites) {
    // A kill that came after all the work is noticed by the first that asks: it is told so, and asks again.
    const again = await ask(site).catch((error: unknown) => {
      assert.ok(isFailure(error) && error.code === 'engine-crashed', String(error));
      return ask(site);
    });
    remember(held, site, again);
  }
  return { failed, answered };
}

/** Resolves when the process has told `count` times what it begins. */
function toldOften(client: EngineClient, count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    const listening = client.onDidChangeState(({ kind }) => {
      if (kind !== 'busy' || --left > 0) return;
      listening.dispose();
      resolve();
    });
  });
}

/** What was found stays in this process; a new one's numbers are the same to the last bit. */
function remember(held: Map<string, readonly number[]>, site: string, { captures, check }: RunResult): void {
  assert.equal(check, 'equal');
  const summary = captures[0]?.summary;
  assert.ok(summary, `${site} is summarised`);
  const numbers = [summary.count, summary.mean, summary.std, summary.min, summary.max];
  const before = held.get(site);
  if (before !== undefined) assert.deepEqual(numbers, before, `${site} is what it was`);
  held.set(site, numbers);
}
