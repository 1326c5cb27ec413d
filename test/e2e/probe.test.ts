/** What drives an output, by hand: from the graph to a class, the report with its controls, heat on graph and source. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Frame } from 'playwright-core';
import { openWorkbench, sampleCopy, themes, type Workbench } from './workbench';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function violations(frame: Frame): Promise<string[]> {
  const result: unknown = await frame.evaluate(`(() => { ${axeSource}; return axe.run(document); })()`);
  const { violations: found } = result as {
    readonly violations: readonly {
      readonly id: string;
      readonly nodes: readonly { readonly html: string }[];
    }[];
  };
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
}

describe('a person asks what drives an output', function () {
  this.timeout(180_000);
  let bench: Workbench;

  before(async () => {
    bench = await openWorkbench({ folder: sampleCopy('digits'), size: { width: 1700, height: 1000 } });
    await bench.openFile('digits.onnx');
    await bench.modelFrame('pc-run-bar');
  });
  after(() => bench.close());

  it('chooses a class and reads the report with its controls', async () => {
    await bench.runCommand('Patchclamp: What Drives This Output?…');
    await bench.pick('0');
    const report = await bench.modelFrame('pc-report', 60_000);
    await report.locator('ul.controls li', { hasText: 'model randomisation' }).waitFor({ timeout: 60_000 });
    await report.locator('pc-figure canvas.map').waitFor();
    await report.locator('pc-figure canvas.other').waitFor();
    await report.locator('pc-figure td', { hasText: 'completeness error' }).waitFor();
    await report.locator('pc-figure svg path.chance').first().waitFor({ state: 'attached' });
    await bench.screenshot('report-dark');
    assert.deepEqual(await violations(report), []);
  });

  it('sees the attribution on the graph', async () => {
    const frame = await bench.modelFrame('pc-run-bar');
    await frame.locator('pc-graph pc-graph-legend', { hasText: 'Attribution' }).waitFor();
    await bench.screenshot('attribution-graph');
  });

  it('follows a value from the report into the graph', async () => {
    const report = await bench.modelFrame('pc-report');
    await report.locator('pc-figure button.link', { hasText: 'relu_6' }).click();
    const frame = await bench.modelFrame('pc-run-bar');
    await frame.locator('pc-inspector h2', { hasText: 'relu_6' }).waitFor();
  });

  it('keeps the question as an experiment file that has a lens to run it', async () => {
    const report = await bench.modelFrame('pc-report');
    await report.locator('pc-button', { hasText: 'Keep as an Experiment File' }).click();
    // VS Code's own dialog offers the model's folder and name.
    await bench.page.locator('.quick-input-widget:visible input[type="text"]').waitFor();
    await bench.page.keyboard.press('Enter');
    await bench.tab('digits.clamp.json').waitFor();
    await bench.page.locator('.editor-instance .view-line', { hasText: '"attribution"' }).first().waitFor();
    await bench.page.locator('.editor-instance .codelens-decoration', { hasText: 'Run' }).first().waitFor();
    await bench.screenshot('experiment-file');
  });

  it('sees the heat in the gutter of the source', async () => {
    await bench.openFile('model.py');
    await bench.goToLine('return self.pool(');
    await bench.page.locator('.editor-instance .cgmr').first().waitFor();
    await bench.screenshot('attribution-source');
  });

  it('stays within its own policy', () => {
    const own = bench.errors.filter((error) => /Content Security Policy|pc-|patchclamp/i.test(error));
    assert.deepEqual(own, []);
  });
});

describe('the report in other themes and on tokens', function () {
  this.timeout(180_000);
  for (const theme of themes.filter((name) => name !== 'Default Dark Modern')) {
    it(`can be read by everyone in ${theme}`, async () => {
      const folder = sampleCopy('indirect-object');
      const bench = await openWorkbench({ folder, theme, size: { width: 1700, height: 1000 } });
      try {
        await bench.openFile('indirect-object.onnx');
        await bench.modelFrame('pc-run-bar');
        await bench.runCommand('Patchclamp: What Drives This Output?…');
        await bench.page.locator('.quick-input-widget:visible input[placeholder^="What drives"]').waitFor();
        await bench.page.locator('.quick-input-widget:visible .monaco-list-row.focused').waitFor();
        await bench.page.keyboard.press('Enter');
        const report = await bench.modelFrame('pc-report', 60_000);
        await report.locator('ul.controls li').first().waitFor({ timeout: 60_000 });
        await report.locator('pc-figure ol').first().waitFor();
        await bench.screenshot(`report-${theme.replaceAll(' ', '-').toLowerCase()}`);
        assert.deepEqual(await violations(report), []);
      } finally {
        await bench.close();
      }
    });
  }
});
