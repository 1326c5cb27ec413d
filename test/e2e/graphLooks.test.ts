/** The graph's table, menus and neurons in every theme: pictures kept, axe finds nothing. */
import assert from 'node:assert/strict';
import { violations } from './axe';
import { openWorkbench, sampleCopy, themes } from './workbench';

describe('the graph’s other views in every theme', function () {
  this.timeout(180_000);

  for (const theme of themes) {
    it(`can be read and used by everyone in ${theme}`, async () => {
      const bench = await openWorkbench({ folder: sampleCopy('digits'), theme });
      try {
        await bench.openFile('digits.onnx');
        const frame = await bench.modelFrame('pc-run-bar');
        await frame.locator('pc-run-bar pc-button', { hasText: 'Run' }).click();
        await frame.locator('pc-graph pc-graph-legend').waitFor();
        const name = theme.replaceAll(' ', '-').toLowerCase();
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
        await bench.screenshot(`table-${name}`);
        assert.deepEqual(await violations(frame), []);
        await bench.page.keyboard.press('Escape');
        await bench.focusGraph(frame);
        await bench.page.keyboard.press('w');
        await frame.locator('pc-neuron-layer').nth(1).waitFor();
        await bench.page.keyboard.press('ArrowRight');
        await frame.locator('pc-neurons tbody tr').first().waitFor();
        await bench.screenshot(`neurons-${name}`);
        assert.deepEqual(await violations(frame), []);
      } finally {
        await bench.close();
      }
    });
  }
});
