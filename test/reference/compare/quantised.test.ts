/** What onnxruntime's quantisers and optimiser make of a model (quantise.py), compared with the model itself. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { main } from '../../../src/cli';
import { DEFAULT_THRESHOLD } from '../../../src/compare/departures';
import { sameFeeds } from '../../../src/compare/sameFeeds';
import type { DifferenceReport } from '../../../src/cli/compareReport';
import type { ValuesReport } from '../../../src/cli/compareValues';

type Report = DifferenceReport & { readonly activations: ValuesReport };

async function compare(a: string, b: string): Promise<Report> {
  const folder = join(__dirname, 'recordings');
  const sample = a.split('.')[0] ?? '';
  const input = sample === 'picture' || sample === 'chain' ? 'image' : 'tokens';
  const alone = sample === 'gated' || sample === 'chain';
  const file = alone ? `${sample}.${input}.npy` : `${sample}.npz:input:${input}`;
  const feed = `${input}=${join(folder, file)}`;
  const [out, err]: [string[], string[]] = [[], []];
  const io = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
    signal: new AbortController().signal,
  };
  const code = await main(['compare', join(folder, a), join(folder, b), '--feed', feed, '--json'], io);
  assert.equal(code, 0, err.join('\n'));
  return JSON.parse(out[0] ?? '') as Report;
}

describe("a model and what the runtime's tools make of it", () => {
  it('reads kernels on codes as the floats they stand for: weights by channel, values by their scale', async () => {
    const { weights, activations } = await compare('picture.torchscript.onnx', 'picture.codes.onnx');
    const filters = weights?.filter(({ dims }) => dims.length === 4) ?? [];
    assert.equal(filters.length, 2);
    for (const { a, numbers, problem } of filters) {
      assert.ok(numbers !== null, `${a}: ${problem ?? ''}`);
      assert.ok(numbers.relative > 0 && numbers.relative < 0.02, `${a}: ${String(numbers.relative)}`);
    }
    assert.ok(activations.values.length >= 5);
    for (const { a, relative, problem } of activations.values)
      assert.ok(relative !== null && relative < 0.1, `${a}: ${String(relative)} ${problem ?? ''}`);
  });

  it('finds what a kernel on codes took in, looked at from the other side too', async () => {
    const { activations } = await compare('chain.codes.onnx', 'chain.onnx');
    assert.equal(activations.values.length, 3);
    for (const { a, b, relative, problem } of activations.values)
      assert.ok(relative !== null && relative < 0.1, `${a} ~ ${b}: ${String(relative)} ${problem ?? ''}`);
  });

  it('finds products that are quantised on the fly by what their readers read', async () => {
    const { activations, added } = await compare('text.torchscript.onnx', 'text.dynamic.onnx');
    assert.ok(added.some(({ op }) => op === 'DynamicQuantizeLinear'));
    const products = activations.values.filter(({ node }) => node.op === 'MatMul');
    assert.ok(products.length >= 8);
    for (const { a, relative, problem } of activations.values)
      assert.ok(relative !== null && relative < 0.2, `${a}: ${String(relative)} ${problem ?? ''}`);
  });

  for (const sample of ['picture', 'text'] as const) {
    for (const variant of ['half', 'halfcast'] as const) {
      it(`compares ${sample} with its ${variant} version, every value by what float16 rounds`, async () => {
        const { activations } = await compare(`${sample}.torchscript.onnx`, `${sample}.${variant}.onnx`);
        assert.ok(activations.values.length >= (sample === 'text' ? 60 : 7));
        for (const { a, relative, problem } of activations.values)
          assert.ok(relative !== null && relative < 2e-3, `${a}: ${String(relative)} ${problem ?? ''}`);
        // Rounding alone departs from nothing; by float32's measure it would at once.
        assert.equal(activations.first, null);
        assert.ok(activations.values.some(({ relative }) => (relative ?? 0) > DEFAULT_THRESHOLD));
      });
    }
  }

  it('refuses to feed an integer where the other model takes a float, and says so', () => {
    const spec = { shape: [1], optional: false } as const;
    const image = { dtype: 'int64', dims: [1], data: BigInt64Array.of(1n) } as const;
    assert.throws(
      () =>
        sameFeeds(
          { x: image },
          [{ ...spec, name: 'x', dtype: 'int64' }],
          [{ ...spec, name: 'x', dtype: 'float16' }],
        ),
      /"x" is float16, and what the first is fed is int64/,
    );
  });

  for (const [a, b] of [
    ['gated.onnx', 'gated.dynamic.onnx'],
    ['gated.dynamic.onnx', 'gated.onnx'],
  ] as const) {
    it(`compares floats with what is made of sums of codes, from ${a} to ${b}: every node and weight`, async () => {
      const { activations, weights, counts, added, removed } = await compare(a, b);
      assert.deepEqual(counts.same + counts.changed, 129);
      // What quantising put in, and nothing else.
      const [more, fewer] = a === 'gated.onnx' ? [added, removed] : [removed, added];
      assert.equal(fewer.length, 0);
      for (const { op } of more) assert.match(op, /^(DynamicQuantizeLinear|DequantizeLinear|Cast|Mul)$/);
      // Each split gives two values.
      assert.equal(activations.values.length, 133);
      for (const { a: name, relative, problem } of activations.values)
        assert.ok(relative !== null && relative < 0.2, `${name}: ${String(relative)} ${problem ?? ''}`);
      for (const { a: name, numbers, problem } of weights ?? [])
        assert.ok(numbers !== null && numbers.relative < 0.02, `${name}: ${problem ?? ''}`);
    });
  }

  it('finds no departure where a factor went into the product after it', async () => {
    const { activations, removed } = await compare('gated.onnx', 'gated.optimised.onnx');
    assert.ok(removed.some(({ op }) => op === 'Mul'));
    assert.ok(activations.values.length >= 115);
    assert.equal(activations.first, null);
    for (const { a, relative, problem } of activations.values)
      assert.ok(relative !== null && relative < 1e-5, `${a}: ${String(relative)} ${problem ?? ''}`);
  });

  it('compares nothing with what a fused kernel only reads', async () => {
    const { activations, removed } = await compare('text.torchscript.onnx', 'text.optimised.onnx');
    assert.ok(removed.length > 0);
    assert.ok(activations.values.length > 10);
    assert.equal(activations.first, null);
  });
}).timeout(60_000);
