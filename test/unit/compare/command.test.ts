/** `patchclamp compare` on the sample models: an optimised, a quantised, a retrained and a narrower version of each. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { main } from '../../../src/cli';
import type { DifferenceReport } from '../../../src/cli/compareReport';

const digits = join(__dirname, '../../../media/samples/digits');

async function compare(...args: string[]): Promise<{ code: number; out: string[]; err: string[] }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await main(['compare', ...args], {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

async function report(b: string, a = 'digits.onnx'): Promise<DifferenceReport> {
  const { code, out, err } = await compare(join(digits, a), join(digits, b), '--json');
  assert.equal(code, 0, err.join('\n'));
  return JSON.parse(out[0] ?? '') as DifferenceReport;
}

describe('patchclamp compare', () => {
  it('finds the batch norms that an optimiser folded, and nothing else taken out', async () => {
    const { counts, removed, added } = await report('variants/fused.onnx');
    assert.deepEqual(
      removed.map(({ op }) => op),
      new Array(9).fill('BatchNormalization'),
    );
    assert.equal(added.length, 0);
    assert.equal(counts.same + counts.changed, 22);
  });

  it('calls quantising what it is: pairs put in, and the relus that they made needless', async () => {
    const { added, removed } = await report('variants/int8.onnx');
    assert.deepEqual(new Set(added.map(({ op }) => op)), new Set(['QuantizeLinear', 'DequantizeLinear']));
    assert.deepEqual(new Set(removed.map(({ op }) => op)), new Set(['Relu']));
  });

  it('says that training again changed no node but the weights', async () => {
    const { counts, weights, changed } = await report('variants/seed1.onnx');
    assert.deepEqual(changed, []);
    assert.equal(counts.same, 31);
    assert.equal(weights?.length, 57);
    assert.ok((counts.weights ?? 0) > 40);
  });

  it('matches two exporters of one model, whatever either writes down', async () => {
    const { pairs, removed } = await report('digits.torchscript.onnx');
    assert.equal(pairs.length, 22);
    assert.deepEqual(new Set(removed.map(({ op }) => op)), new Set(['BatchNormalization']));
  });

  it('counts every node in its module and all above', async () => {
    const { modules, counts } = await report('variants/fused.onnx');
    const [whole] = modules;
    assert.equal(whole?.path, '');
    assert.equal(whole.removed, counts.removed);
    assert.deepEqual(
      modules.find(({ path }) => path === 'stages.1'),
      { path: 'stages.1', same: 4, changed: 2, added: 0, removed: 3 },
    );
  });

  it('says the same in lines', async () => {
    const { code, out } = await compare(join(digits, 'digits.onnx'), join(digits, 'variants/fused.onnx'));
    assert.equal(code, 0);
    assert.ok(out.some((line) => line.includes('9 removed')));
    assert.ok(out.some((line) => line.includes('stem.conv.conv.weight')));
  });

  it('asks for two models', async () => {
    const { code, err } = await compare(join(digits, 'digits.onnx'));
    assert.equal(code, 2);
    assert.match(err[0] ?? '', /two models/);
  });
});
