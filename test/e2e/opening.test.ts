/** The first clicks: a model opens from the explorer with a double click, and shows its graph. */
import assert from 'node:assert/strict';
import { openWorkbench, sampleCopy, type Workbench } from './workbench';

describe('a person opens the sample', function () {
  this.timeout(120_000);
  let bench: Workbench | undefined;
  before(async () => {
    bench = await openWorkbench({ folder: sampleCopy('digits') });
  });
  after(() => bench?.close());

  it('sees the model editor after a double click', async () => {
    assert.ok(bench);
    await bench.openFile('digits.onnx');
    const frame = await bench.modelFrame();
    assert.equal(await frame.locator('pc-app').count(), 1);
    await bench.screenshot('opening');
  });

  it('reads a hover over the source', async () => {
    assert.ok(bench);
    await bench.openFile('model.py');
    const text = await bench.hover('self.stem', 'stem');
    assert.notEqual(text.trim(), '');
    await bench.screenshot('hover');
  });
});
