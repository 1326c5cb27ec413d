/**
 * ONNX's node tests of opsets 18 to 25: those the runtime can run give the stated outputs and are bit for bit the same
 * while everything in them is captured, handed back, and scaled by 1. What the runtime has not is listed in missing.ts.
 */
import assert from 'node:assert/strict';
import { AssertionError } from 'node:assert';
import { isFailure } from '../../../src/base/errors';
import { captureAndHandBack, compareWithFile, runAll } from '../engine/packageRuns';
import { everyCase, share, stated } from '../share';
import { MISSING } from './missing';
import { opsetModels, type OpsetModel } from './opsetModels';
import { testEngine } from '../../unit/engine/testEngine';

describe('the node tests of opsets 18 to 25', function () {
  this.timeout(300_000);
  const api = testEngine({ sessionBudget: 1 << 20, tensorBudget: 1 << 30 });
  const ran: OpsetModel[] = [];

  it('give the stated outputs, but for what the runtime has not', async () => {
    let compared = 0;
    const found = new Map<string, string[]>();
    for (const model of opsetModels()) {
      const exceptions = MISSING.filter(({ cases }) => cases.test(model.name));
      const other = exceptions.find(({ says }) => says === null);
      try {
        compared += await runAll(api, model, true);
        ran.push(model);
      } catch (error) {
        const differs = error instanceof AssertionError && /differs by/.test(error.message);
        assert.ok(isFailure(error) || differs, String(error));
        const refused = exceptions.find(({ says }) => isFailure(error) && says?.test(error.message));
        const exception = differs ? other : refused;
        assert.ok(exception, `${model.name}: ${error.message}`);
        found.set(exception.reason, [...(found.get(exception.reason) ?? []), model.name]);
        if (differs) ran.push(model);
      }
    }
    assert.deepEqual(
      MISSING.map(({ reason }) => [reason, found.get(reason)?.length ?? 0]),
      MISSING.map(({ reason, count }) => [reason, count]),
    );
    assert.equal(ran.length, 871);
    assert.ok(compared >= 1047, `${String(compared)} outputs compared`);
  });

  it(`give bit for bit what the runtime gives for the file itself${stated}`, async () => {
    let compared = 0;
    for (const model of share(ran.filter(isSteady))) compared += await compareWithFile(api, model);
    assert.ok(compared > (everyCase ? 900 : 180), `${String(compared)} outputs compared`);
  });

  it(`are not changed by capturing everything, handing it back, or scaling it by 1${stated}`, async () => {
    let captured = 0;
    const refused: string[] = [];
    for (const model of share(ran.filter(isSteady))) {
      const found = await captureAndHandBack(api, model);
      captured += found.captured;
      refused.push(...found.refused.map((text) => `${model.name} ${text}`));
    }
    for (const text of refused) assert.match(text, /is a sequence/);
    assert.ok(captured > (everyCase ? 9600 : 1500), `${String(captured)} values`);
  });
});

/** Draws no random numbers. */
function isSteady({ name }: OpsetModel): boolean {
  return !/training_dropout/.test(name);
}
