/** Kept runs in a window that is not trusted: what was recorded is shown, and nothing is computed. */
import assert from 'node:assert/strict';
import type { Frame } from 'playwright-core';
import { engines } from './engines';
import { openWorkbench, sampleCopy, type Workbench } from './workbench';

describe('a person looks at kept runs in Restricted Mode', function () {
  this.timeout(180_000);
  let bench: Workbench;
  let frame: Frame;

  before(async () => {
    bench = await openWorkbench({ folder: sampleCopy('digits'), trust: true });
    await restricted(bench).waitFor();
  });
  after(() => bench.close());

  it('sees summaries and is told why values are not computed; no engine starts', async () => {
    await bench.runCommand('Workspaces: Manage Workspace Trust');
    await bench.page
      .locator('.workspace-trust-editor .monaco-button', { hasText: /^Trust$/ })
      .first()
      .click();
    await restricted(bench).waitFor({ state: 'detached' });
    await bench.page.locator('.monaco-modal-editor-block .codicon-close').first().click();
    await bench.openFile('digits.onnx');
    frame = await bench.modelFrame('pc-run-bar');
    await frame.locator('pc-run-bar pc-button', { hasText: 'Run' }).click();
    await frame.locator('pc-ranking .name.first').waitFor();
    const before = engines();
    assert.ok(before.length > 0, 'an engine ran');

    // Taking the folder off the list takes the trust away; the window starts its extensions anew.
    await bench.runCommand('Workspaces: Manage Workspace Trust');
    const row = bench.page.locator('.trusted-uris-table .monaco-list-row').last();
    await row.scrollIntoViewIfNeeded();
    await row.hover();
    const reloaded = bench.page.waitForEvent(
      'framenavigated',
      (navigated) => navigated.parentFrame() === null,
    );
    await row.locator('.action-label').last().click();
    await reloaded;
    await restricted(bench).waitFor({ timeout: 60_000 });
    await bench.tab('digits.onnx').click();
    frame = await bench.modelFrame('pc-run-bar [role=note]', 60_000);
    await frame.locator('pc-run-bar [role=note]', { hasText: 'Restricted Mode' }).waitFor();
    await frame
      .locator('pc-run-bar vscode-option', { hasText: 'Run 1' })
      .first()
      .waitFor({ state: 'attached' });
    const card = frame.locator('pc-inspector pc-value-card').first();
    await card.locator('pc-distribution').waitFor();
    await card.locator('.problem', { hasText: 'Restricted Mode' }).waitFor();
    assert.equal(await frame.locator('pc-ranking').count(), 0);
    assert.deepEqual(
      engines().filter((pid) => !before.includes(pid)),
      [],
    );
    await bench.screenshot('restricted-kept-run');
  });
});

function restricted({ page }: Workbench): ReturnType<Workbench['tab']> {
  return page.locator('.statusbar-item', { hasText: 'Restricted Mode' }).first();
}
