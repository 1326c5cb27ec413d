/**
 * From a class to a model: the lens writes a script, the script runs in the person's Python, and the next export says
 * what it changed. Python itself is not in the tests: a program of the same interface writes a model that lies ready.
 */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openWorkbench, sampleCopy, type Workbench } from './workbench';

/** Takes a script, and writes `next.onnx` beside it to where its line `OUT = …` says. */
const INTERPRETER = `#!${process.execPath}
const fs = require('node:fs'), path = require('node:path');
const [script] = process.argv.slice(2);
const folder = path.dirname(script);
const out = /^OUT = HERE \\/ "(.+)"$/m.exec(fs.readFileSync(script, 'utf8'))[1];
if (!fs.existsSync(path.join(folder, 'next.onnx'))) { console.error('ModuleNotFoundError: torch'); process.exit(1); }
fs.copyFileSync(path.join(folder, 'next.onnx'), path.join(folder, out));
console.log(out + ' written');
`;

describe('a person exports a model from its class', function () {
  this.timeout(180_000);
  let bench: Workbench;

  before(async () => {
    const folder = sampleCopy('digits');
    const python = path.join(path.dirname(folder), 'python');
    writeFileSync(python, INTERPRETER);
    chmodSync(python, 0o755);
    bench = await openWorkbench({
      folder,
      settings: { 'patchclamp.export.python': python, 'patchclamp.export.runOnSave': true },
    });
  });
  after(() => bench.close());

  const next = (variant: string): void => {
    copyFileSync(path.join(bench.folder, variant), path.join(bench.folder, 'next.onnx'));
  };
  const toast = (text: string | RegExp): ReturnType<Workbench['page']['locator']> =>
    bench.page.locator('.notification-toast', { hasText: text });

  it('writes a script from the lens above the class, and marks what it guessed', async () => {
    await bench.openFile('model.py');
    await bench.goToLine('class Digits');
    const lens = bench.page.locator('.codelens-decoration a', { hasText: 'Write Export Script' });
    // Lenses are taken away and set again while the text settles; parts of the model have none of their own.
    await lens.nth(0).waitFor();
    await lens.nth(1).waitFor({ state: 'detached' });
    await lens.click();
    await bench.tab('export_digits.py').waitFor();
    await toast('Wrote export_digits.py').waitFor();
    const text = readFileSync(path.join(bench.folder, 'export_digits.py'), 'utf8');
    assert.match(text, /from model import Digits, build/);
    assert.match(text, /OUT = HERE \/ "digits\.export\.onnx"/, 'the trained model is not replaced');
    await bench.screenshot('export-script');
  });

  it('says that the script failed, and where to read why', async () => {
    await toast('Wrote export_digits.py').locator('.monaco-button', { hasText: 'Run It' }).click();
    await toast('ended with exit code 1').waitFor();
    await toast('ended with exit code 1').locator('.codicon-notifications-clear').click();
  });

  it('runs it and tells what was written', async () => {
    next('digits.onnx');
    await bench.runCommand('Patchclamp: Run Export Script');
    const done = toast('Wrote digits.export.onnx: 31 nodes, 31 of them with a line of source');
    await done.filter({ hasText: 'It has the structure of digits.onnx.' }).waitFor();
    await bench.screenshot('export-done');
    await toast('Wrote digits.export.onnx').locator('.codicon-notifications-clear').click();
  });

  it('shows what the next export changed', async () => {
    next('variants/fused.onnx');
    await bench.runCommand('Patchclamp: Run Export Script');
    const again = toast('digits.export.onnx exported again: ');
    await again.waitFor();
    await again.locator('.monaco-button', { hasText: 'Show Difference' }).click();
    const line = bench.page.locator('.editor-instance .view-line', { hasText: 'BatchNormalization' });
    await line.first().waitFor();
    await bench.screenshot('export-difference');
  });

  it('shows how a first export differs from the model it does not replace', async () => {
    rmSync(path.join(bench.folder, 'digits.export.onnx'));
    await bench.runCommand('Patchclamp: Run Export Script');
    const first = toast('Wrote digits.export.onnx').filter({
      hasText: /Against digits\.onnx: .*nodes removed/,
    });
    await first.locator('.monaco-button', { hasText: 'Show Difference' }).click();
    const line = bench.page.locator('.editor-instance .view-line', { hasText: 'Against digits.onnx' });
    await line.first().waitFor();
  });

  it('runs again when the source is saved, where the setting says so', async () => {
    next('digits.onnx');
    await bench.openFile('model.py');
    await bench.goToLine('class Digits');
    await bench.page.keyboard.press('End');
    await bench.page.keyboard.type('  # changed');
    await bench.page.keyboard.press('Control+s');
    await toast('digits.export.onnx exported again: ').waitFor();
    const written = readFileSync(path.join(bench.folder, 'digits.export.onnx'));
    assert.deepEqual(written, readFileSync(path.join(bench.folder, 'digits.onnx')));
  });
});
