/** Holding a value: what stands is in sight, its effect is shown live, the source says so, and one key lets it go. */
import assert from 'node:assert/strict';
import type { Frame } from 'playwright-core';
import { openWorkbench, sampleCopy, type Workbench } from './workbench';

describe('a person holds a value', function () {
  this.timeout(180_000);
  let bench: Workbench;
  let frame: Frame;

  before(async () => {
    bench = await openWorkbench({ folder: sampleCopy('digits') });
    await bench.openFile('digits.onnx');
    frame = await bench.modelFrame('pc-run-bar');
    await bench.focusGraph(frame);
    for (let i = 0; i < 2; i++) await bench.page.keyboard.press('ArrowDown');
    await frame.locator('pc-inspector h2', { hasText: 'stem' }).waitFor();
  });
  after(() => bench.close());

  const row = (name: string): ReturnType<Frame['locator']> =>
    frame.locator('pc-clamps tbody tr').filter({ has: frame.locator('th', { hasText: name }) });

  it('ablates what is selected by key, and reads the outputs without and with', async () => {
    await bench.page.keyboard.press('Control+Alt+0');
    await frame.locator('pc-clamps .clamp').waitFor();
    await row('0').first().waitFor();
    const [without = '', within = ''] = await row('0').first().locator('td').allInnerTexts();
    assert.match(without, /%$/);
    assert.notEqual(without, within);
    await bench.screenshot('clamped');
  });

  it('reads in the source what is held', async () => {
    await bench.tab('model.py').click();
    // VS Code writes what stands behind a line as the content of a pseudo-element.
    await bench.page.waitForFunction(() =>
      [...document.querySelectorAll('.editor-instance .view-line span')].some((span) =>
        getComputedStyle(span, '::after').content.includes('held at 0'),
      ),
    );
  });

  it('turns a number and sees the effect change', async () => {
    const before = await row('0').first().innerText();
    await frame.locator('pc-clamps input[type=number]').fill('1');
    await frame.locator('pc-clamps input[type=number]').press('Enter');
    await frame.waitForFunction((text) => {
      const app = document.querySelector('pc-app')?.shadowRoot?.querySelector('pc-clamps')?.shadowRoot;
      const first = app?.querySelector('tbody tr');
      return first instanceof HTMLElement && first.innerText !== text;
    }, before);
  });

  it('keeps what stood with the run that was made under it', async () => {
    await frame.locator('pc-run-bar pc-button', { hasText: 'Run' }).click();
    await frame.locator('pc-run-bar pc-dropdown', { hasText: 'Run 1' }).waitFor();
    await frame.locator('[role=note]', { hasText: 'set ' }).waitFor();
  });

  it('picks a channel in its picture, and ablates it alone', async () => {
    // What the module gives out is open, with its channels as images.
    const card = frame.locator('pc-inspector pc-value-card').first();
    await card.locator('pc-image-grid .grid button').nth(3).click();
    await card.locator('.picked button', { hasText: 'Ablate' }).click();
    await frame.locator('pc-clamps .site', { hasText: /#3\s*$/ }).waitFor();
  });

  it('lets everything go by one key', async () => {
    await bench.focusGraph(frame);
    await bench.page.keyboard.press('Shift+Escape');
    await frame.locator('pc-clamps').waitFor({ state: 'detached' });
  });
});
