/**
 * Models that no one here made: PP-OCRv4 (detection, recognition, direction) and silero-vad, whose 684 nodes lie in the
 * branches of an If. They open, run, show every activation, and stay bit for bit what they were meanwhile.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { EngineApi } from '../../../src/contract/engineApi';
import type { TensorData } from '../../../src/contract/tensor';
import { sameBits } from '../../../src/engine/child/compare';
import { runtime } from '../../../src/engine/child/runtime';
import { openLocal } from '../../../src/onnx/files';
import { sizeOf } from '../../../src/tensor/shape';
import { normal } from '../../../src/data/random';
import { allSites, captureEverything, handBack } from './everything';
import { testEngine } from '../../unit/engine/testEngine';

const MODULES = join(__dirname, '..', '..', '..', 'node_modules');
const OCR = join(MODULES, '@gutenye', 'ocr-models', 'assets');
const VAD = join(MODULES, '@livekit', 'agents-plugin-silero', 'dist', 'silero_vad.onnx');

interface Case {
  readonly title: string;
  readonly file: string;
  readonly feeds: Readonly<Record<string, TensorData>>;
  /** Values there are to see, and of these how many lie in branches that are taken. */
  readonly sites: number;
  readonly computed: number;
}

function floats(dims: readonly number[], seed: number): TensorData {
  const draw = normal(seed);
  return { dtype: 'float32', dims, data: Float32Array.from({ length: sizeOf(dims) }, draw) };
}

function whole(value: number): TensorData {
  return { dtype: 'int64', dims: [], data: BigInt64Array.of(BigInt(value)) };
}

const voice = { input: floats([1, 512], 5), state: floats([2, 1, 128], 6) };
const CASES: readonly Case[] = [
  {
    title: 'PP-OCRv4 detection',
    file: join(OCR, 'ch_PP-OCRv4_det_infer.onnx'),
    feeds: { x: floats([1, 3, 96, 96], 1) },
    sites: 672,
    computed: 672,
  },
  {
    title: 'PP-OCRv4 recognition',
    file: join(OCR, 'ch_PP-OCRv4_rec_infer.onnx'),
    feeds: { x: floats([1, 3, 48, 96], 2) },
    sites: 765,
    computed: 765,
  },
  {
    title: 'PP-OCR direction',
    file: join(OCR, 'ch_ppocr_mobile_v2.0_cls_infer.onnx'),
    feeds: { x: floats([2, 3, 48, 192], 3) },
    sites: 471,
    computed: 471,
  },
  {
    title: 'silero-vad at 16 kHz',
    file: VAD,
    feeds: { ...voice, sr: whole(16000) },
    sites: 706,
    computed: 216,
  },
  {
    title: 'silero-vad at 8 kHz',
    file: VAD,
    feeds: { ...voice, input: floats([1, 256], 7), sr: whole(8000) },
    sites: 706,
    computed: 216,
  },
];

describe('real models', function () {
  this.timeout(120_000);
  const api = testEngine({ sessionBudget: 64 << 20, tensorBudget: 2 ** 31, threads: 2 });
  for (const { title, file, feeds, sites, computed } of CASES) {
    it(`${title} shows every activation and is not changed by it`, async () => {
      const { skeleton, source } = await openLocal(file);
      await source.close();
      const { id } = await api.open(file);
      const plain = await api.run(id, { feeds, capture: [] });
      const all = allSites(skeleton);
      const everything = await captureEverything(api, id, { feeds }, all);
      const taken = everything.result.captures.filter(({ handle }) => handle !== null);
      assert.equal(everything.sites.length, sites);
      assert.equal(taken.length, computed);
      const direct = await runDirectly(file, feeds);
      await assertOutputs(api, plain.outputs, direct);
      await assertOutputs(api, everything.result.outputs, direct);
      const back = await handBack(api, id, feeds, everything, skeleton);
      await assertOutputs(api, back.result.outputs, direct);
      for (const [index, tensor] of [...back.given.values()].entries()) {
        const raw = back.result.captures[index];
        assert.ok(raw?.handle && sameBits(await api.tensor(raw.handle), tensor), raw?.site);
      }
      await api.close(id);
    });
  }
});

/** The file itself, given to the runtime by its path. */
async function runDirectly(file: string, feeds: Case['feeds']): Promise<Map<string, TensorData>> {
  const { InferenceSession, Tensor } = runtime();
  const session = await InferenceSession.create(file, {
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 4,
  });
  const given = Object.entries(feeds).map(([name, { dtype, data, dims }]) => [
    name,
    new Tensor(dtype as 'float32', data as Float32Array, dims),
  ]);
  const results = await session.run(Object.fromEntries(given) as Record<string, never>);
  await session.release();
  return new Map(
    Object.entries(results).map(([name, { type, data, dims }]) => [name, { dtype: type, data, dims }]),
  );
}

async function assertOutputs(
  api: EngineApi,
  outputs: readonly { readonly site: string; readonly handle: string | null }[],
  direct: ReadonlyMap<string, TensorData>,
): Promise<void> {
  assert.deepEqual(outputs.map(({ site }) => site).sort(), [...direct.keys()].sort());
  for (const { site, handle } of outputs) {
    const expected = direct.get(site);
    assert.ok(
      handle !== null && expected !== undefined && sameBits(await api.tensor(handle), expected),
      site,
    );
  }
}
