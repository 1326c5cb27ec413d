/** Vector-Jacobian products of every case of libonnx-testdata against central differences of the runtime itself. */
import assert from 'node:assert/strict';
import { testModels } from '../engine/testdata';
import { EXCEPTIONS, TOO_OLD, verdictOf } from './cases';

describe('gradients of the cases of libonnx-testdata', function () {
  this.timeout(120_000);
  /** Fewest cases that have to agree per group, so that a case cannot drop out unseen. */
  const groups = { node: 590, 'pytorch-operator': 23, 'pytorch-converted': 57, simple: 6 };

  for (const [group, fewest] of Object.entries(groups)) {
    it(`agree with central differences: ${group}`, async () => {
      const wrong: string[] = [];
      let agreeing = 0;
      for (const model of testModels().filter(({ name }) => name.startsWith(`${group}/`))) {
        const verdict = await verdictOf(model);
        const exception = EXCEPTIONS.find(([name]) => name.test(model.name));
        if (verdict.kind === 'agrees') {
          agreeing++;
          if (exception !== undefined) wrong.push(`${model.name} agrees, and is listed: ${exception[2]}`);
        } else if (verdict.kind === 'not' && !TOO_OLD.test(verdict.says)) {
          if (exception?.[1].test(verdict.says) !== true) wrong.push(`${model.name}: ${verdict.says}`);
        }
      }
      assert.deepEqual(wrong, []);
      assert.ok(agreeing >= fewest, `${String(agreeing)} of at least ${String(fewest)} cases agree`);
    });
  }
});
