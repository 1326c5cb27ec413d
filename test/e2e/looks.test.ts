/** How it looks and whether everyone can use it: four themes, pictures kept, axe finds nothing. */
import assert from 'node:assert/strict';
import { violations } from './axe';
import { openWorkbench, sampleCopy, themes } from './workbench';

describe('the model editor in every theme', function () {
  this.timeout(180_000);

  for (const theme of themes) {
    it(`can be read and used by everyone in ${theme}`, async () => {
      const bench = await openWorkbench({ folder: sampleCopy('digits'), theme });
      try {
        await bench.openFile('digits.onnx');
        const frame = await bench.modelFrame('pc-run-bar');
        await frame.locator('pc-run-bar pc-button', { hasText: 'Run' }).click();
        await frame.locator('pc-ranking').first().waitFor();
        const name = theme.replaceAll(' ', '-').toLowerCase();
        await bench.screenshot(`model-${name}`);
        await bench.focusGraph(frame);
        for (let i = 0; i < 2; i++) await bench.page.keyboard.press('ArrowDown');
        await frame.locator('pc-image-grid').first().waitFor();
        await bench.screenshot(`node-${name}`);
        assert.deepEqual(await violations(frame), []);
      } finally {
        await bench.close();
      }
    });
  }
});
