/** How it looks and whether everyone can use it: four themes, pictures kept, axe finds nothing. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Frame } from 'playwright-core';
import { openWorkbench, sampleCopy, themes } from './workbench';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** What axe holds against the page, one line each. */
async function violations(frame: Frame): Promise<string[]> {
  // The page's policy forbids foreign scripts; a test's own evaluation, given as text, is not bound by it.
  const result: unknown = await frame.evaluate(`(() => { ${axeSource}; return axe.run(document); })()`);
  return (result as AxeResult).violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`),
  );
}

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
