/** `patchclamp compare` on the sample models: an optimised, a quantised, a retrained and a narrower version of each. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli';
import type { DifferenceReport } from '../../../src/cli/compareReport';
import type { ValuesReport } from '../../../src/cli/compareValues';
import { info as port, model, node as engineNode, tensor } from '../engine/models';
import { info, modelOf, node } from '../onnx/seeds';

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

async function withValues(b: string): Promise<DifferenceReport & { readonly activations: ValuesReport }> {
  const feed = ['--feed', `image=${join(digits, 'images/3.png')}`];
  const { code, out, err } = await compare(join(digits, 'digits.onnx'), join(digits, b), ...feed, '--json');
  assert.equal(code, 0, err.join('\n'));
  return JSON.parse(out[0] ?? '') as DifferenceReport & { readonly activations: ValuesReport };
}

interface Row {
  readonly op: string;
  readonly inputs: readonly { readonly name: string }[];
}

async function nonFinite(
  feed: string,
): Promise<{ firstNan: Row | null; firstInf: Row | null; values: Row[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-'));
  try {
    const nodes = [
      node('Abs', ['x'], ['sizes']),
      node('Log', ['sizes'], ['logs']),
      node('Sub', ['logs', 'logs'], ['differences']),
      node('Relu', ['differences'], ['y']),
    ];
    const ports = { input: [info('x', [4])], output: [info('y', [4])] };
    writeFileSync(join(folder, 'model.onnx'), modelOf({ name: 'logs', node: nodes, ...ports }));
    const [out, err]: [string[], string[]] = [[], []];
    const code = await main(['nonfinite', join(folder, 'model.onnx'), '--feed', `x=${feed}`, '--json'], {
      out: (line) => out.push(line),
      err: (line) => err.push(line),
      signal: new AbortController().signal,
    });
    assert.equal(code, 0, err.join('\n'));
    return JSON.parse(out[0] ?? '') as { firstNan: Row | null; firstInf: Row | null; values: Row[] };
  } finally {
    rmSync(folder, { recursive: true });
  }
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

  it('measures what quantising costs each value, beside what the runtime itself makes of rounding', async () => {
    const { activations } = await withValues('variants/int8.onnx');
    assert.equal(activations.first?.node.op, 'Conv');
    assert.equal(activations.values.length, 31);
    for (const { a, relative, floor } of activations.values) {
      assert.ok(relative !== null && relative > 1e-3 && relative < 0.1, `${a}: ${String(relative)}`);
      assert.ok(floor !== null && floor < 1e-6, `${a}: floor ${String(floor)}`);
    }
  });

  it('finds that folding batch norms moved nothing, each compared with the convolution it went into', async () => {
    const { activations } = await withValues('variants/fused.onnx');
    assert.equal(activations.first, null);
    const norms = activations.values.filter(({ node }) => node.op === 'BatchNormalization');
    assert.equal(norms.length, 9);
    for (const { relative } of activations.values) assert.ok(relative !== null && relative < 1e-6);
  });

  it('finds a model equal to itself bit by bit', async () => {
    const { activations, counts } = await withValues('digits.onnx');
    assert.equal(counts.weights, 0);
    for (const { relative, max } of activations.values) assert.deepEqual([relative, max], [0, 0]);
  });

  it('has a floor where the first model computes in float16: its own rounding, not single precision’s', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'patchclamp-'));
    const size = 32;
    const weights = [1, 2, 3, 4].map((seed) => {
      const data = Float32Array.from(
        { length: size * size },
        (_unused, k) => Math.sin(k * 12.9898 + seed) / 4,
      );
      return tensor(`w${String(seed)}`, { dtype: 'float32', dims: [size, size], data });
    });
    const layers = (half: boolean): ReturnType<typeof engineNode>[] =>
      [1, 2, 3, 4].flatMap((k) => {
        const [from, to] = [k === 1 ? 'start' : `r${String(k - 1)}`, `w${String(k)}`];
        return [
          ...(half ? [engineNode('Cast', [to], [`${to}_half`], { to: 10 })] : []),
          engineNode('MatMul', [from, half ? `${to}_half` : to], [`m${String(k)}`]),
          engineNode('Tanh', [`m${String(k)}`], [`r${String(k)}`]),
        ];
      });
    try {
      for (const half of [true, false]) {
        const bytes = model({
          nodes: [
            half
              ? engineNode('Cast', ['x'], ['start'], { to: 10 })
              : engineNode('Identity', ['x'], ['start']),
            ...layers(half),
            half ? engineNode('Cast', ['r4'], ['y'], { to: 1 }) : engineNode('Identity', ['r4'], ['y']),
          ],
          inputs: [port('x', 'float32', [2, size])],
          outputs: [port('y', 'float32', [2, size])],
          weights,
        });
        writeFileSync(join(folder, half ? 'half.onnx' : 'single.onnx'), bytes);
      }
      const feed = `x=[[${Array.from({ length: size }, (_unused, k) => Math.cos(k).toFixed(4)).join()}],[${Array.from({ length: size }, (_unused, k) => Math.sin(k).toFixed(4)).join()}]]`;
      const { code, out, err } = await compare(
        join(folder, 'half.onnx'),
        join(folder, 'single.onnx'),
        '--feed',
        feed,
        '--json',
      );
      assert.equal(code, 0, err.join('\n'));
      const { values, control } = (JSON.parse(out[0] ?? '') as { readonly activations: ValuesReport })
        .activations;
      const floors = values
        .filter(({ node: { op } }) => op === 'Tanh')
        .map(({ floor }) => floor ?? Number.NaN);
      assert.match(control, /^floor:/);
      assert.equal(floors.length, 4);
      // A float16 has 11 bits: half a step is 5e-4 of a number at most.
      assert.ok(floors.some((floor) => floor > 1e-5) && floors.every((floor) => floor < 5e-3), floors.join());
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('finds where NaN comes from: a feed, a weight, or an operator of finite numbers', async () => {
    const finite = await nonFinite('[0.1,-0.2,0.3,0.4]');
    assert.deepEqual([finite.firstNan, finite.firstInf, finite.values], [null, null, []]);
    // The logarithm of 0 is minus infinity, and minus infinity less itself is NaN.
    const zero = await nonFinite('[1,0,2,3]');
    assert.equal(zero.firstInf?.op, 'Log');
    assert.deepEqual(zero.firstInf.inputs, []);
    assert.equal(zero.firstNan?.op, 'Sub');
    assert.deepEqual(
      zero.firstNan.inputs.map(({ name }) => name),
      ['logs', 'logs'],
    );
    const fed = await nonFinite('float32[4]: 1 nan 2 3');
    assert.deepEqual(fed.firstNan, null);
    assert.equal(fed.values[0]?.op, 'Abs');
  });

  it('asks for two models', async () => {
    const { code, err } = await compare(join(digits, 'digits.onnx'));
    assert.equal(code, 2);
    assert.match(err[0] ?? '', /two models/);
  });
}).timeout(60_000);
