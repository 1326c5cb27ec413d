/** What may be asked of a gradient beside inputs: weights, inputs with a value of their own, values named like functions. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GradientRequest, GradientResult } from '../../../src/contract/run';
import type { TensorData } from '../../../src/contract/tensor';
import { attribution } from '../../../src/methods/attribution';
import { ask } from '../methods/support';
import { info, model, node, tensor } from '../engine/models';
import { testEngine } from '../engine/testEngine';

const vector = (...numbers: number[]): TensorData => ({
  dtype: 'float32',
  dims: [1, numbers.length],
  data: Float32Array.from(numbers),
});

/** y = x · w, w also an input; picked = the place of the largest y, as a float; flat = 2 · picked. */
function product(): Uint8Array {
  return model({
    nodes: [
      node('Mul', ['x', 'w'], ['y']),
      node('ArgMax', ['y'], ['place'], { axis: 1, keepdims: 0 }),
      node('Cast', ['place'], ['picked'], { to: 1 }),
      node('Add', ['picked', 'picked'], ['flat']),
      node('ReduceMean', ['y'], ['mean'], { keepdims: 0 }),
    ],
    inputs: [info('x', 'float32', [1, 3]), info('w', 'float32', [1, 3])],
    outputs: [info('y', 'float32', [1, 3]), info('flat', 'float32', [1]), info('mean', 'float32', [])],
    weights: [tensor('w', vector(1, 2, 3))],
  });
}

describe('questions about gradients', function () {
  this.timeout(120_000);
  const engine = testEngine();
  let folder = '';
  let file = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchclamp-questions-'));
    file = join(folder, 'product.onnx');
    await writeFile(file, product());
  });
  after(() => rm(folder, { recursive: true }));

  async function asked(request: GradientRequest): Promise<GradientResult & { numbers: number[][] }> {
    const { id } = await engine.open(file);
    const answer = await engine.gradient(id, request);
    const numbers = [];
    for (const { handle } of answer.gradients)
      numbers.push(Array.from((await engine.tensor(handle ?? '')).data as Float32Array));
    return { ...answer, numbers };
  }
  const x = vector(5, 7, 11);

  it('go by the value that was fed, not by the one in the file', async () => {
    const objective = 'sum(y)';
    const own = await asked({ feeds: { x }, objective, wrt: ['x'] });
    assert.deepEqual([own.value, own.numbers], [52, [[1, 2, 3]]]);
    const fed = await asked({ feeds: { x, w: vector(10, 20, 30) }, objective, wrt: ['x', 'w'] });
    assert.deepEqual(
      [fed.value, fed.numbers],
      [
        520,
        [
          [10, 20, 30],
          [5, 7, 11],
        ],
      ],
    );
  });

  it('may be about a weight', async () => {
    const { numbers, notes } = await asked({ feeds: { x }, objective: 'y[0,1]', wrt: ['w'] });
    assert.deepEqual([numbers, notes], [[[0, 7, 0]], []]);
    const none = await asked({ feeds: { x }, objective: 'x[0,1]', wrt: ['w'] });
    assert.deepEqual(none.numbers, [[0, 0, 0]]);
    assert.match(none.notes.join(), /does not depend on "w"/);
  });

  it('call a function by its name where a value has the same', async () => {
    const { value, numbers } = await asked({
      feeds: { x },
      objective: 'mean(y[0,0], y[0,2]) - mean',
      wrt: ['y'],
    });
    assert.ok(Math.abs(value - ((5 + 33) / 2 - 52 / 3)) < 1e-5);
    assert.deepEqual(
      numbers[0]?.map((slope) => slope.toFixed(4)),
      ['0.1667', '-0.3333', '0.1667'],
    );
    const own = await asked({ feeds: { x }, objective: 'mean(mean)', wrt: ['y'] });
    assert.ok(Math.abs(own.value - 52 / 3) < 1e-5);
  });

  it('offer the nearest names for a value that does not exist', async () => {
    await assert.rejects(asked({ feeds: { x }, objective: 'flot[0]', wrt: ['x'] }), {
      message: /names "flot", which is not a value of this model\. The nearest names are "flat"/,
    });
  });

  it('are told what is flat on the way, and where there is no way', async () => {
    const flat = await asked({ feeds: { x }, objective: 'flat[0]', wrt: ['x'] });
    assert.deepEqual(flat.numbers, [[0, 0, 0]]);
    assert.match(
      flat.notes.join(),
      /No slope leads from "x" to the objective: on the way, ArgMax "ArgMax_place" gives/,
    );
    const apart = await asked({ feeds: { x }, objective: 'y[0,0]', wrt: ['flat'] });
    assert.match(apart.notes.join(), /does not depend on "flat"/);
  });

  it('show how far attributions are off where the objective is the same at both ends', async () => {
    const root = join(folder, 'root.onnx');
    await writeFile(
      root,
      model({
        nodes: [node('Sqrt', ['x'], ['s']), node('Mul', ['s', 'zero'], ['y'])],
        inputs: [info('x', 'float32', [1, 2])],
        outputs: [info('y', 'float32', [1, 2])],
        weights: [tensor('zero', vector(0, 0))],
      }),
    );
    const params = Object.fromEntries(attribution.params.map((spec) => [spec.name, spec.default]));
    const { findings } = await ask(
      [attribution],
      'attribution',
      root,
      { x: vector(0, 4) },
      { ...params, objective: 'sum(y)' },
    );
    const last = findings.at(-1);
    const share = last?.figures
      .flatMap(({ rows }) => rows)
      .find(([name]) => String(name).startsWith('error as a share'));
    assert.ok(Number.isNaN(share?.[1]), String(share));
    assert.match(
      last?.controls.join(' ') ?? '',
      /FAILED completeness.*do not add up: not all that was computed is a number/,
    );
    assert.match(last?.caveats.join(' ') ?? '', /Sqrt "Sqrt_s"/);
  });
});
