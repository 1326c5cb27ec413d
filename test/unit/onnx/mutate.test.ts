import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mutant, setTraps, survive, watchOpens } from '../../prove/mutate';
import { openLocal } from '../../../src/onnx/files';

/** Of the 100,000 that `npm run prove -- mutate` reads: every 100th. */
const STEP = 100;
const SAMPLE = 1000;

describe('mutated model files', function () {
  this.timeout(120_000);
  let dir = '';
  before(() => (dir = realpathSync(mkdtempSync(join(tmpdir(), 'patchclamp-')))));
  after(() => rmSync(dir, { recursive: true }));

  it(`reads ${SAMPLE} of the 100,000: a model or a sentence, under 5 s each, nothing outside the folder`, async () => {
    const folder = setTraps(dir);
    const outcomes = { clean: 0, warned: 0, refused: 0 };
    for (let i = 0; i < SAMPLE; i++) {
      const before = process.cpuUsage();
      outcomes[await survive(i * STEP, folder)]++;
      const { user, system } = process.cpuUsage(before);
      assert.ok(user + system < 5e6, `mutant ${i * STEP}`);
    }
    // Mutations that are all harmless, or all fatal, would prove nothing.
    assert.ok(
      outcomes.warned > SAMPLE / 3 && outcomes.clean > SAMPLE / 20 && outcomes.refused > SAMPLE / 50,
      JSON.stringify(outcomes),
    );
  });

  it('makes the same file for the same number', () => {
    assert.deepEqual(mutant(77), mutant(77));
    assert.notDeepEqual(mutant(77), mutant(78));
  });

  it('would notice a file that is opened elsewhere', async () => {
    const opened: string[] = [];
    const stop = watchOpens((path) => opened.push(path));
    const file = realpathSync('media/samples/digits/digits.onnx');
    try {
      const { source } = await openLocal(file);
      await source.close();
    } finally {
      stop();
    }
    assert.deepEqual(opened, [file]);
  });
});
