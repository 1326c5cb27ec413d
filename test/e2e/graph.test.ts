/** The graph beyond looking: its table, times, bookmarks, search, saving, neurons; and a graphics card that goes away. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { PNG } from 'pngjs';
import { openWorkbench, sampleCopy, type Workbench } from './workbench';

/** What the graph's canvas shows. */
async function picture(frame: Frame): Promise<PNG> {
  return PNG.sync.read(await frame.locator('pc-graph').screenshot());
}

/** Part of the pixels that differ clearly. */
function difference(a: PNG, b: PNG): number {
  assert.deepEqual([a.width, a.height], [b.width, b.height]);
  let differ = 0;
  for (let at = 0; at < a.data.length; at += 4) {
    const far = [0, 1, 2].some((part) => Math.abs((a.data[at + part] ?? 0) - (b.data[at + part] ?? 0)) > 40);
    if (far) differ++;
  }
  return differ / (a.width * a.height);
}

/** Middle of everything that is not background in the lower two thirds, as a part of the width. */
function middle({ data, width, height }: PNG): number {
  let sum = 0;
  let count = 0;
  for (let y = Math.floor(height / 3); y < Math.floor(height * 0.85); y++) {
    for (let x = 0; x < width; x++) {
      const at = 4 * (y * width + x);
      const away = [0, 1, 2].some((part) => Math.abs((data[at + part] ?? 0) - (data[part] ?? 0)) > 24);
      if (!away) continue;
      sum += x;
      count++;
    }
  }
  return sum / Math.max(1, count) / width;
}

describe('the graph at work', function () {
  this.timeout(180_000);
  let bench: Workbench;
  let frame: Frame;

  before(async () => {
    bench = await openWorkbench({ folder: sampleCopy('digits') });
    await bench.openFile('digits.onnx');
    frame = await bench.modelFrame('pc-run-bar');
    await frame.locator('pc-run-bar pc-button', { hasText: 'Run' }).click();
    await frame.locator('pc-graph pc-graph-legend').waitFor();
    await bench.focusGraph(frame);
    await bench.page.keyboard.press('Escape');
    await frame.locator('pc-inspector dl', { hasText: 'Links to source' }).waitFor();
  });
  after(() => bench.close());

  it('draws on when the graphics card returns, and without one when it does not', async () => {
    const before = await picture(frame);
    const drawn = frame.locator('pc-graph canvas.cover');
    await frame.evaluate(`(() => {
      const canvas = document.querySelector('pc-app').renderRoot.querySelector('pc-graph').renderRoot.querySelector('canvas.view');
      window.card = canvas.getContext('webgl2').getExtension('WEBGL_lose_context');
      window.card.loseContext();
    })()`);
    // A lost context is restored in a turn of its own.
    await frame.evaluate(
      'new Promise((resolve) => setTimeout(resolve, 50)).then(() => window.card.restoreContext())',
    );
    await frame.waitForFunction(
      '!document.querySelector("pc-app").renderRoot.querySelector("pc-graph").renderRoot.querySelector("canvas.view").getContext("webgl2").isContextLost()',
    );
    await frame.evaluate(
      'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))',
    );
    assert.ok(difference(before, await picture(frame)) < 0.002);
    await frame.evaluate('window.card.loseContext()');
    await drawn.waitFor({ state: 'attached' });
    await frame.evaluate(
      'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))',
    );
    assert.ok(difference(before, await picture(frame)) < 0.03);
    await frame.evaluate('window.card.restoreContext()');
    await drawn.waitFor({ state: 'detached' });
  });

  it('stays in the middle when its pane narrows', async () => {
    const wide = middle(await picture(frame));
    await bench.page.setViewportSize({ width: 1150, height: 900 });
    await frame.evaluate(
      'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))',
    );
    const narrow = middle(await picture(frame));
    await bench.page.setViewportSize({ width: 1400, height: 900 });
    assert.ok(Math.abs(wide - narrow) < 0.08, `${String(wide)} became ${String(narrow)}`);
  });

  it('tells every node’s numbers in a table, the same as on the graph', async () => {
    await bench.focusGraph(frame);
    await bench.page.keyboard.press('t');
    const table = frame.locator('pc-node-table');
    await table.locator('.row').first().waitFor();
    await bench.page.keyboard.press('3');
    await table.locator('[role=columnheader][aria-sort=descending]', { hasText: 'Magnitude' }).waitFor();
    const largest = await table.locator('.row').first().locator('.figure').first().innerText();
    const legend = frame.locator('pc-graph-legend input.to');
    assert.equal(largest.trim(), await legend.inputValue());
    await bench.page.keyboard.press('Home');
    await frame.locator('pc-inspector h2', { hasText: 'Gemm' }).waitFor();
    await table.locator('input').fill('kernel_shape=\\[1, 1\\]');
    await frame.waitForFunction(
      'document.querySelector("pc-app").renderRoot.querySelector("pc-node-table").renderRoot.querySelectorAll(".row").length === 2',
    );
    await table.locator('input').fill('');
    await bench.screenshot('table');
  });

  it('measures the time of each node and says it beside each line', async () => {
    await frame.locator('pc-run-bar pc-dropdown').last().click();
    await frame.locator('pc-run-bar vscode-option', { hasText: 'measure' }).click();
    await frame.locator('pc-node-table [role=columnheader]', { hasText: 'Time per node' }).waitFor();
    await frame.locator('pc-graph-legend span', { hasText: 'Time per node' }).waitFor();
    await frame.locator('pc-graph-legend span', { hasText: /^(µs|ms)$/ }).waitFor();
    await bench.tab('model.py').waitFor();
    // Decorations are drawn by the editor's style sheet: the text stands in a pseudo-element.
    await bench.page.waitForFunction(() =>
      [...document.querySelectorAll('.view-line span[class*="ced-"]')].some((span) =>
        /(µs|ms)\s+[<\d]/.test(getComputedStyle(span, '::after').content),
      ),
    );
    await bench.screenshot('times');
    await bench.focusGraph(frame);
    await bench.page.keyboard.press('t');
    await frame.locator('pc-node-table .grid').press('Escape');
    await frame.locator('pc-node-table').waitFor({ state: 'detached' });
  });

  it('finds nodes by attribute and by their line of source', async () => {
    await bench.focusGraph(frame);
    await bench.page.keyboard.press('/');
    const status = frame.locator('pc-graph-search .status');
    for (const [text, found] of [
      ['kernel_shape=\\[1, 1\\]', 2],
      ['model\\.py:52', 2],
      ['self\\.head', 1],
    ] as const) {
      await frame.locator('pc-graph-search input').fill(text);
      await status.filter({ hasText: `of ${String(found)}` }).waitFor();
    }
    await bench.page.keyboard.press('Escape');
  });

  it('keeps bookmarks across a reload, and goes to one by key', async () => {
    await bench.focusGraph(frame);
    await bench.page.keyboard.press('Escape');
    for (let i = 0; i < 2; i++) await bench.page.keyboard.press('ArrowDown');
    await frame.locator('pc-inspector h2', { hasText: 'stem' }).waitFor();
    await bench.page.keyboard.press('b');
    await bench.page.keyboard.press('B');
    const kept = (): ReturnType<Frame['locator']> =>
      frame.locator('pc-graph-menu.bookmarks .item', { hasText: 'stem' });
    await kept().waitFor();
    await bench.page.keyboard.press('Escape');
    await bench.reload('"label":"stem"');
    await bench.tab('digits.onnx').click();
    frame = await bench.modelFrame('pc-run-bar', 60_000);
    await bench.focusGraph(frame);
    await bench.page.keyboard.press('Escape');
    await bench.page.keyboard.press('B');
    await kept().waitFor();
    await bench.page.keyboard.press('Enter');
    await frame.locator('pc-inspector h2', { hasText: 'stem' }).waitFor();
  });

  it('lists every key, and does what one chooses there', async () => {
    await bench.focusGraph(frame);
    await bench.page.keyboard.press('?');
    const items = frame.locator('pc-graph-menu.shows-keys .item');
    await items.first().waitFor();
    assert.equal(
      await items.evaluateAll((all) => all.every((item) => /\)$/.test(item.textContent.trim()))),
      true,
    );
    await items.filter({ hasText: '(/)' }).click();
    await frame.locator('pc-graph-search input').waitFor();
    await bench.page.keyboard.press('Escape');
    await bench.focusGraph(frame);
    await bench.page.keyboard.press('v');
    await frame.locator('pc-run-bar pc-dropdown.overlay:focus-within').waitFor();
  });

  it('saves the drawing where one wants it', async () => {
    await bench.focusGraph(frame);
    await bench.page.keyboard.press('s');
    await frame.locator('pc-graph-menu.save .item').first().waitFor();
    await bench.page.keyboard.press('Enter');
    const target = path.join(bench.folder, 'drawing.svg');
    await bench.saveAs(target);
    await bench.page
      .locator('.label-name', { hasText: /^drawing\.svg$/ })
      .first()
      .waitFor();
    const svg = readFileSync(target, 'utf8');
    assert.match(svg, /^<svg /);
    for (const name of ['stem', 'stages.0', 'head', 'logits']) assert.ok(svg.includes(`>${name}<`), name);
  });

  it('asks for the number at which the selection is held, and takes no for an answer', async () => {
    await bench.focusGraph(frame);
    await bench.page.keyboard.press('c');
    const asked = bench.page.locator('.quick-input-widget', { hasText: /Hold \S+ at/ });
    await asked.waitFor();
    await bench.page.keyboard.press('Escape');
    await asked.waitFor({ state: 'hidden' });
    assert.equal(await frame.locator('pc-clamps').count(), 0);
  });

  it('opens a layer as neurons, follows the strongest connection, and comes back', async () => {
    await bench.focusGraph(frame);
    await bench.page.keyboard.press('w');
    await frame.locator('pc-neuron-layer').nth(2).waitFor();
    await bench.page.keyboard.press('ArrowRight');
    const rows = frame.locator('pc-neurons tbody tr');
    await rows.first().waitFor();
    assert.equal((await frame.locator('pc-neurons .address').innerText()).trim(), 'max_pool2d#1');
    // One channel of one image: its weight is all there is.
    const [incoming] = await rows.allInnerTexts();
    assert.match(incoming ?? '', /^image #0\s+[−\d.]+\s+[−\d.]+$/);
    await bench.screenshot('neurons');
    await bench.page.keyboard.press('?');
    const keys = frame.locator('pc-neurons pc-graph-menu .item');
    await keys.first().waitFor();
    assert.ok((await keys.allInnerTexts()).some((text) => text.includes('(c)')));
    await bench.page.keyboard.press('Escape');
    await keys.first().waitFor({ state: 'detached' });
    await bench.page.keyboard.press(']');
    await frame.locator('pc-neurons .address').filter({ hasNotText: 'max_pool2d' }).waitFor();
    await bench.page.keyboard.press('Escape');
    await frame.locator('pc-neurons').waitFor({ state: 'detached' });
    assert.equal(await frame.evaluate(() => document.activeElement?.tagName), 'PC-APP');
  });

  it('stays within its own policy', () => {
    const own = bench.errors.filter((error) => /Content Security Policy|pc-|patchclamp/i.test(error));
    assert.deepEqual(own, []);
  });
});
