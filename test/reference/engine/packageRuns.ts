/**
 * What is asked of every model of a package of ONNX tests: the stated outputs, the runtime's own bits, and that capturing
 * everything and handing it back changes nothing.
 */
import assert from 'node:assert/strict';
import type { EngineApi } from '../../../src/contract/engineApi';
import type { RunResult } from '../../../src/contract/run';
import type { TensorData } from '../../../src/contract/tensor';
import { relativeDifference, sameBits } from '../../../src/engine/child/compare';
import { isCarried, runtime } from '../../../src/engine/child/runtime';
import { openLocal } from '../../../src/onnx/files';
import { toNumbers } from '../../../src/tensor/buffers';
import { allSites, captureEverything, handBack, scaleByOne } from './everything';
import { parsePart, readPart, type TestModel } from './testdata';

/** Of the largest stated value: what ONNX's own test runner allows. */
const TOLERANCE = 1e-3;

async function feedsFor(
  opened: Awaited<ReturnType<EngineApi['open']>>,
  set: string,
): Promise<Readonly<Record<string, TensorData>>> {
  const feeds = opened.inputs.flatMap((spec, index) => {
    const bytes = readPart(set, 'input', index);
    return bytes === null ? [] : parsePart(bytes, spec);
  });
  return Promise.resolve(Object.fromEntries(feeds));
}

/** Runs every data set; gives how many outputs were compared with stated ones. */
export async function runAll(
  api: EngineApi,
  { file, name, sets }: TestModel,
  compare: boolean,
): Promise<number> {
  const opened = await api.open(file);
  let compared = 0;
  try {
    for (const set of sets) {
      const result = await api.run(opened.id, { feeds: await feedsFor(opened, set), capture: [] });
      for (const [index, spec] of opened.outputs.entries()) {
        const bytes = readPart(set, 'output', index);
        if (bytes === null) continue;
        for (const [site, stated] of parsePart(bytes, spec)) {
          const given = await outputOf(api, result, site);
          if (!compare) continue;
          const difference = relativeDifference(given, widened(stated));
          assert.ok(difference <= TOLERANCE, `${name}: ${site} differs by ${String(difference)}`);
          compared++;
        }
      }
    }
    return compared;
  } finally {
    await api.close(opened.id);
  }
}

async function outputOf(api: EngineApi, result: RunResult, site: string): Promise<TensorData> {
  const found = result.outputs.find((output) => output.site === site);
  assert.ok(found?.handle, `"${site}" was given out`);
  return api.tensor(found.handle);
}

/** What Node has no array for comes out as float32. */
function widened(tensor: TensorData): TensorData {
  const { dtype, data } = tensor;
  if (isCarried(dtype) || !ArrayBuffer.isView(data)) return tensor;
  return { ...tensor, dtype: 'float32', data: Float32Array.from(toNumbers(dtype, data)) };
}

/** The file itself, given to the runtime by its path. */
export async function compareWithFile(api: EngineApi, { file, name, sets }: TestModel): Promise<number> {
  const opened = await api.open(file);
  let compared = 0;
  try {
    const carried = [...opened.inputs, ...opened.outputs].every(
      ({ container, dtype }) => container === undefined && (dtype === 'undefined' || isCarried(dtype)),
    );
    if (!carried) return 0;
    const { InferenceSession, Tensor } = runtime();
    const session = await InferenceSession.create(file, {
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 4,
    }).catch((error: unknown) => {
      // A fault of the runtime, which the casts that keep float16 values narrow (pinHalves.ts) happen to avoid.
      if (error instanceof Error && error.message.includes('InsertedPrecisionFreeCast')) return undefined;
      throw error;
    });
    if (session === undefined) return 0;
    for (const set of sets) {
      const feeds = await feedsFor(opened, set);
      const given = Object.fromEntries(
        Object.entries(feeds).map(([input, { dtype, data, dims }]) => [
          input,
          new Tensor(dtype as 'float32', data as Float32Array, dims),
        ]),
      );
      const direct = await session.run(given);
      const result = await api.run(opened.id, { feeds, capture: [] });
      for (const [site, { type, dims, data }] of Object.entries(direct)) {
        const ours = await outputOf(api, result, site);
        const theirs = { dtype: type, dims, data } as TensorData;
        assert.ok(sameBits(ours, theirs), `${name}: ${site}`);
        compared++;
      }
    }
    await session.release();
    return compared;
  } finally {
    await api.close(opened.id);
  }
}

export async function captureAndHandBack(
  api: EngineApi,
  { file, name, sets }: TestModel,
): Promise<{ readonly captured: number; readonly refused: readonly string[] }> {
  const { skeleton, source } = await openLocal(file);
  await source.close();
  const opened = await api.open(file);
  try {
    const [set] = sets;
    const feeds = set === undefined ? {} : await feedsFor(opened, set);
    const plain = await api.run(opened.id, { feeds, capture: [] });
    const everything = await captureEverything(api, opened.id, { feeds }, allSites(skeleton));
    await assertSame(api, plain, everything.result, `${name} while capturing`);
    const back = await handBack(api, opened.id, feeds, everything, skeleton);
    await assertSame(api, plain, back.result, `${name} while handing back`);
    // Before opset 7 the runtime has no Mul to scale with.
    const opset = skeleton.opsets.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0;
    if (opset >= 7) {
      const scaled = await scaleByOne(api, opened.id, feeds, everything);
      await assertSame(api, plain, scaled, `${name} while scaling by 1`);
    }
    for (const [index, [site, tensor]] of [...back.given].entries()) {
      const raw = back.result.captures[index];
      assert.ok(raw?.handle, `${name}: ${site}`);
      assert.ok(
        sameBits(await api.tensor(raw.handle), tensor),
        `${name}: ${site} is what was captured there`,
      );
    }
    return { captured: back.given.size, refused: everything.refused };
  } finally {
    await api.close(opened.id);
  }
}

async function assertSame(api: EngineApi, plain: RunResult, other: RunResult, what: string): Promise<void> {
  assert.equal(other.outputs.length, plain.outputs.length, what);
  for (const { site } of plain.outputs) {
    assert.ok(
      sameBits(await outputOf(api, other, site), await outputOf(api, plain, site)),
      `${what}: ${site}`,
    );
  }
}
