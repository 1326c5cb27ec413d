/** Vector-Jacobian products of ONNX's own node tests at opsets 18 to 25 against central differences of the runtime. */
import assert from 'node:assert/strict';
import { opsetModels } from '../opsets/opsetModels';
import { everyCase, share, stated } from '../share';
import { EXCEPTIONS, TOO_OLD, verdictOf } from './cases';
import { OPSET_EXCEPTIONS } from './opsetCases';

describe('gradients of the node tests of opsets 18 to 25', function () {
  this.timeout(240_000);

  it(`agree with central differences, but for the listed cases${stated}`, async () => {
    const wrong: string[] = [];
    const met = new Set<unknown>();
    let agreeing = 0;
    for (const model of share([...opsetModels()])) {
      const verdict = await verdictOf(model);
      const exceptions = OPSET_EXCEPTIONS.filter(([name]) => name.test(model.name));
      if (verdict.kind === 'agrees') agreeing++;
      else if (verdict.kind === 'not' && !TOO_OLD.test(verdict.says)) {
        const found = exceptions.find(([, says]) => says.test(verdict.says));
        if (found === undefined) wrong.push(`${model.name}: ${verdict.says}`);
        else met.add(found);
      }
    }
    assert.deepEqual(wrong, []);
    const own = OPSET_EXCEPTIONS.filter((exception) => !EXCEPTIONS.includes(exception));
    if (everyCase)
      assert.deepEqual(
        own.filter((exception) => !met.has(exception)).map(([name]) => name.source),
        [],
        'exceptions that no case needs',
      );
    assert.ok(agreeing >= (everyCase ? 650 : 125), `${String(agreeing)} cases agree`);
  });
});
