/** Interventions against arithmetic done by hand: exact, in the stated order, in any graph, and identities change no bit. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineApi } from '../../../src/contract/engineApi';
import type { Intervention, RunRequest, RunResult } from '../../../src/contract/run';
import type { TensorData } from '../../../src/contract/tensor';
import { call, floats, fn, graph, info, model, modelWith, node, tensor, tinyModel } from './models';
import { testEngine } from './testEngine';

describe('interventions', () => {
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
  const line = (...values: number[]): TensorData => ({
    dtype: 'float32',
    dims: [values.length],
    data: Float32Array.from(values),
  });

  /** y = 3 h with h = relu(x - 2) for x = 0..5 as 2 × 3: h is 0 0 0 / 1 2 3. */
  const tiny = async (interventions: Intervention[], capture: string[] = []): Promise<RunResult> =>
    run(await open(tinyModel()), { feeds: { x: floats([2, 3], 0) }, capture, interventions });

  it('scale a whole value', async () => {
    const result = await tiny([{ kind: 'scale', site: 'h', factor: -0.5 }]);
    assert.deepEqual(await numbers(result, 'y'), [-0, -0, -0, -1.5, -3, -4.5]);
    assert.equal(result.check, 'equal');
  });

  it('scale one unit and leave the others alone', async () => {
    const result = await tiny([{ kind: 'scale', site: 'h#1', factor: 10 }]);
    assert.deepEqual(await numbers(result, 'y'), [0, 0, 0, 3, 60, 9]);
  });

  it('set whole values, units, ranges and single elements', async () => {
    assert.deepEqual(
      await numbers(await tiny([{ kind: 'set', site: 'h', value: 2 }]), 'y'),
      [6, 6, 6, 6, 6, 6],
    );
    assert.deepEqual(
      await numbers(await tiny([{ kind: 'set', site: 'h#-1', value: 2 }]), 'y'),
      [0, 0, 6, 3, 6, 6],
    );
    assert.deepEqual(
      await numbers(await tiny([{ kind: 'set', site: 'h#1..2', value: 2 }]), 'y'),
      [0, 6, 6, 3, 6, 6],
    );
    const one = await tiny([{ kind: 'set', site: 'h@batch=1#0', value: 2 }]);
    assert.deepEqual(await numbers(one, 'y'), [0, 0, 0, 6, 6, 9]);
  });

  it('add and replace, broadcast over what the site names', async () => {
    const added = await tiny([{ kind: 'add', site: 'h', value: line(1, 0, -1) }]);
    assert.deepEqual(await numbers(added, 'y'), [3, 0, -3, 6, 6, 6]);
    const unit = await tiny([{ kind: 'add', site: 'h#0,2', value: line(1, 2) }]);
    assert.deepEqual(await numbers(unit, 'y'), [3, 0, 6, 6, 6, 15]);
    const replaced = await tiny([{ kind: 'replace', site: 'h@batch=0', value: line(7, 8, 9) }]);
    assert.deepEqual(await numbers(replaced, 'y'), [21, 24, 27, 3, 6, 9]);
  });

  it('set what is infinite or NaN without leaving a trace of it', async () => {
    const id = await open(tinyModel());
    const feeds = { x: { ...floats([1, 3], 0), data: Float32Array.of(Infinity, NaN, 4) } };
    const result = await run(id, { feeds, interventions: [{ kind: 'set', site: 'h#0,1', value: 0 }] });
    assert.deepEqual(await numbers(result, 'y'), [0, 0, 6]);
  });

  it('apply in the order they are given', async () => {
    const scale: Intervention = { kind: 'scale', site: 'h', factor: 2 };
    const add: Intervention = { kind: 'add', site: 'h', value: line(1) };
    assert.deepEqual(await numbers(await tiny([scale, add]), 'y'), [3, 3, 3, 9, 15, 21]);
    assert.deepEqual(await numbers(await tiny([add, scale]), 'y'), [6, 6, 6, 12, 18, 24]);
    const set: Intervention = { kind: 'set', site: 'h', value: 1 };
    assert.deepEqual(await numbers(await tiny([scale, set, add]), 'y'), [6, 6, 6, 6, 6, 6]);
  });

  it('show the value before and after them', async () => {
    const result = await tiny([{ kind: 'set', site: 'h', value: 5 }], ['h!raw', 'h', 'h#2!raw']);
    assert.deepEqual(await numbers(result, 'h!raw'), [0, 0, 0, 1, 2, 3]);
    assert.deepEqual(await numbers(result, 'h'), [5, 5, 5, 5, 5, 5]);
    assert.deepEqual(await numbers(result, 'h#2!raw'), [0, 3]);
  });

  it('work on inputs, weights and outputs', async () => {
    assert.deepEqual(
      await numbers(await tiny([{ kind: 'scale', site: 'x', factor: 2 }]), 'y'),
      [0, 0, 6, 12, 18, 24],
    );
    assert.deepEqual(
      await numbers(await tiny([{ kind: 'set', site: 'three', value: 4 }]), 'y'),
      [0, 0, 0, 4, 8, 12],
    );
    assert.deepEqual(
      await numbers(await tiny([{ kind: 'set', site: 'y#0', value: -1 }]), 'y'),
      [-1, 0, 0, -1, 6, 9],
    );
  });

  it('cut away what a replaced value no longer needs', async () => {
    const id = await open(
      model({
        nodes: [node('Add', ['a', 'b'], ['s']), node('Mul', ['s', 'c'], ['y'])],
        inputs: [info('a', 'float32', [2]), info('b', 'float32', [2]), info('c', 'float32', [2])],
        outputs: [info('y', 'float32', [2])],
      }),
    );
    const feeds = { a: line(1, 2), b: line(3, 4), c: line(10, 100) };
    assert.deepEqual(await numbers(await run(id, { feeds }), 'y'), [40, 600]);
    await run(id, { feeds, interventions: [{ kind: 'replace', site: 's', value: line(5, 6) }] });
    // Checked above on all feeds; from here on only what is downstream is run, and asks for no more.
    const again = { feeds, interventions: [{ kind: 'replace', site: 's', value: line(7, 8) }] as const };
    assert.deepEqual(await numbers(await run(id, again), 'y'), [70, 800]);
  });

  it('refuse two that fix the same elements, and not two that do not', async () => {
    const both = tiny([
      { kind: 'set', site: 'h#1', value: 1 },
      { kind: 'set', site: 'h#0..2', value: 2 },
    ]);
    await assert.rejects(both, { code: 'bad-intervention', message: /"h#1" and "h#0\.\.2"/ });
    const apart = await tiny([
      { kind: 'set', site: 'h#1', value: 1 },
      { kind: 'set', site: 'h#0', value: 2 },
    ]);
    assert.deepEqual(await numbers(apart, 'y'), [6, 3, 0, 6, 3, 9]);
  });

  it('refuse what does not broadcast, with both shapes', async () => {
    const wrong = tiny([{ kind: 'add', site: 'h', value: line(1, 2) }]);
    await assert.rejects(wrong, {
      code: 'bad-intervention',
      message: /shape 2 does not broadcast to "h", which has 2×3/,
    });
  });

  it('say when no output depends on a site, and when nothing changed', async () => {
    const id = await open(
      model({
        nodes: [node('Relu', ['x'], ['y']), node('Neg', ['x'], ['aside'])],
        inputs: [info('x', 'float32', ['n'])],
        outputs: [info('y', 'float32', ['n'])],
      }),
    );
    const feeds = { x: line(-1, 2) };
    const aside = await run(id, {
      feeds,
      capture: ['aside'],
      interventions: [{ kind: 'scale', site: 'aside', factor: 0 }],
    });
    assert.match(aside.notes.join(), /No output depends on "aside"/);
    const dead = await run(id, { feeds, interventions: [{ kind: 'scale', site: 'x@0=0', factor: 3 }] });
    assert.match(dead.notes.join(), /changed no output/);
  });

  it('keep -0, which a Where would turn into 0', async () => {
    const id = await open(
      model({
        nodes: [node('Identity', ['x'], ['h']), node('Reciprocal', ['h'], ['y'])],
        inputs: [info('x', 'float32', [3])],
        outputs: [info('y', 'float32', [3])],
      }),
    );
    const result = await run(id, {
      feeds: { x: line(-0, -0, 4) },
      interventions: [{ kind: 'set', site: 'h@0=0', value: 2 }],
    });
    assert.deepEqual(await numbers(result, 'y'), [0.5, -Infinity, 0.25]);
  });

  it('work where the opset has no ScatterND', async () => {
    const id = await open(
      model(
        {
          nodes: [node('Relu', ['x'], ['h']), node('Mul', ['h', 'h'], ['y'])],
          inputs: [info('x', 'float32', [2, 2])],
          outputs: [info('y', 'float32', [2, 2])],
        },
        8,
      ),
    );
    const feeds = { x: floats([2, 2], 1) };
    const set = await run(id, { feeds, interventions: [{ kind: 'set', site: 'h#1', value: 7 }] });
    assert.deepEqual(await numbers(set, 'y'), [1, 49, 9, 49]);
    const replace = await run(id, {
      feeds,
      interventions: [{ kind: 'replace', site: 'h@batch=1', value: line(5, 6) }],
    });
    assert.deepEqual(await numbers(replace, 'y'), [1, 4, 25, 36]);
  });

  it('set and replace int8 exactly, and refuse to scale it', async () => {
    const id = await open(
      model({
        nodes: [node('Cast', ['x'], ['q'], { to: 3 }), node('Cast', ['q'], ['y'], { to: 1 })],
        inputs: [info('x', 'float32', [3])],
        outputs: [info('y', 'float32', [3])],
      }),
    );
    const feeds = { x: line(1, -2, 3) };
    const set = await run(id, {
      feeds,
      capture: ['q'],
      interventions: [{ kind: 'set', site: 'q@0=1', value: -100 }],
    });
    assert.deepEqual(await numbers(set, 'y'), [1, -100, 3]);
    await assert.rejects(run(id, { feeds, interventions: [{ kind: 'scale', site: 'q', factor: 0.5 }] }), {
      code: 'bad-intervention',
      message: /"q" is int8: to scale it would round or wrap around\. Use set or replace/,
    });
  });

  it('work on bfloat16, which Node cannot hold', async () => {
    const id = await open(
      model({
        nodes: [node('Cast', ['x'], ['b'], { to: 16 }), node('Cast', ['b'], ['y'], { to: 1 })],
        inputs: [info('x', 'float32', [2])],
        outputs: [info('y', 'float32', [2])],
      }),
    );
    const feeds = { x: line(1, 3) };
    const result = await run(id, {
      feeds,
      capture: ['b'],
      interventions: [{ kind: 'set', site: 'b@0=0', value: 2.5 }],
    });
    assert.deepEqual(await numbers(result, 'y'), [2.5, 3]);
    assert.deepEqual([result.captures[0]?.dtype, await numbers(result, 'b')], ['float32', [2.5, 3]]);
  });

  it('reach into the branch of an If that is taken, and say so of the other', async () => {
    const branch = (op: string, name: string) =>
      graph({
        nodes: [node(op, ['x'], [name]), node('Mul', [name, 'x'], [`${name}_out`])],
        outputs: [info(`${name}_out`, 'float32')],
      });
    const id = await open(
      model({
        nodes: [
          node('ReduceSum', ['x'], ['sum'], { keepdims: 0 }),
          node('Greater', ['sum', 'zero'], ['cond']),
          node('If', ['cond'], ['y'], {
            then_branch: branch('Exp', 'up'),
            else_branch: branch('Neg', 'down'),
          }),
        ],
        inputs: [info('x', 'float32', [2])],
        outputs: [info('y', 'float32', [2])],
        weights: [tensor('zero', { dtype: 'float32', dims: [], data: Float32Array.of(0) })],
      }),
    );
    const feeds = { x: line(-1, -2) };
    const captured = await run(id, { feeds, capture: ['down', 'n2.then_branch/up'] });
    assert.deepEqual(await numbers(captured, 'down'), [1, 2]);
    assert.deepEqual(
      captured.captures.map(({ handle }) => handle !== null),
      [true, false],
    );
    assert.match(
      captured.notes.join(),
      /"n2\.then_branch\/up" was not computed: the branch that makes it was not taken/,
    );
    const set = await run(id, { feeds, interventions: [{ kind: 'set', site: 'down', value: 10 }] });
    assert.deepEqual(await numbers(set, 'y'), [-10, -20]);
    assert.equal(set.check, 'equal');
    const scaled = await run(id, {
      feeds: { x: line(0, 1) },
      interventions: [{ kind: 'scale', site: 'up', factor: 2 }],
    });
    assert.deepEqual(await numbers(scaled, 'y'), [0, Math.fround(2 * Math.fround(Math.E))]);
    const other = await run(id, { feeds, interventions: [{ kind: 'set', site: 'up', value: 1 }] });
    assert.deepEqual(await numbers(other, 'y'), [-1, -4]);
    assert.match(other.notes.join(), /"up" lies in a branch that was not taken/);
  });

  it('reach into a function, by its call where there are several', async () => {
    const square = fn(
      'Square',
      ['a'],
      ['b'],
      [node('Mul', ['a', 'a'], ['sq']), call('Minus', ['sq'], ['b'])],
    );
    const minus = fn('Minus', ['a'], ['b'], [node('Neg', ['a'], ['h']), node('Add', ['h', 'h'], ['b'])]);
    const same = fn('Same', ['a'], ['b'], [node('Identity', ['a'], ['b'])]);
    const id = await open(
      modelWith([square, minus, same], {
        nodes: [call('Square', ['x'], ['p']), call('Square', ['p'], ['q']), call('Same', ['q'], ['y'])],
        inputs: [info('x', 'float32', [2])],
        outputs: [info('y', 'float32', [2])],
      }),
    );
    const feeds = { x: line(1, 2) };
    const capture = ['n0.fn/sq', 'n1.fn/n1.fn/h'];
    const captured = await run(id, { feeds, capture });
    assert.deepEqual([await numbers(captured, 'y'), captured.check], [[-8, -128], 'equal']);
    assert.deepEqual(await numbers(captured, 'n0.fn/sq'), [1, 4]);
    assert.deepEqual(await numbers(captured, 'n1.fn/n1.fn/h'), [-4, -64]);
    const set = await run(id, { feeds, interventions: [{ kind: 'set', site: 'n0.fn/sq', value: 1 }] });
    assert.deepEqual([await numbers(set, 'y'), set.check], [[-8, -8], 'equal']);
    await assert.rejects(run(id, { feeds, capture: ['sq'] }), {
      code: 'bad-site',
      message: /function that 2 nodes call.*Choose one: n0\.fn\/sq, n1\.fn\/sq\.$/,
    });
  });

  it('stack a Loop over its iterations, and step into each of them', async () => {
    const body = graph({
      nodes: [node('Identity', ['go'], ['going']), node('Mul', ['acc', 'two'], ['next'])],
      inputs: [info('i', 'int64', []), info('go', 'bool', []), info('acc', 'float32', [2])],
      outputs: [info('going', 'bool', []), info('next', 'float32', [2])],
      weights: [tensor('two', { dtype: 'float32', dims: [], data: Float32Array.of(2) })],
    });
    const id = await open(
      model({
        nodes: [node('Loop', ['trips', 'yes', 'x'], ['y'], { body })],
        inputs: [info('x', 'float32', [2])],
        outputs: [info('y', 'float32', [2])],
        weights: [
          tensor('trips', { dtype: 'int64', dims: [], data: BigInt64Array.of(3n) }),
          tensor('yes', { dtype: 'bool', dims: [], data: Uint8Array.of(1) }),
        ],
      }),
    );
    const feeds = { x: line(1, 10) };
    const captured = await run(id, { feeds, capture: ['next', 'next@iteration=1', 'next#1', 'i'] });
    assert.deepEqual(captured.captures[0]?.dims, [3, 2]);
    assert.deepEqual(await numbers(captured, 'next'), [2, 20, 4, 40, 8, 80]);
    assert.deepEqual(await numbers(captured, 'next@iteration=1'), [4, 40]);
    assert.deepEqual(await numbers(captured, 'next#1'), [20, 40, 80]);
    assert.deepEqual(await numbers(captured, 'i'), [0, 1, 2]);
    const scaled = await run(id, { feeds, interventions: [{ kind: 'scale', site: 'next', factor: 3 }] });
    assert.deepEqual(await numbers(scaled, 'y'), [216, 2160]);
    const set = await run(id, { feeds, interventions: [{ kind: 'set', site: 'next#0', value: 5 }] });
    assert.deepEqual([await numbers(set, 'y'), set.check], [[5, 80], 'equal']);
  });
});

async function numbersOf(api: EngineApi, result: RunResult, site: string): Promise<number[]> {
  const found = [...result.captures, ...result.outputs].find((captured) => captured.site === site);
  assert.ok(found?.handle, `"${site}" was given out`);
  const { data } = await api.tensor(found.handle);
  return Array.from(data as ArrayLike<number | bigint>, Number);
}
