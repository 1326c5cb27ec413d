/** Inputs and outputs of a model that has nothing helpful beside it: a text, special tokens, labels from elsewhere. */
import { copyFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { root } from '../harness/lib/paths.mjs';
import { floats, info, modelOf, node } from '../unit/onnx/seeds';
import { openWorkbench, sampleCopy, type Workbench } from './workbench';

/** Looks up a vector for each of a row of numbers, whatever they are called; adds an offset that may be fed. */
function embedding(): Uint8Array {
  return modelOf(
    {
      name: 'embedding',
      node: [node('Gather', ['table', 'x'], ['v']), node('Add', ['v', 'offset'], ['y'])],
      initializer: [floats('table', [20_000, 8]), floats('offset', [8])],
      input: [info('x', ['n'], 7), info('offset', [8])],
      output: [info('y', ['n', 8])],
    },
    { irVersion: 3n },
  );
}

const WIDE = 6000;

/** Two rows of more classes than a figure has bars. */
function wide(): Uint8Array {
  return modelOf({
    name: 'wide',
    node: [node('Softmax', ['x'], ['y'])],
    input: [info('x', [2, WIDE])],
    output: [info('y', [2, WIDE])],
  });
}

describe('a person feeds a model that has nothing beside it', function () {
  this.timeout(180_000);
  let bench: Workbench;
  let frame: Frame;

  before(async () => {
    const folder = sampleCopy('digits');
    mkdirSync(path.join(folder, 'elsewhere'));
    copyFileSync(
      path.join(root, 'media/samples/capitals/tokenizer.json'),
      path.join(folder, 'elsewhere/tokenizer.json'),
    );
    renameSync(path.join(folder, 'labels.txt'), path.join(folder, 'elsewhere/numbers.txt'));
    writeFileSync(path.join(folder, 'elsewhere/three.txt'), 'a\nb\nc\n');
    writeFileSync(path.join(folder, 'embedding.onnx'), embedding());
    writeFileSync(path.join(folder, 'wide.onnx'), wide());
    const names = Array.from({ length: WIDE }, (_, i) => `class-${String(i)}`);
    writeFileSync(path.join(folder, 'elsewhere/wide.txt'), `${names.join('\n')}\n`);
    bench = await openWorkbench({ folder });
  });
  after(() => bench.close());

  const open = async (name: string): Promise<void> => {
    await bench.openFile(name);
    frame = await bench.modelFrame('pc-run-bar');
    await frame.locator('pc-inspector h2', { hasText: name }).waitFor();
  };
  const part = (text: string | RegExp): ReturnType<Frame['locator']> =>
    frame.locator('pc-run-bar button.part', { hasText: text }).first();
  const run = async (): Promise<void> => {
    await frame.locator('pc-run-bar pc-button', { hasText: 'Run' }).click();
  };

  it('gives a text to an input of any name, with a tokenizer from elsewhere', async () => {
    await open('embedding.onnx');
    await part('random').click();
    await bench.pick(/A text…/);
    await bench.type('The capital of France is');
    await bench.pick('elsewhere/tokenizer.json');
    await bench.pick('ids');
    await part('The capital of France is').waitFor();
    await part('elsewhere/tokenizer.json').waitFor();
    await part(/^\s*(special tokens)?\s*special tokens/).waitFor();
    await run();
    await frame.locator('pc-token-strip', { hasText: 'France' }).first().waitFor();
    await bench.screenshot('text-fed');
  });

  it('changes special tokens and padding with one click each', async () => {
    await part(/special tokens/).click();
    await bench.pick('Without special tokens');
    await part('no special tokens').waitFor();
    await part('pad 0').click();
    await bench.type('3');
    await part('pad 3').waitFor();
  });

  it('feeds an input that the model has a value for, and leaves it out again', async () => {
    await frame.locator('pc-run-bar button', { hasText: '1 optional' }).click();
    await frame.locator('pc-run-bar .feed', { hasText: 'offset' }).locator('button.part').first().click();
    await bench.pick(/A typed value…/);
    await bench.type('ones');
    await part('ones').waitFor();
    await run();
    await frame
      .locator('pc-run-bar vscode-option', { hasText: 'Run 2' })
      .first()
      .waitFor({ state: 'attached' });
    await part('ones').click();
    await bench.pick(/Nothing/);
    await frame
      .locator('pc-run-bar button', { hasText: /1 optional|–/ })
      .first()
      .waitFor();
  });

  it('chooses labels from elsewhere, and reads why others do not fit', async () => {
    await open('digits.onnx');
    await part('no labels').click();
    await bench.pick('elsewhere/three.txt');
    await run();
    const card = frame.locator('pc-inspector', { hasText: 'names 3 classes and this output has 10' });
    await card.waitFor();
    await part('labels elsewhere/three.txt').click();
    await bench.pick('elsewhere/numbers.txt');
    await part('labels elsewhere/numbers.txt').waitFor();
    await frame.locator('pc-ranking .name.first', { hasText: /^\s*0\s*$/ }).waitFor();
    await bench.screenshot('labels-elsewhere');
  });

  it('ranks any row of a batch, of more classes than could be drawn', async () => {
    await open('wide.onnx');
    await part('no labels').click();
    await bench.pick('elsewhere/wide.txt');
    await run();
    const ranking = frame.locator('pc-ranking').first();
    await ranking.locator('.name.first', { hasText: /^\s*class-\d+\s*$/ }).waitFor();
    await frame.locator('pc-ranking[heading="Classes of row 0"]').waitFor();
    const row = frame.locator('.picture', { has: frame.locator('pc-ranking') }).locator('.axes input');
    await row.fill('1');
    await row.press('Enter');
    await frame.locator('pc-ranking[heading="Classes of row 1"]').waitFor();
  });
});
