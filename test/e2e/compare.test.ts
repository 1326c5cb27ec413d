/**
 * Comparing by hand: two models with nothing asked twice, where an export departs from PyTorch's own recording and the
 * line that it leads to, and where NaN begins; with axe, and by key.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { root } from '../harness/lib/paths.mjs';
import { info, modelOf, node } from '../unit/onnx/seeds';
import { violations } from './axe';
import { openWorkbench, type Workbench } from './workbench';

const recordings = path.join(import.meta.dirname, '../reference/compare');

/** A folder with the small networks' Python, an export and the recordings, and the digits beside them. */
function recordingFolder(): string {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'patchclamp-e2e-')), 'tiny');
  // Few enough for all to stand in the explorer.
  for (const name of readdirSync(path.join(recordings, 'recordings')))
    if (name.startsWith('text')) cpSync(path.join(recordings, 'recordings', name), path.join(folder, name));
  cpSync(path.join(recordings, 'tiny.py'), path.join(folder, 'tiny.py'));
  cpSync(path.join(root, 'media/samples/digits'), path.join(folder, 'digits'), { recursive: true });
  // Random numbers have no logarithm where they are negative.
  const nodes = [
    node('Abs', ['x'], ['sizes']),
    node('Log', ['x'], ['logs']),
    node('Add', ['sizes', 'logs'], ['y']),
  ];
  const ports = { input: [info('x', [64])], output: [info('y', [64])] };
  writeFileSync(path.join(folder, 'logs.onnx'), modelOf({ name: 'logs', node: nodes, ...ports }));
  return folder;
}

describe('a person compares', function () {
  this.timeout(180_000);
  let bench: Workbench;

  before(async () => {
    const size = { width: 1700, height: 1000 };
    bench = await openWorkbench({ folder: recordingFolder(), size });
  });
  after(() => bench.close());

  /** The panel whose tab begins with `title`, once its verdict is there: an older panel may be in sight until then. */
  const compared = async (title: string, verdict: RegExp): Promise<Frame> => {
    await bench.page.locator(`.tab.active[aria-label^="${title}"]`).waitFor();
    const pattern = JSON.stringify(verdict.source);
    const frame = await bench.modelFrame(`pc-compare .verdict:text-matches(${pattern})`, 60_000);
    assert.match(await frame.locator('.verdict').innerText(), verdict);
    return frame;
  };

  it('sees what quantising cost, value by value, node by node and weight by weight', async () => {
    await bench.openFile('digits/digits.onnx');
    await bench.focusGraph(await bench.modelFrame('pc-run-bar'));
    await bench.runCommand('Patchclamp: Compare With Another Model…');
    await bench.pick(/variants\/int8\.onnx$/);
    await bench.pick('Values on one input too');
    await bench.pick(/Run$/);
    const frame = await compared('digits.onnx and int8.onnx', /first to depart is .* of its size/);
    assert.equal(await frame.locator('pc-compare-table tbody tr').count(), 31);
    await bench.screenshot('compare-values');

    await frame.getByRole('tab', { name: /Values/ }).focus();
    await bench.page.keyboard.press('ArrowRight');
    await frame.locator('pc-compare-table tbody tr.removed').first().waitFor();
    await bench.screenshot('compare-nodes');
    await frame.getByRole('tab', { name: /Weights/ }).click();
    await frame.getByRole('button', { name: 'Sort by Largest' }).click();
    await bench.screenshot('compare-weights');
    assert.deepEqual(await violations(frame), []);

    await frame.getByRole('tab', { name: /Values/ }).click();
    await frame.getByRole('searchbox').fill('stages.2');
    await frame.locator('pc-compare-table tbody tr').first().getByRole('button').click();
    const graph = await bench.modelFrame('pc-inspector h2');
    await graph.locator('pc-inspector h2', { hasText: /Conv|conv2d_6/ }).waitFor();
    await bench.runCommand('View: Close All Editors');
  });

  it('is given the Python that records, with the model’s own inputs', async () => {
    await bench.openFile('text.onnx');
    await bench.focusGraph(await bench.modelFrame('pc-run-bar'));
    await bench.runCommand("Patchclamp: Record the Framework's Activations…");
    await bench.page.locator('.notification-list-item', { hasText: 'activations.npz' }).waitFor();
    await bench.page.locator('.view-line', { hasText: 'import torch' }).first().waitFor();
    await bench.screenshot('compare-recorder');
    await bench.page.keyboard.press('Escape');
  });

  it('finds the changed module, and its line', async () => {
    await bench.tab('text.onnx').click();
    // The editor takes the focus when it is there; a palette that opened before would close again.
    await bench.focusGraph(await bench.modelFrame('pc-run-bar'));
    await bench.runCommand('Patchclamp: Compare With Recorded Activations…');
    await bench.pick('text-layer-norm-eps.npz');
    const frame = await compared(
      'text.onnx and text-layer-norm-eps.npz',
      /first to depart is blocks\.1\.norm2 .* by 0\.105/,
    );
    const first = frame.locator('pc-compare-table tr.begins');
    assert.equal(await first.count(), 1);
    assert.match(await first.innerText(), /blocks\.1\.norm2/);
    assert.deepEqual(await violations(frame), []);
    await bench.screenshot('compare-recording');
    await frame.getByRole('button', { name: /Open tiny\.py:\d+/ }).click();
    await bench.tab('tiny.py').waitFor();
    await bench.page.locator('.view-line', { hasText: 'self.norm2(x)' }).first().waitFor();
    await bench.screenshot('compare-recording-line');
  });

  it('says when nothing departs', async () => {
    await bench.tab('text.onnx').click();
    // The editor takes the focus when it is there; a palette that opened before would close again.
    await bench.focusGraph(await bench.modelFrame('pc-run-bar'));
    await bench.runCommand('Patchclamp: Compare With Recorded Activations…');
    await bench.pick('text.npz');
    const frame = await compared('text.onnx and text.npz', /None of \d+ values departs/);
    assert.equal(await frame.locator('pc-compare-table tr.begins').count(), 0);
  });

  it('judges by another threshold without running again, and is there after a reload', async () => {
    const frame = await bench.modelFrame('pc-compare .verdict');
    const threshold = frame.getByRole('textbox', { name: /beyond which a value departs/ });
    await threshold.fill('2e-11');
    await threshold.press('Enter');
    await frame.locator('.verdict', { hasText: 'within ten times their floor' }).waitFor();
    const verdict = await frame.locator('.verdict').innerText();
    await bench.screenshot('compare-threshold');
    await bench.reload('2e-11');
    const again = await bench.modelFrame('pc-compare .verdict', 60_000);
    assert.equal(await again.locator('.verdict').innerText(), verdict);
    assert.equal(
      await again.getByRole('textbox', { name: /beyond which a value departs/ }).inputValue(),
      '2e-11',
    );
  });

  it('finds where NaN begins', async () => {
    await bench.openFile('logs.onnx');
    await bench.focusGraph(await bench.modelFrame('pc-run-bar'));
    await bench.runCommand('Patchclamp: Find the First NaN or Infinity…');
    await bench.pick(/Run$/);
    const frame = await compared('NaN and infinities in logs.onnx', /The first NaN is in logs \(Log\)/);
    assert.equal(await frame.locator('pc-compare-table tr.begins').count(), 1);
    assert.equal(await frame.locator('pc-compare-table tr.departs').count(), 1);
    assert.deepEqual(await violations(frame), []);
    await bench.screenshot('compare-nan');
  });
});
