/** How every view looks, and whether everyone can use it: four themes changed while it is open, pictures kept, axe. */
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { root } from '../harness/lib/paths.mjs';
import { violations } from './axe';
import { openWorkbench, sampleCopy, themes, type Workbench } from './workbench';

describe('everyone can read and use, in every theme,', function () {
  this.timeout(180_000);
  let bench: Workbench;
  let frame: Frame;

  before(async () => {
    const folder = sampleCopy('digits');
    cpSync(path.join(root, 'media/samples/indirect-object'), path.join(folder, 'tokens'), {
      recursive: true,
      filter: (file) => !/variants|torchscript/.test(file),
    });
    bench = await openWorkbench({ folder, size: { width: 1700, height: 1000 } });
    await bench.openFile('digits.onnx');
    frame = await bench.modelFrame('pc-run-bar');
  });
  after(() => bench.close());

  /** A picture of the window in each theme, and nothing that axe holds against `views`; the last theme stays. */
  const look = async (name: string, ...views: readonly Frame[]): Promise<void> => {
    const found: string[] = [];
    for (const theme of themes) {
      await bench.setTheme(theme);
      await bench.screenshot(`${name}-${theme.replaceAll(' ', '-').toLowerCase()}`);
      // All but the contrast is the same in every theme.
      const rules = theme === themes[0] ? undefined : ['color-contrast'];
      for (const view of views)
        found.push(...(await violations(view, rules)).map((violation) => `${theme}: ${violation}`));
    }
    assert.deepEqual(found, []);
  };

  it('a model that has run', async () => {
    await frame.locator('pc-run-bar pc-button', { hasText: 'Run' }).click();
    await frame.locator('pc-ranking').first().waitFor();
    await look('model', frame);
  });

  it('what a node computed', async () => {
    await bench.focusGraph(frame);
    for (let i = 0; i < 2; i++) await bench.page.keyboard.press('ArrowDown');
    await frame.locator('pc-image-grid').first().waitFor();
    await look('node', frame);
  });

  it('the table of nodes, and the bookmarks', async () => {
    await bench.focusGraph(frame);
    await bench.page.keyboard.press('t');
    await frame.locator('pc-node-table .row').first().waitFor();
    await bench.page.keyboard.press('3');
    await bench.page.keyboard.press('ArrowDown');
    await frame.locator('pc-node-table .row[aria-selected=true]').waitFor();
    await bench.focusGraph(frame);
    await bench.page.keyboard.press('b');
    await bench.page.keyboard.press('B');
    await frame.locator('pc-graph-menu.bookmarks .item').first().waitFor();
    await look('table', frame);
    await bench.page.keyboard.press('Escape');
  });

  it('a layer’s neurons', async () => {
    await bench.focusGraph(frame);
    await bench.page.keyboard.press('w');
    await frame.locator('pc-neuron-layer').nth(1).waitFor();
    await bench.page.keyboard.press('ArrowRight');
    await frame.locator('pc-neurons tbody tr').first().waitFor();
    await look('neurons', frame);
  });

  it('two models compared', async () => {
    await bench.page.keyboard.press('Escape');
    await bench.focusGraph(frame);
    await bench.runCommand('Patchclamp: Compare With Another Model…');
    await bench.pick('variants/int8.onnx');
    await bench.pick('Values on one input too');
    await bench.pick(/Run/);
    const report = await bench.modelFrame('pc-compare .verdict', 60_000);
    await look('compare', report);
    await bench.runCommand('View: Close All Editors');
  });

  it('lines of source that a model links to', async () => {
    await bench.openFile('model.py');
    await bench.page.locator('.editor-instance .glyph-margin-widgets .cgmr').first().waitFor();
    await bench.goToLine('return self.norm(self.conv(x))');
    await look('links');
    await bench.runCommand('View: Close All Editors');
  });

  it('what drives an output, on tokens', async () => {
    await bench.openFile('tokens/indirect-object.onnx');
    await bench.modelFrame('pc-run-bar');
    await bench.runCommand('Patchclamp: What Drives This Output?…');
    await bench.page.locator('.quick-input-widget:visible input[placeholder^="What drives"]').waitFor();
    await bench.page.locator('.quick-input-widget:visible .monaco-list-row.focused').waitFor();
    await bench.page.keyboard.press('Enter');
    const report = await bench.modelFrame('pc-report', 60_000);
    await report.locator('ul.controls li').first().waitFor({ timeout: 60_000 });
    await report.locator('pc-figure ol').first().waitFor();
    await look('report', report);
  });
});
