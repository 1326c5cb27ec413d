/**
 * Every model of libonnx-testdata: opens, runs with the outputs the package states, and stays bit for bit what it was
 * while everything in it is captured and handed back. What the runtime cannot run is listed by name and reason.
 */
import assert from 'node:assert/strict';
import { isFailure } from '../../../src/base/errors';
import { openLocal } from '../../../src/onnx/files';
import { captureAndHandBack, compareWithFile, runAll } from './packageRuns';
import { everyCase, share, stated } from '../share';
import { testModels, type TestModel } from './testdata';
import { testEngine } from '../../unit/engine/testEngine';

/** Where the stated outputs are not what this runtime gives, with the reason. The runtime itself gives the same as we do. */
const OTHER_OUTPUTS: readonly (readonly [RegExp, string])[] = [
  [/test_bernoulli|test_training_dropout/, 'draws random numbers'],
  [/test_cast(like)?_FLOAT_to_STRING/, 'the runtime writes numbers as text in another way'],
  [/test_cast_FLOAT_to_BFLOAT16$/, 'the package cut bits off where the runtime rounds'],
  [/test_maxunpool_export_with_output_shape/, 'the runtime places the values by another rule'],
  [
    /test_resize_downsample_scales_(cubic|linear)_align_corners/,
    'the package is from before ONNX changed this rule',
  ],
];

/** Models whose stated inputs are not what the model itself declares. */
const OTHER_INPUTS = /test_castlike_(BFLOAT16_to_FLOAT|FLOAT_to_BFLOAT16)/;

/** Kernels that are there and say no. */
const REFUSED: readonly (readonly [RegExp, RegExp, string])[] = [
  [
    /test_(gru|lstm|simple_rnn)_batchwise/,
    /Batchwise recurrent operations/,
    'no batch-first recurrent layers',
  ],
  [/test_strnorm/, /StringNormalizer|locale/i, 'needs the locale en_US.UTF-8, which this machine has not'],
];

function reasonFor(list: readonly (readonly [RegExp, string])[], name: string): string | undefined {
  return list.find(([pattern]) => pattern.test(name))?.[1];
}

describe('every model of libonnx-testdata', function () {
  this.timeout(300_000);
  const api = testEngine({ sessionBudget: 1 << 20, tensorBudget: 1 << 30 });
  const models = testModels();
  const missing = new Map<string, string[]>();
  const ran: TestModel[] = [];

  it('is there in full', () => assert.equal(models.length, 1072));

  it('opens', async () => {
    for (const { file, name } of models) {
      const { skeleton, source } = await openLocal(file);
      await source.close();
      assert.ok(skeleton.graph.nodes.length > 0 || /empty|identity/.test(name), name);
    }
  });

  it('gives the stated outputs wherever the runtime has the operator', async () => {
    let compared = 0;
    for (const model of models) {
      const other = reasonFor(OTHER_OUTPUTS, model.name);
      try {
        compared += await runAll(api, model, other === undefined);
        ran.push(model);
        if (other !== undefined) note(missing, `runs with other numbers: ${other}`, model.name);
      } catch (error) {
        note(missing, whyNot(model.name, error), model.name);
      }
    }
    for (const [reason, names] of missing) console.log(`      ${reason}: ${names.join(', ')}`);
    assert.ok(compared > 1000, `${String(compared)} outputs compared`);
    assert.ok(ran.length >= 1000, `${String(ran.length)} models ran`);
  });

  it(`gives bit for bit what the runtime gives for the file itself${stated}`, async () => {
    let compared = 0;
    for (const model of share(ran)) {
      if (/bernoulli|training_dropout/.test(model.name)) continue;
      compared += await compareWithFile(api, model);
    }
    assert.ok(compared > (everyCase ? 950 : 190), `${String(compared)} outputs compared`);
  });

  it(`is not changed by capturing everything and handing it back${stated}`, async () => {
    let captured = 0;
    const refused: string[] = [];
    for (const model of share(ran)) {
      if (/bernoulli|training_dropout/.test(model.name)) continue;
      const found = await captureAndHandBack(api, model);
      captured += found.captured;
      refused.push(...found.refused.map((text) => `${model.name} ${text}`));
    }
    for (const text of refused)
      assert.match(
        text,
        /is a sequence|cannot be inferred|lets no inner value out|from one iteration to the next/,
      );
    assert.ok(captured > (everyCase ? 2400 : 400), `${String(captured)} values`);
  });
});

function note(lists: Map<string, string[]>, reason: string, name: string): void {
  lists.set(reason, [...(lists.get(reason) ?? []), name]);
}

function whyNot(name: string, error: unknown): string {
  assert.ok(isFailure(error), `${name}: ${String(error instanceof Error ? error.stack : error)}`);
  if (error.code === 'unsupported') {
    return (
      /^The runtime has no (operator )?\w+/.exec(error.message)?.[0] ??
      assert.fail(`${name}: ${error.message}`)
    );
  }
  if (error.code === 'bad-feed' && OTHER_INPUTS.test(name)) return 'the stated inputs do not fit the model';
  const refused = REFUSED.find(([names, message]) => names.test(name) && message.test(error.message));
  return refused?.[2] ?? assert.fail(`${name}: ${error.message}`);
}
