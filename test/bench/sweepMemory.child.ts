/** One process, one question: the most memory of a plain run, or of the patch sweep; tells bytes before and at most. */
import { Engine } from '../../src/engine/child/engine';
import { heldBytes, mostHeld } from './held';
import { patchSweep } from './patchSweep';

async function main(): Promise<void> {
  const [file = '', what = '', ...residuals] = process.argv.slice(2);
  const engine = new Engine({ sessionBudget: 2 ** 30, tensorBudget: 2 ** 30, threads: 0 }, () => undefined);
  const api = engine.api();
  const { id } = await api.open(file);
  const { feeds, cells } = patchSweep(residuals);
  const before = heldBytes();
  const most = await mostHeld(async () => {
    if (what === 'plain') await api.run(id, { feeds, capture: [] });
    else await api.sweep(id, { feeds, cells, read: ['logits@position=-1'] });
  });
  process.send?.({ before, most });
  await engine.dispose();
}

void main();
