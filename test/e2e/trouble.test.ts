/** When something is wrong: files that cannot be shown, a folder that is not trusted, inputs that do not fit. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { wideModel } from '../unit/engine/models';
import { openWorkbench, sampleCopy, type Workbench } from './workbench';

describe('a person meets trouble', function () {
  this.timeout(180_000);

  describe('with files', () => {
    let bench: Workbench;
    before(async () => {
      const folder = sampleCopy('digits');
      const bytes = readFileSync(path.join(folder, 'digits.onnx'));
      writeFileSync(path.join(folder, 'text.onnx'), 'hello, this is a text');
      writeFileSync(path.join(folder, 'empty.onnx'), '');
      writeFileSync(path.join(folder, 'wide.onnx'), wideModel());
      writeFileSync(path.join(folder, 'cut.onnx'), bytes.subarray(0, Math.floor(bytes.length / 2)));
      bench = await openWorkbench({ folder });
    });
    after(() => bench.close());

    it('reads what is wrong with a file that is no model, and what to do', async () => {
      await bench.openFile('text.onnx');
      const frame = await bench.modelFrame('pc-trouble .page');
      const text = await frame.locator('pc-trouble .page').innerText();
      assert.match(text, /text\.onnx is a text file, not an ONNX model\./);
      assert.doesNotMatch(text, /patchclamp-e2e-/, 'the file is named as the workspace names it');
      await bench.screenshot('not-a-model');
    });

    it('reads that a file is empty', async () => {
      await bench.openFile('empty.onnx');
      const frame = await bench.modelFrame('pc-trouble .page');
      assert.match(await frame.locator('pc-trouble .page').innerText(), /empty/i);
    });

    it('sees what could be read of a file that is cut off, with a warning', async () => {
      await bench.openFile('cut.onnx');
      const frame = await bench.modelFrame('pc-graph');
      const warning = await frame.locator('.warnings').first().innerText();
      assert.match(warning, /cut off/);
      await bench.screenshot('cut-off');
    });

    it('is asked before a run that would not fit in memory, and may try it anyway', async () => {
      await bench.openFile('wide.onnx');
      const frame = await bench.modelFrame('pc-run-bar');
      const run = frame.locator('pc-run-bar pc-button', { hasText: 'Run' });
      const dialog = bench.page.locator('.monaco-dialog-box');
      await run.click();
      await dialog.waitFor();
      assert.match(await dialog.innerText(), /wide\.onnx may take .*B of memory, and .*B are free/);
      await bench.screenshot('would-not-fit');
      await bench.page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      assert.equal(await frame.locator('.problem').count(), 0, 'a no is no failure');
      await run.click();
      await dialog.locator('.monaco-button', { hasText: 'Run Anyway' }).click();
      await frame.locator('.problem', { hasText: /more memory than there is.*asked for 640 GB/ }).waitFor();
    });

    it('reads why an input does not fit, beside that input', async () => {
      await bench.openFile('digits.onnx');
      const frame = await bench.modelFrame('pc-run-bar');
      await frame.locator('pc-run-bar button.part', { hasText: '28×28' }).click();
      await bench.type('14x14');
      await bench.pick('bilinear');
      await frame.locator('pc-run-bar button.part', { hasText: '14×14' }).waitFor();
      await frame.locator('pc-run-bar pc-button', { hasText: 'Run' }).click();
      const problem = frame.locator('pc-run-bar .problem');
      await problem.waitFor();
      assert.match(await problem.innerText(), /image.*28×28/);
    });
  });

  describe('with trust', () => {
    let bench: Workbench;
    before(async () => {
      bench = await openWorkbench({ folder: sampleCopy('digits'), trust: true });
      // A folder nobody has trusted yet opens in Restricted Mode, and the status bar says so.
      await bench.page.locator('.statusbar-item', { hasText: 'Restricted Mode' }).first().waitFor();
    });
    after(() => bench.close());

    it('views a model in Restricted Mode and reads why it cannot run', async () => {
      await bench.openFile('digits.onnx');
      const frame = await bench.modelFrame('pc-run-bar');
      const bar = frame.locator('pc-run-bar');
      await bar.locator('[role=note]', { hasText: 'Restricted Mode' }).waitFor();
      assert.equal(await bar.locator('pc-button', { hasText: /^Run$/ }).count(), 0);
      await frame.locator('pc-inspector dl', { hasText: '78.8 k' }).first().waitFor();
      await bench.screenshot('restricted');
    });
  });
});
