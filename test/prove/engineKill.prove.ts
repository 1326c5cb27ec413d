/** The engine killed at 100 random moments in the middle of work: see engineKill.ts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineClient } from '../../src/engine/client';
import { slowModel } from '../unit/engine/models';
import { killOnce } from './engineKill';

export const title =
  'The engine killed at random moments in the middle of work: nothing is lost, every answer is right';
export const paths = [
  'src/engine/client.ts',
  'src/engine/childProcess.ts',
  'src/engine/errors.ts',
  'src/base/rpc.ts',
  'test/prove/engineKill.ts',
];
export const cases = 100;

interface Details {
  /** Kills that hit work: one call each was told of as failed. */
  failed: number;
  answered: number;
}

interface Context {
  readonly from: number;
  readonly cases: number;
  readonly signal: AbortSignal;
  readonly details: unknown;
  readonly save: (done: number, details: unknown) => void;
}

export async function run({ from, cases: all, signal, save, details }: Context): Promise<void> {
  const state = (details as Details | undefined) ?? { failed: 0, answered: 0 };
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-kill-'));
  const script = join(__dirname, '..', '..', 'src', 'engine', 'child', 'main.ts');
  const client = new EngineClient({ script, execArgv: ['--import', 'tsx'] });
  try {
    const file = join(folder, 'slow.onnx');
    writeFileSync(file, slowModel(40));
    const { id } = await client.open(file);
    const held = new Map<string, readonly number[]>();
    for (let kill = from; kill < all && !signal.aborted; kill++) {
      const { failed, answered } = await killOnce(client, id, kill, held);
      state.failed += failed;
      state.answered += answered;
      save(kill + 1, state);
    }
  } finally {
    client.dispose();
    rmSync(folder, { recursive: true });
  }
}
