/** Interventions whose numbers are other runs', and scaling by 0, against arithmetic done by hand. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineApi } from '../../../src/contract/engineApi';
import type { Intervention, RunRequest, RunResult } from '../../../src/contract/run';
import { floats, info, model, node, tensor, tinyModel } from './models';
import { testEngine } from './testEngine';

describe('interventions from other runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-steps-'));
  const api = testEngine({ sessionBudget: 1 << 24, tensorBudget: 1 << 24 });
  let count = 0;

  after(() => rmSync(folder, { recursive: true }));

  const open = async (bytes: Uint8Array): Promise<string> => {
    const file = join(folder, `${String(count++)}.onnx`);
    writeFileSync(file, bytes);
    return (await api.open(file)).id;
  };
  const run = (id: string, request: Partial<RunRequest>): Promise<RunResult> =>
    api.run(id, { feeds: {}, capture: [], ...request });
  const numbers = (result: RunResult, site: string): Promise<number[]> => numbersOf(api, result, site);

  /** y = 3 h with h = relu(x - 2) for x = 0..5 as 2 × 3: h is 0 0 0 / 1 2 3. */
  const tiny = async (interventions: Intervention[], capture: string[] = []): Promise<RunResult> =>
    run(await open(tinyModel()), { feeds: { x: floats([2, 3], 0) }, capture, interventions });

  it('scale by 0 without leaving a trace of what is infinite', async () => {
    const id = await open(tinyModel());
    const feeds = { x: { ...floats([1, 3], 0), data: Float32Array.of(Infinity, NaN, 4) } };
    const result = await run(id, { feeds, interventions: [{ kind: 'scale', site: 'h#0,1', factor: 0 }] });
    assert.deepEqual(await numbers(result, 'y'), [0, 0, 6]);
    const whole = await run(id, { feeds, interventions: [{ kind: 'scale', site: 'h', factor: 0 }] });
    assert.deepEqual(await numbers(whole, 'y'), [0, 0, 0]);
  });

  it('take what the site is with another input', async () => {
    const other = { x: floats([2, 3], 10) };
    const whole = await tiny([{ kind: 'resample', site: 'h', feeds: other }]);
    assert.deepEqual(await numbers(whole, 'y'), [24, 27, 30, 33, 36, 39]);
    const unit = await tiny([{ kind: 'resample', site: 'h#1', feeds: other }]);
    assert.deepEqual(await numbers(unit, 'y'), [0, 27, 0, 3, 36, 9]);
    assert.equal(unit.check, 'equal');
    await assert.rejects(tiny([{ kind: 'resample', site: 'h', feeds: { x: floats([3, 3], 0) } }]), {
      message: /shape 3×3 does not broadcast to "h", which has 2×3/,
    });
  });

  it('take the mean over examples and their rows', async () => {
    const examples = [{ x: floats([2, 3], 2) }, { x: floats([1, 3], 20) }];
    const result = await tiny([{ kind: 'mean', site: 'h#0,2', examples }]);
    // h is x - 2 there: 0 2, 3 5, 18 20.
    assert.deepEqual(await numbers(result, 'y'), [21, 0, 27, 21, 6, 27]);
    await assert.rejects(tiny([{ kind: 'mean', site: 'h', examples: [] }]), { message: /over no examples/ });
    const both = tiny([
      { kind: 'mean', site: 'h#0', examples },
      { kind: 'set', site: 'h#0', value: 1 },
    ]);
    await assert.rejects(both, { message: /Two interventions fix the same elements/ });
  });

  it('take the mean over places where examples differ in length', async () => {
    const id = await open(
      model({
        nodes: [node('LayerNormalization', ['x', 'one'], ['h'], { axis: -1 }), node('Neg', ['h'], ['y'])],
        inputs: [info('x', 'float32', ['n', 't', 2])],
        outputs: [info('y', 'float32', ['n', 't', 2])],
        weights: [tensor('one', { dtype: 'float32', dims: [2], data: Float32Array.of(1, 3) })],
      }),
    );
    const examples = [{ x: floats([1, 2, 2], 0) }, { x: floats([1, 3, 2], 0) }];
    const feeds = { x: floats([1, 1, 2], 5) };
    await assert.rejects(run(id, { feeds, interventions: [{ kind: 'mean', site: 'h', examples }] }), {
      message: /several shapes, 1×2×2 and 1×3×2\. Average over places too/,
    });
    const result = await run(id, {
      feeds,
      capture: ['h'],
      interventions: [{ kind: 'mean', site: 'h', examples, places: true }],
    });
    const y = await numbers(result, 'y');
    assert.ok(Math.abs((y[0] ?? 0) - 1) < 1e-3 && Math.abs((y[1] ?? 0) + 3) < 1e-3, String(y));
    assert.deepEqual(result.captures[0]?.axes, ['batch', 'position', 'unit']);
    const unit = { kind: 'mean', site: 'h@position=0#1', examples, places: true } as const;
    const sliced = await numbers(await run(id, { feeds, interventions: [unit] }), 'y');
    assert.ok(Math.abs((sliced[1] ?? 0) + 3) < 1e-3, String(sliced));
  });
});

async function numbersOf(api: EngineApi, result: RunResult, site: string): Promise<number[]> {
  const found = [...result.captures, ...result.outputs].find((captured) => captured.site === site);
  assert.ok(found?.handle, `"${site}" was given out`);
  const { data } = await api.tensor(found.handle);
  return Array.from(data as ArrayLike<number | bigint>, Number);
}
