/** Runs first … last - 1 in this process, and tells what it held after a fifth of them, and at most after that. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { slowModel } from '../unit/engine/models';
import { heldBytes, runOnce, smallEngine } from './engineRuns';

/** Of what was held after the first fifth, when caches are full. */
const FLAT = 1.1;

async function run(first: number, last: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-runs-'));
  try {
    const file = join(folder, 'model.onnx');
    writeFileSync(file, slowModel(40));
    const api = smallEngine();
    const { id } = await api.open(file);
    const settled = first + Math.ceil((last - first) / 5);
    const step = Math.ceil((last - first) / 50);
    let [start, most] = [0, 0];
    for (let number = first; number < last; number++) {
      await runOnce(api, id, number);
      if (number === settled) start = heldBytes();
      if (number > settled && (number % step === 0 || number === last - 1)) {
        const held = heldBytes();
        most = Math.max(most, held);
        assert.ok(
          held <= start * FLAT,
          `${String(held)} bytes after ${String(number)} runs, ${String(start)} before`,
        );
      }
    }
    process.send?.({ settledBytes: start, mostBytes: most, ratio: Number((most / start).toFixed(3)) });
  } finally {
    rmSync(folder, { recursive: true });
  }
  process.disconnect();
}

const [first = '0', last = '0'] = process.argv.slice(2);
void run(Number(first), Number(last));
