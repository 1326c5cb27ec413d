/**
 * Captures and interventions against PyTorch's forward hooks (generate.py): a CNN with residuals, LSTM and GRU, GPT-2,
 * Llama, BERT and ViT with random weights, from both of PyTorch's exporters.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineApi } from '../../../src/contract/engineApi';
import type { Captured, Intervention } from '../../../src/contract/run';
import type { TensorData } from '../../../src/contract/tensor';
import { testEngine } from '../../unit/engine/testEngine';

interface Numbers {
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

interface Golden {
  readonly name: string;
  readonly exporter: string;
  readonly x: Numbers & { readonly dtype: 'float32' | 'int64' };
  readonly y: Numbers;
  readonly captures: readonly (Numbers & { readonly module: string; readonly site: string })[];
  readonly interventions: readonly {
    readonly module: string;
    readonly kind: Intervention['kind'];
    readonly site: string;
    readonly slices: string;
    readonly operand: number | Numbers;
    readonly y: readonly number[];
  }[];
}

const FOLDER = join(__dirname, 'models');
const goldens = JSON.parse(readFileSync(join(FOLDER, 'goldens.json'), 'utf8')) as readonly Golden[];
/** Of the largest value. */
const TOLERANCE = 1e-5;

function feedOf({ dtype, dims, data }: Golden['x']): TensorData {
  return dtype === 'int64'
    ? { dtype, dims, data: BigInt64Array.from(data, BigInt) }
    : { dtype, dims, data: Float32Array.from(data) };
}

function interventionOf({
  kind,
  site: value,
  slices,
  operand,
}: Golden['interventions'][number]): Intervention {
  const site = slices === '' ? value : `${value.replace(/[#@!\\]/g, '\\$&')}${slices}`;
  if (typeof operand !== 'number') {
    assert.ok(kind === 'add' || kind === 'replace');
    return {
      kind,
      site,
      value: { dtype: 'float32', dims: operand.dims, data: Float32Array.from(operand.data) },
    };
  }
  assert.ok(kind === 'scale' || kind === 'set');
  return kind === 'scale' ? { kind, site, factor: operand } : { kind, site, value: operand };
}

async function worst(
  api: EngineApi,
  captured: Captured | undefined,
  data: readonly number[],
): Promise<number> {
  const tensor = await api.tensor(captured?.handle ?? '');
  assert.equal(tensor.data.length, data.length);
  const largest = Math.max(...data.map(Math.abs));
  return Math.max(...data.map((number, i) => Math.abs(number - Number(tensor.data[i])))) / largest;
}

describe("captures and interventions against PyTorch's forward hooks", function () {
  this.timeout(60_000);
  const api = testEngine();

  it('cover six architectures from both exporters', () => {
    const covered = goldens.map(({ name, exporter }) => `${name} ${exporter}`).sort();
    const names = ['bert', 'cnn', 'gpt2', 'llama', 'recurrent', 'vit'];
    assert.deepEqual(
      covered,
      names.flatMap((name) => [`${name} dynamo`, `${name} script`]),
    );
  });

  for (const { name, exporter, x, y, captures, interventions } of goldens) {
    it(`agree: ${name}, exported by ${exporter === 'dynamo' ? 'torch.export' : 'TorchScript'}`, async () => {
      assert.ok(captures.length >= 4 && interventions.length >= 28);
      const { id } = await api.open(join(FOLDER, `${name}-${exporter}.onnx`));
      const feeds = { x: feedOf(x) };
      const seen = await api.run(id, { feeds, capture: captures.map(({ site }) => site) });
      assert.equal(seen.check, 'equal');
      assert.ok((await worst(api, seen.outputs[0], y.data)) <= TOLERANCE);
      for (const [i, { module, site, dims, data }] of captures.entries()) {
        assert.deepEqual(seen.captures[i]?.dims, dims);
        const error = await worst(api, seen.captures[i], data);
        assert.ok(error <= TOLERANCE, `${module} at ${site}: ${String(error)}`);
      }
      for (const asked of interventions) {
        const changed = await api.run(id, { feeds, capture: [], interventions: [interventionOf(asked)] });
        assert.equal(changed.check, 'equal');
        const error = await worst(api, changed.outputs[0], asked.y);
        const what = `${asked.kind} ${asked.site}${asked.slices} (${asked.module})`;
        assert.ok(error <= TOLERANCE, `${what}: ${String(error)}`);
      }
      const different = interventions.filter(
        ({ y: after }) => Math.max(...after.map((v, i) => Math.abs(v - (y.data[i] ?? NaN)))) > 1e-3,
      );
      assert.ok(different.length >= interventions.length / 2, 'most interventions change the output');
      await api.close(id);
    });
  }
});
