/** Fixed samples of the heavy proofs (`npm run prove`): kills in the middle of work, and runs that hold on to nothing. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineClient } from '../../../src/engine/client';
import { killOnce } from '../../prove/engineKill';
import { heldBytes, runOnce, smallEngine } from '../../prove/engineRuns';
import { slowModel } from './models';

describe('the engine endures', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-endure-'));
  const file = join(folder, 'model.onnx');
  before(() => writeFileSync(file, slowModel(40)));
  after(() => rmSync(folder, { recursive: true }));

  it('kills in the middle of work, and loses nothing', async () => {
    const script = join(__dirname, '..', '..', '..', 'src', 'engine', 'child', 'main.ts');
    const client = new EngineClient({ script, execArgv: ['--import', 'tsx'] });
    try {
      const { id } = await client.open(file);
      const held = new Map<string, readonly number[]>();
      // The process has just told that it begins something, and three of four calls wait: one is hit, and one alone.
      for (const told of [1, 2, 3])
        assert.deepEqual(await killOnce(client, id, told, held, { told, ms: 0 }), { failed: 1, answered: 3 });
    } finally {
      client.dispose();
    }
  });

  it('runs of changing kinds without growing', async () => {
    const api = smallEngine();
    const { id } = await api.open(file);
    for (let number = 0; number < 150; number++) await runOnce(api, id, number);
    const before = heldBytes();
    for (let number = 150; number < 300; number++) await runOnce(api, id, number);
    // A short sample is rough: the collector is not called here. The proof holds 10,000 runs to 10 %.
    assert.ok(heldBytes() < before + 96e6, `${String(heldBytes())} after ${String(before)}`);
    await api.close(id);
  });
});
