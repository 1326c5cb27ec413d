/** The main job, by hand: see the graph, follow a node to its line, run, read, compare, come back after a reload. */
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { openWorkbench, sampleCopy, type Workbench } from './workbench';

describe('a person works with the sample', function () {
  this.timeout(180_000);
  let bench: Workbench;
  let frame: Frame;

  before(async () => {
    bench = await openWorkbench({ folder: sampleCopy('digits') });
    await bench.openFile('digits.onnx');
    frame = await bench.modelFrame('pc-run-bar');
    await frame.locator('pc-inspector h2', { hasText: 'digits.onnx' }).waitFor();
  });
  after(() => bench.close());

  const run = async (): Promise<void> => {
    await frame.locator('pc-run-bar pc-button', { hasText: 'Run' }).click();
  };

  it('sees the model’s facts and its warnings nowhere', async () => {
    const facts = await frame.locator('pc-inspector dl').first().innerText();
    assert.match(facts, /Parameters\s+78\.8 k/);
    assert.equal(await frame.locator('.warnings').count(), 0);
  });

  it('walks the graph by key, and the line opens beside it without taking the focus', async () => {
    await bench.focusGraph(frame);
    for (let i = 0; i < 2; i++) await bench.page.keyboard.press('ArrowDown');
    await frame.locator('pc-inspector h2', { hasText: 'stem' }).waitFor();
    await bench.tab('model.py').waitFor();
    await bench.page.locator('.editor-instance .view-line', { hasText: 'self.pool' }).first().waitFor();
    const focused = await frame.evaluate(() => document.activeElement?.tagName.toLowerCase());
    assert.equal(focused, 'pc-app');
    await frame.locator('pc-inspector .subtitle', { hasText: 'Stem' }).waitFor();
    await bench.screenshot('node-and-line');
  });

  it('runs on a real image and reads the ranked classes', async () => {
    await run();
    await bench.focusGraph(frame);
    await bench.page.keyboard.press('Escape');
    const first = frame.locator('pc-ranking .name.first');
    await first.waitFor();
    assert.equal((await first.innerText()).trim(), '0');
    await frame.locator('pc-graph pc-graph-legend').waitFor();
    await bench.screenshot('run');
  });

  it('changes a guess with one click', async () => {
    const mean = frame.locator('pc-run-bar button.part', { hasText: 'mean' });
    assert.match(await mean.innerText(), /guess/);
    await mean.click();
    await bench.type('0.2');
    await frame.locator('pc-run-bar button.part', { hasText: 'mean 0.2' }).waitFor();
    assert.doesNotMatch(
      await frame.locator('pc-run-bar button.part', { hasText: 'mean' }).innerText(),
      /guess/,
    );
    await frame.locator('pc-run-bar button.part', { hasText: 'mean' }).click();
    await bench.type('0.1307');
  });

  it('feeds another image and compares the two runs', async () => {
    await frame.locator('pc-run-bar button.part', { hasText: '0.png' }).click();
    await bench.pick('images/7.png');
    await frame.locator('pc-run-bar button.part', { hasText: '7.png' }).waitFor();
    await run();
    await frame.locator('pc-ranking .name.first', { hasText: '7' }).waitFor();
    await bench.runCommand('Patchclamp: Compare Two Runs…');
    await bench.pick('Run 2');
    await bench.pick('Run 1');
    await frame.locator('pc-bars', { hasText: 'Run 2 less Run 1' }).first().waitFor();
    await bench.screenshot('compare');
  });

  it('reads in a hover what the last run did', async () => {
    await bench.runCommand('View: Close Editors in Other Groups');
    await bench.openFile('model.py');
    const text = await bench.hover('return self.pool(', 'pool');
    assert.match(text, /1×16×14×14/);
    assert.match(text, /Run 2/);
    assert.match(text, /Reveal in Graph/);
    await bench.screenshot('hover-after-run');
  });

  it('finds all nodes of a line and reveals one', async () => {
    await bench.placeCursor('return self.norm(self.conv(x))', 'norm');
    await bench.runCommand('Patchclamp: Find All Nodes From Here');
    await bench.pick(/BatchNormalization/);
    frame = await bench.modelFrame('pc-run-bar');
    await frame.locator('pc-inspector h2', { hasText: 'BatchNormalization' }).waitFor();
  });

  it('finds everything again after a reload of the window', async () => {
    await bench.page.reload();
    // VS Code may have kept an earlier moment, with the source in front.
    await bench.tab('digits.onnx').click();
    frame = await bench.modelFrame('pc-run-bar', 60_000);
    // The model is there before its runs are.
    const all = frame.locator('pc-run-bar vscode-option');
    await all.filter({ hasText: 'Run 1' }).first().waitFor({ state: 'attached' });
    const options = frame.locator('pc-run-bar pc-dropdown').first().locator('vscode-option');
    assert.match((await options.allTextContents()).join(), /Run 2.*Run 1/);
    await frame.locator('pc-run-bar button.part', { hasText: '7.png' }).waitFor();
  });

  it('sees a file that was written again', async () => {
    const folder = bench.folder;
    copyFileSync(path.join(folder, 'digits.torchscript.onnx'), path.join(folder, 'digits.onnx'));
    await bench.focusGraph(frame);
    await bench.page.keyboard.press('Escape');
    await frame.locator('pc-inspector dl', { hasText: '22' }).first().waitFor();
    await frame.locator('.warnings', { hasText: 'has changed since this run' }).waitFor();
  });

  it('stays within its own policy', () => {
    const own = bench.errors.filter((error) => /Content Security Policy|pc-|patchclamp/i.test(error));
    assert.deepEqual(own, []);
  });
});
