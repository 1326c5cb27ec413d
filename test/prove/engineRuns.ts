/** Runs with ever other sites, interventions and inputs over one engine: what its process holds stays what it was. */
import assert from 'node:assert/strict';
import type { Intervention } from '../../src/contract/run';
import { Engine } from '../../src/engine/child/engine';
import { ownBytes } from '../../src/engine/child/memory';
import { uniform } from '../../src/data/random';
import { floats } from '../unit/engine/models';

type Api = ReturnType<Engine['api']>;

const VALUES = 40;

/** One run of its own kind; every handle is released. Throws when a check fails. */
export async function runOnce(api: Api, model: string, number: number): Promise<void> {
  const random = uniform(number);
  const pick = (): string => `s${String(Math.floor(random() * VALUES))}`;
  const size = 8;
  const slice = (): string => {
    const at = String(Math.floor(random() * size));
    return ['', `#${at}`, `@0=${at}`, `@0=${at}#${at}`][Math.floor(random() * 4)] ?? '';
  };
  const interventions = Array.from({ length: Math.floor(random() * 3) }, (): Intervention => {
    const site = pick() + slice();
    const kind = Math.floor(random() * 3);
    if (kind === 0) return { kind: 'scale', site, factor: random() * 4 - 2 };
    return kind === 1
      ? { kind: 'add', site, value: floats([], random()) }
      : { kind: 'set', site, value: random() };
  });
  const feeds = { x: floats([size, size], -Math.floor(random() * 60)) };
  const capture = Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick() + slice());
  const result = await api.run(model, { feeds, capture, interventions }).catch((error: unknown) => {
    // Two that fix the same elements are refused, as they should be.
    if (/fix the same elements/.test(String(error))) return null;
    throw error;
  });
  if (result === null) return;
  assert.equal(result.check, 'equal');
  api.release(
    [...result.outputs, ...result.captures].flatMap(({ handle }) => (handle === null ? [] : [handle])),
  );
}

/** Bytes this process holds of its own, once what nobody needs is let go. */
export function heldBytes(): number {
  // There only where Node was started with --expose-gc.
  globalThis.gc?.();
  globalThis.gc?.();
  return ownBytes();
}

export function smallEngine(): Api {
  return new Engine({ sessionBudget: 32 << 20, tensorBudget: 16 << 20, threads: 1 }, () => undefined).api();
}
