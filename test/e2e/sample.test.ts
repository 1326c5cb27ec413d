/** A newcomer's first minutes: *Open Sample…*, a folder, and a model beside its source, in this window or in its own. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { root } from '../harness/lib/paths.mjs';
import { openWorkbench, Workbench } from './workbench';

describe('a newcomer opens a sample', function () {
  this.timeout(180_000);
  let home: string;
  let bench: Workbench;

  before(async () => {
    home = mkdtempSync(path.join(tmpdir(), 'patchclamp-newcomer-'));
    for (const folder of ['open', 'elsewhere']) mkdirSync(path.join(home, folder));
    writeFileSync(path.join(home, 'open/notes.txt'), 'Nothing here yet.\n');
    bench = await openWorkbench({ folder: path.join(home, 'open') });
  });
  after(async () => {
    await bench.close();
    rmSync(home, { recursive: true, force: true });
  });

  /** Picks a sample and a folder in VS Code's own file dialog. */
  const choose = async (sample: string, folder: string): Promise<void> => {
    await bench.runCommand('Patchclamp: Open Sample…');
    await bench.pick(sample);
    const dialog = bench.page.locator('.quick-input-widget:visible', { hasText: `"${sample}"` });
    const input = dialog.locator('input[type="text"]');
    // The dialog fills in where it stands by itself; whoever types before that types into it.
    await dialog.locator('.monaco-list-row').first().waitFor();
    await bench.page.waitForFunction(
      (element) => element instanceof HTMLInputElement && element.value.endsWith('/'),
      await input.elementHandle(),
    );
    await input.fill(`${folder}/`);
    await dialog.getByRole('button', { name: 'Copy Sample Here' }).click();
  };

  /** The model is read, and its source stands beside it without having taken the focus. */
  const seen = async (window: Workbench, sample: string): Promise<void> => {
    const frame = await window.modelFrame('pc-run-bar', 60_000);
    await frame.locator('pc-inspector h2', { hasText: `${sample}.onnx` }).waitFor();
    await frame.locator('pc-inspector dl', { hasText: 'Links to source' }).first().waitFor();
    await window.tab('model.py').waitFor();
    await window.page.locator('.editor-instance .view-line', { hasText: 'import torch' }).first().waitFor();
    assert.equal(await window.page.locator('.editor-group-container').count(), 2);
    await window.page
      .locator(`.editor-group-container.active .tab.active[data-resource-name="${sample}.onnx"]`)
      .waitFor();
  };

  it('reads in the list what each sample is', async () => {
    await bench.runCommand('Patchclamp: Open Sample…');
    const rows = bench.page.locator('.quick-input-widget:visible .monaco-list-row');
    await rows.filter({ hasText: 'finds its way to a goal' }).waitFor();
    assert.equal(await rows.count(), 8);
    await bench.screenshot('samples');
    await bench.page.keyboard.press('Escape');
  });

  it('copies one into the open folder and sees the model beside its source', async () => {
    await choose('gridworld', bench.folder);
    await seen(bench, 'gridworld');
    const copy = path.join(bench.folder, 'gridworld');
    const { ships } = JSON.parse(readFileSync(path.join(copy, 'sample.json'), 'utf8')) as { ships: string[] };
    assert.deepEqual(
      ships.filter((file) => !existsSync(path.join(copy, file))),
      [],
    );
    await bench.screenshot('sample-in-the-open-folder');
  });

  it('runs it with one click, on what lies beside it, every part marked as a guess', async () => {
    const frame = await bench.modelFrame('pc-run-bar');
    await frame.locator('pc-run-bar button.part', { hasText: 'states.npy' }).waitFor();
    for (const part of await frame.locator('pc-run-bar button.part').allInnerTexts())
      assert.match(part, /guess/);
    await frame.locator('pc-run-bar pc-button', { hasText: 'Run' }).click();
    const best = frame.locator('pc-ranking .name.first').first();
    await best.waitFor();
    const episode =
      readFileSync(path.join(bench.folder, 'gridworld/episodes.jsonl'), 'utf8').split('\n')[0] ?? '';
    const { actions } = JSON.parse(episode) as { actions: string[] };
    assert.equal((await best.innerText()).trim(), actions[0]);
    await bench.screenshot('sample-run');
  });

  it('keeps an earlier copy: the next one has a name of its own', async () => {
    await choose('gridworld', bench.folder);
    await bench.tab('gridworld.onnx').nth(1).waitFor();
    await seen(bench, 'gridworld');
    assert.ok(existsSync(path.join(bench.folder, 'gridworld/gridworld.onnx')));
  });

  it('copies one elsewhere, and finds it open in a window of its own', async () => {
    const opened = bench.page.context().waitForEvent('page', { timeout: 60_000 });
    await choose('capitals', path.join(home, 'elsewhere'));
    const page: Page = await opened;
    const folder = path.join(home, 'elsewhere/capitals');
    const window = new Workbench(page, folder, [], () => page.close());
    try {
      await seen(window, 'capitals');
      await window.screenshot('sample-in-its-own-window');
      const frame = await window.modelFrame('pc-run-bar');
      await frame.locator('pc-run-bar pc-button', { hasText: 'Run' }).click();
      await frame.locator('pc-ranking .name.first', { hasText: 'Nairobi' }).first().waitFor();
      await window.screenshot('sample-run-in-its-own-window');
      // Another of the prompts beside the model, with two clicks.
      await frame.locator('pc-run-bar button.part', { hasText: 'The capital of Kenya is' }).click();
      await window.pick('People from Greece are called');
      await frame.locator('pc-run-bar button.part', { hasText: 'People from Greece are called' }).waitFor();
      await frame.locator('pc-run-bar pc-button', { hasText: 'Run' }).click();
      await frame.locator('pc-ranking .name.first', { hasText: 'Greek' }).first().waitFor();
      await window.screenshot('sample-run-on-another-prompt');
    } finally {
      await window.close();
    }
  });
});

/** The first line of a sample's file of lines of JSON. */
const firstLine = (sample: string, file: string): Readonly<Record<string, unknown>> => {
  const [line = '{}'] = readFileSync(path.join(root, 'media/samples', sample, file), 'utf8').split('\n');
  return JSON.parse(line) as Readonly<Record<string, unknown>>;
};

describe('a first click on Run', function () {
  this.timeout(180_000);
  let home: string;
  let bench: Workbench;

  before(async () => {
    home = mkdtempSync(path.join(tmpdir(), 'patchclamp-newcomer-'));
    for (const sample of Object.keys(answers))
      cpSync(path.join(root, 'media/samples', sample), path.join(home, sample), {
        recursive: true,
        filter: (file) => !/checkpoints|variants|torchscript/.test(file),
      });
    bench = await openWorkbench({ folder: home });
  });
  after(async () => {
    await bench.close();
    rmSync(home, { recursive: true, force: true });
  });

  /** What the sample's own data says is right for what lies first beside it. */
  const answers: Readonly<Record<string, () => unknown>> = {
    capitals: () => firstLine('capitals', 'prompts.jsonl')['answer'],
    digits: () => '0',
    gridworld: () => (firstLine('gridworld', 'episodes.jsonl')['actions'] as string[])[0],
    honesty: () => firstLine('honesty', 'prompts.jsonl')['answer'],
    'indirect-object': () => firstLine('indirect-object', 'prompts.jsonl')['indirect'],
    induction: () => firstLine('induction', 'prompts.jsonl')['answer'],
    'modular-addition': () => String((57 + 88) % 113),
    sparse: () => '0',
  };

  for (const [sample, answer] of Object.entries(answers))
    it(`answers rightly for ${sample}, on guesses marked as such`, async () => {
      await bench.runCommand('View: Close All Editors');
      await bench.page.locator('.editor-group-watermark').first().waitFor();
      await bench.page.keyboard.press('Control+p');
      await bench.page.locator('.quick-input-widget:visible input[type="text"]').fill(`${sample}.onnx`);
      await bench.pick(`${sample}.onnx`);
      const frame = await bench.modelFrame('pc-run-bar');
      await frame.locator('pc-inspector h2', { hasText: `${sample}.onnx` }).waitFor();
      const parts = frame.locator('pc-run-bar button.part');
      await parts.first().waitFor();
      for (const part of await parts.allInnerTexts()) assert.match(part, /guess/);
      await frame.locator('pc-run-bar pc-button', { hasText: 'Run' }).click();
      const best = frame.locator('pc-ranking .name.first').first();
      await best.waitFor();
      assert.equal((await best.innerText()).trim(), answer());
    });
});
