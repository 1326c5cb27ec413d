/** What drives an output, by hand: from the graph to a class, the report with its controls, heat on graph and source. */
import assert from 'node:assert/strict';
import { violations } from './axe';
import { openWorkbench, sampleCopy, type Workbench } from './workbench';

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
    const frame = await bench.modelFrame('pc-run-bar');
    // From the inspector, by keyboard.
    await frame.locator('pc-value-card button.drives').first().press('Enter');
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

  it('asks about the next class by its name in the inspector', async () => {
    const frame = await bench.modelFrame('pc-run-bar');
    const second = frame.locator('pc-ranking button.ask').nth(1);
    const asked = (await second.getAttribute('title')) ?? '';
    assert.match(asked, /^What drives .+ \(\d+\)\?$/);
    await second.press('Enter');
    // The report of before makes room for this one.
    const name = asked.replace(/^What drives (.+) \(\d+\)\?$/, '$1');
    await bench.modelFrame(`pc-report h1:has-text("${name}")`, 60_000);
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
