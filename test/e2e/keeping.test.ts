/** What a person has stays: across a reload, when files change, when the engine dies, when an export cannot be written. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import {
  externalTensor,
  graphAttribute,
  info,
  modelOf,
  node,
  plain,
  tensorType,
  type GraphInit,
} from '../unit/onnx/seeds';
import { engines } from './engines';
import { openWorkbench, sampleCopy, type Workbench } from './workbench';

const SIDE = 1200;

/** Multiplies matrices long enough for a person to see it run. */
function slowModel(): Uint8Array {
  const square = (name: string): ReturnType<typeof info> => info(name, [SIDE, SIDE]);
  const body: GraphInit = {
    name: 'body',
    node: [
      node('MatMul', ['v', 'x'], ['w']),
      node('Tanh', ['w'], ['next']),
      node('Identity', ['go'], ['still']),
    ],
    input: [info('i', [], 7), info('go', [], 9), square('v')],
    output: [{ name: 'still', type: tensorType(9, []) }, square('next')],
  };
  const times = { name: 'times', dims: [], dataType: 7, int64Data: [100_000n] };
  return modelOf({
    name: 'slow',
    node: [node('Loop', ['times', '', 'x'], ['y'], { attribute: [graphAttribute('body', body)] })],
    initializer: [times],
    input: [square('x')],
    output: [square('y')],
  });
}

describe('a person keeps what they have', function () {
  this.timeout(180_000);
  let bench: Workbench;
  let frame: Frame;

  before(async () => {
    const folder = sampleCopy('digits');
    mkdirSync(path.join(folder, 'data'));
    writeFileSync(path.join(folder, 'data/w.bin'), new Uint8Array(Float32Array.of(1, 2, 3).buffer));
    writeFileSync(
      path.join(folder, 'external.onnx'),
      modelOf({ ...plain(), initializer: [externalTensor('w', [3], 'data/w.bin')] }),
    );
    writeFileSync(path.join(folder, 'slow.onnx'), slowModel());
    bench = await openWorkbench({ folder });
  });
  after(() => bench.close());

  const open = async (name: string): Promise<void> => {
    await bench.openFile(name);
    frame = await bench.modelFrame('pc-run-bar');
    await frame.locator('pc-inspector h2', { hasText: name }).waitFor();
  };
  const run = async (): Promise<void> => {
    await frame.locator('pc-run-bar pc-button', { hasText: 'Run' }).click();
  };
  const runs = async (): Promise<string> => {
    const options = frame.locator('pc-run-bar pc-dropdown').first().locator('vscode-option');
    await options.first().waitFor({ state: 'attached' });
    return (await options.allTextContents()).join(' / ');
  };
  const shownRun = (at: number): Promise<string> =>
    frame
      .locator('pc-run-bar pc-dropdown')
      .nth(at)
      .evaluate((dropdown: HTMLElement & { value?: string; options?: { value: string; label: string }[] }) =>
        String(dropdown.options?.find(({ value }) => value === dropdown.value)?.label),
      );

  it('finds names, pins, the comparison and the selection again after a reload', async () => {
    await open('digits.onnx');
    await run();
    await frame.locator('pc-ranking .name.first').waitFor();
    await bench.runCommand('Patchclamp: Rename Run…');
    await bench.type('the zero');
    await bench.runCommand('Patchclamp: Pin Run');
    const listed = (text: string): Promise<void> =>
      frame.locator('pc-run-bar vscode-option', { hasText: text }).first().waitFor({ state: 'attached' });
    await listed('★ the zero');
    await run();
    await listed('Run 1');
    assert.match(await runs(), /Run 1.* \/ ★ the zero/);
    await bench.runCommand('Patchclamp: Compare Two Runs…');
    await bench.pick(/the zero/);
    await bench.pick('Run 1');
    await frame.locator('pc-bars', { hasText: 'the zero less Run 1' }).first().waitFor();
    await bench.focusGraph(frame);
    for (let i = 0; i < 2; i++) await bench.page.keyboard.press('ArrowDown');
    await frame.locator('pc-inspector h2', { hasText: 'stem' }).waitFor();
    await bench.reload('"selection":{"kind":"scope","path":"stem"}');
    await bench.tab('digits.onnx').click();
    frame = await bench.modelFrame('pc-run-bar', 60_000);
    // The model is there before its runs are.
    await listed('★ the zero');
    assert.match(await runs(), /★ the zero/);
    const end = Date.now() + 20_000;
    while ((await shownRun(1)) !== 'Run 1') {
      assert.ok(Date.now() < end, `Run 1 is not compared with again: ${await shownRun(1)}`);
      await bench.page.waitForTimeout(50);
    }
    assert.match(await shownRun(0), /the zero/);
    await frame.locator('pc-inspector h2', { hasText: 'stem' }).waitFor();
  });

  it('is told that a run’s picture is another one now, and sees no values of it under that run’s name', async () => {
    const { folder } = bench;
    copyFileSync(path.join(folder, 'images/7.png'), path.join(folder, 'images/0.png'));
    await bench.page.reload();
    await bench.tab('digits.onnx').click();
    frame = await bench.modelFrame('pc-run-bar', 60_000);
    await bench.focusGraph(frame);
    await bench.page.keyboard.press('Escape');
    const card = frame.locator('pc-inspector pc-value-card').first();
    await card.locator('.problem', { hasText: 'is no longer what it was' }).waitFor();
    await card.locator('pc-distribution').waitFor();
    assert.equal(await frame.locator('pc-ranking').count(), 0);
  });

  it('sees that weights in another file have changed, and that a run is of those before', async () => {
    await open('external.onnx');
    await run();
    await frame
      .locator('pc-run-bar vscode-option', { hasText: 'Run 1' })
      .first()
      .waitFor({ state: 'attached' });
    writeFileSync(path.join(bench.folder, 'data/w.bin'), new Uint8Array(Float32Array.of(4, 5, 6, 7).buffer));
    await frame.locator('.warnings', { hasText: 'has changed since this run' }).waitFor();
    await frame.locator('pc-value-card .stale', { hasText: 'before the file changed' }).first().waitFor();
    await run();
    await frame
      .locator('pc-run-bar vscode-option', { hasText: 'Run 2' })
      .first()
      .waitFor({ state: 'attached' });
    await frame.locator('.warnings', { hasText: 'has changed since this run' }).waitFor({ state: 'hidden' });
  });

  it('is told when an export cannot be written, and finds one that was', async () => {
    await open('external.onnx');
    const exportTo = async (target: string): Promise<void> => {
      await bench.runCommand('Patchclamp: Export Weight as .npy…');
      await bench.saveAs(target);
    };
    const file = path.join(bench.folder, 'exported.npy');
    await exportTo(file);
    await bench.page.locator('.explorer-folders-view', { hasText: 'exported.npy' }).waitFor();
    assert.ok(existsSync(file));
    // Nobody can make a file there, not even root.
    await exportTo('/proc/exported.npy');
    const toast = bench.page.locator('.notifications-toasts .notification-list-item-message');
    await toast.filter({ hasText: 'cannot be written' }).first().waitFor();
    await bench.screenshot('export-fails');
    await bench.runCommand('Notifications: Clear All Notifications');
  });

  it('stops by key what was started by key', async () => {
    await open('slow.onnx');
    const focused = frame.locator('pc-run-bar pc-button.act:focus-within');
    await frame.locator('pc-run-bar pc-button.act').focus();
    await bench.page.keyboard.press('Enter');
    await frame.locator('pc-run-bar .running').waitFor();
    await focused.waitFor();
    await bench.page.keyboard.press('Enter');
    await frame.locator('pc-run-bar .running').waitFor({ state: 'detached' });
    await focused.waitFor();
  });

  it('is told which run ended the engine, and loses nothing', async () => {
    await open('slow.onnx');
    await run();
    await frame.locator('pc-run-bar .running').waitFor();
    const pid = await (async () => {
      for (;;) {
        const [found] = engines();
        if (found !== undefined) return found;
        await bench.page.waitForTimeout(50);
      }
    })();
    await bench.page.waitForTimeout(1500);
    process.kill(pid, 'SIGKILL');
    const problem = frame.locator('.warnings .problem');
    await problem.waitFor();
    assert.match(await problem.innerText(), /Run 1 of slow\.onnx ended the engine/);
    await bench.screenshot('engine-ended');
    await bench.tab('external.onnx').click();
    frame = await bench.modelFrame('pc-run-bar');
    assert.match(await runs(), /Run 2.* \/ Run 1/);
    await run();
    await frame
      .locator('pc-run-bar vscode-option', { hasText: 'Run 3' })
      .first()
      .waitFor({ state: 'attached' });
  });
});
