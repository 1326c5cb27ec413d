/**
 * Connections between units, checked against the runtime: contributions and the layer's shift add up to what the unit
 * computes before its activation function; and against each other: what goes out of one unit comes into the other.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TensorData } from '../../../src/contract/tensor';
import { call, fn, info, model, modelWith, node, tensor } from '../engine/models';
import { lab, noise, numbers, positive, total, type Lab } from './lab';

describe('connections between units', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-neurons-'));
  after(() => rmSync(folder, { recursive: true }));
  let cnn: Lab;
  const bias = noise([4], 2);
  const [gamma, beta, mean, variance] = [noise([4], 3), noise([4], 4), noise([4], 5), positive([4], 6)];
  const bias2 = noise([6], 8);
  const bias3 = noise([5], 10);

  before(async () => {
    const file = join(folder, 'cnn.onnx');
    writeFileSync(
      file,
      model({
        nodes: [
          node('Conv', ['x', 'w1', 'b1'], ['c1'], { strides: [2, 1], pads: [1, 0, 0, 2] }),
          node('BatchNormalization', ['c1', 'gamma', 'beta', 'mean', 'variance'], ['n1']),
          node('Relu', ['n1'], ['r1']),
          node('MaxPool', ['r1'], ['p1'], { kernel_shape: [2, 2] }),
          node('Conv', ['p1', 'w2', 'b2'], ['c2'], { group: 2, dilations: [1, 2] }),
          node('Relu', ['c2'], ['r2']),
          node('Flatten', ['r2'], ['f']),
          node('Gemm', ['f', 'w3', 'b3'], ['y'], { transB: 1, alpha: 0.5 }),
        ],
        inputs: [info('x', 'float32', ['n', 3, 9, 9])],
        outputs: [info('y', 'float32', ['n', 5])],
        weights: [
          tensor('w1', noise([4, 3, 3, 3], 1)),
          tensor('b1', bias),
          tensor('gamma', gamma),
          tensor('beta', beta),
          tensor('mean', mean),
          tensor('variance', variance),
          tensor('w2', noise([6, 2, 2, 2], 7)),
          tensor('b2', bias2),
          tensor('w3', noise([5, 6 * 2 * 6], 9)),
          tensor('b3', bias3),
        ],
      }),
    );
    cnn = await lab(file, { x: noise([2, 3, 9, 9], 11) });
  });
  after(() => cnn.close());

  it('finds the layers in order, and which reads which', () => {
    const [input, first, second, dense] = cnn.layers;
    assert.deepEqual(
      cnn.layers.map(({ kind, units }) => [kind, units]),
      [
        ['value', 3],
        ['convolution', 4],
        ['convolution', 6],
        ['dense', 5],
      ],
    );
    assert.deepEqual([input?.value, first?.value, second?.value, dense?.value], ['x', 'p1', 'r2', 'y']);
    assert.deepEqual([first?.sources, second?.sources, dense?.sources], [[0], [1], [2]]);
    assert.deepEqual([input?.targets, first?.targets, dense?.targets], [[1], [2], []]);
  });

  it('adds contributions and shift up to what a channel computes, the norm folded in', async () => {
    const layer = cnn.layer('c1');
    const before = await cnn.means('n1');
    for (let unit = 0; unit < 4; unit++) {
      const [incoming] = await cnn.connections.incoming(layer.id, unit);
      const scale = (numbers(gamma)[unit] ?? 0) / Math.sqrt((numbers(variance)[unit] ?? 0) + 1e-5);
      const shift =
        (numbers(beta)[unit] ?? 0) + ((numbers(bias)[unit] ?? 0) - (numbers(mean)[unit] ?? 0)) * scale;
      assert.ok(Math.abs(total(incoming?.contribution) + shift - (before[unit] ?? 0)) < 1e-5);
    }
  });

  it('does so for groups and dilations, through a pool', async () => {
    const before = await cnn.means('c2');
    for (let unit = 0; unit < 6; unit++) {
      const [incoming] = await cnn.connections.incoming(cnn.layer('c2').id, unit);
      assert.ok(
        Math.abs(total(incoming?.contribution) + (numbers(bias2)[unit] ?? 0) - (before[unit] ?? 0)) < 1e-5,
      );
      // Channels of the other group do not reach it.
      const others = unit < 3 ? [2, 3] : [0, 1];
      for (const other of others) assert.equal(incoming?.weight[other], 0);
    }
  });

  it('does so for a dense layer over flattened channels', async () => {
    const before = await cnn.means('y');
    const flat = await cnn.value('f');
    for (let unit = 0; unit < 5; unit++) {
      const [incoming] = await cnn.connections.incoming(cnn.layer('y').id, unit);
      assert.equal(incoming?.weight.length, 6);
      assert.ok(
        Math.abs(total(incoming.contribution) + (numbers(bias3)[unit] ?? 0) - (before[unit] ?? 0)) < 1e-5,
      );
      // By hand: the weights of channel 2 are 12 neighbours of the row.
      const row = numbers(noise([5, 72], 9)).slice(unit * 72 + 24, unit * 72 + 36);
      const norm = 0.5 * Math.hypot(...row);
      assert.ok(Math.abs(Math.abs(incoming.weight[2] ?? 0) - norm) < 1e-6);
      const fed = row.map(
        (weight, place) =>
          (weight * 0.5 * ((numbers(flat)[24 + place] ?? 0) + (numbers(flat)[72 + 24 + place] ?? 0))) / 2,
      );
      assert.ok(Math.abs((incoming.contribution[2] ?? 0) - fed.reduce((sum, is) => sum + is, 0)) < 1e-5);
    }
  });

  it('gives the same number from both ends', async () => {
    for (const layer of cnn.layers) {
      for (let unit = 0; unit < layer.units; unit++) {
        for (const out of await cnn.connections.outgoing(layer.id, unit)) {
          for (let there = 0; there < out.weight.length; there++) {
            const into = (await cnn.connections.incoming(out.layer, there)).find(
              (from) => from.layer === layer.id,
            );
            assert.ok(Math.abs((into?.weight[unit] ?? NaN) - (out.weight[there] ?? NaN)) < 1e-9);
            assert.ok(Math.abs((into?.contribution[unit] ?? NaN) - (out.contribution[there] ?? NaN)) < 1e-9);
          }
        }
      }
    }
  });

  it('lists the strongest, and says how much of all they are', async () => {
    const question = { layer: cnn.layer('y').id, unit: 1, most: 3 } as const;
    const [all] = await cnn.connections.incoming(question.layer, question.unit);
    for (const by of ['weight', 'contribution'] as const) {
      const { incoming, incomingOf, incomingShare, outgoing } = await cnn.connections.links({
        ...question,
        by,
      });
      const values = Array.from(all?.[by] ?? [], Math.abs).sort((a, b) => b - a);
      assert.deepEqual(
        incoming.map((link) => Math.abs(link[by])),
        values.slice(0, 3),
      );
      assert.equal(incomingOf, values.filter((is) => is > 0).length);
      const sum = (list: readonly number[]): number => list.reduce((part, is) => part + is, 0);
      assert.ok(Math.abs(incomingShare - sum(values.slice(0, 3)) / sum(values)) < 1e-12);
      assert.deepEqual(outgoing, []);
    }
  });

  it('follows a residual block of tokens: bias, gate, sum, parts and joins', async () => {
    const file = join(folder, 'block.onnx');
    const [w1, w2, w3] = [noise([4, 6], 21), noise([3, 4], 22), noise([8, 2], 24)];
    writeFileSync(
      file,
      model({
        nodes: [
          node('MatMul', ['x', 'w1'], ['h']),
          node('Add', ['h', 'b1'], ['hb']),
          node('Split', ['hb'], ['a', 'g'], { axis: -1 }),
          node('Sigmoid', ['g'], ['s']),
          node('Mul', ['a', 's'], ['m']),
          node('MatMul', ['m', 'w2'], ['d']),
          node('Add', ['d', 'x'], ['sum']),
          node('Relu', ['sum'], ['r']),
          node('Concat', ['r', 'd'], ['both'], { axis: 2 }),
          node('MatMul', ['both', 'w3'], ['y']),
        ],
        inputs: [info('x', 'float32', ['n', 5, 4])],
        outputs: [info('y', 'float32', ['n', 5, 2])],
        weights: [tensor('w1', w1), tensor('b1', noise([6], 23)), tensor('w2', w2), tensor('w3', w3)],
      }),
    );
    const block = await lab(file, { x: noise([2, 5, 4], 25) });
    try {
      assert.deepEqual(
        block.layers.map(({ kind, units }) => `${kind} ${String(units)}`),
        ['value 4', 'dense 6', 'part 3', 'part 3', 'product 3', 'dense 4', 'sum 4', 'join 8', 'dense 2'],
      );
      const { connections } = block;
      // A sum's units are its terms' units, each with weight one; their contributions add up to it.
      const sums = await connections.incoming(block.layer('sum').id, 2);
      assert.deepEqual(
        sums.map(({ weight }) => weight[2]),
        [1, 1],
      );
      const data = numbers(await block.value('sum'));
      const mean = data.filter((_is, at) => at % 4 === 2).reduce((all, is) => all + is, 0) / 10;
      assert.ok(
        Math.abs(sums.reduce((all, { contribution }) => all + (contribution[2] ?? 0), 0) - mean) < 1e-5,
      );
      // The second part begins where the first ends.
      const [part] = await connections.incoming(3, 1);
      assert.deepEqual([part?.layer, part?.weight[4]], [1, 1]);
      // A product is not linear in its factors: no number is given.
      for (const { weight } of await connections.incoming(4, 0)) assert.ok(Number.isNaN(weight[0]));
      // What a join reads second comes after what it reads first.
      const joined = await connections.incoming(block.layer('both').id, 5);
      assert.deepEqual(
        joined.map(({ layer, weight }) => [layer, weight[1]]),
        [[5, 1]],
      );
      const y = numbers(await block.value('y')).filter((_is, at) => at % 2 === 1);
      const [into] = await connections.incoming(block.layer('y').id, 1);
      assert.ok(Math.abs(total(into?.contribution) - y.reduce((all, is) => all + is, 0) / y.length) < 1e-5);
    } finally {
      await block.close();
    }
  });

  it('spreads a single unit over all it is added to', async () => {
    const file = join(folder, 'dueling.onnx');
    writeFileSync(
      file,
      model({
        nodes: [
          node('Gemm', ['x', 'w1'], ['value']),
          node('Gemm', ['x', 'w2'], ['advantage']),
          node('Add', ['value', 'advantage'], ['y']),
        ],
        inputs: [info('x', 'float32', ['n', 3])],
        outputs: [info('y', 'float32', ['n', 4])],
        weights: [tensor('w1', noise([3, 1], 41)), tensor('w2', noise([3, 4], 42))],
      }),
    );
    const dueling = await lab(file, { x: noise([5, 3], 43) });
    try {
      const sum = dueling.layer('y');
      assert.deepEqual([sum.kind, sum.units, sum.sources], ['sum', 4, [1, 2]]);
      const y = await dueling.means('y');
      for (let unit = 0; unit < 4; unit++) {
        const terms = await dueling.connections.incoming(sum.id, unit);
        const all = terms.reduce((part, { contribution }) => part + total(contribution), 0);
        assert.ok(Math.abs(all - (y[unit] ?? 0)) < 1e-5);
      }
      const [out] = await dueling.connections.outgoing(dueling.layer('value').id, 0);
      assert.deepEqual(Array.from(out?.weight ?? []), [1, 1, 1, 1]);
    } finally {
      await dueling.close();
    }
  });

  it('goes on inside local functions, each call with units of its own', async () => {
    const file = join(folder, 'function.onnx');
    const dense = fn(
      'Dense',
      ['a', 'w', 'b'],
      ['c'],
      [node('MatMul', ['a', 'w'], ['p']), node('Add', ['p', 'b'], ['s']), node('Relu', ['s'], ['c'])],
    );
    writeFileSync(
      file,
      modelWith([dense], {
        nodes: [call('Dense', ['x', 'w1', 'b1'], ['h']), call('Dense', ['h', 'w2', 'b2'], ['y'])],
        inputs: [info('x', 'float32', ['n', 3])],
        outputs: [info('y', 'float32', ['n', 5])],
        weights: [
          tensor('w1', noise([3, 4], 61)),
          tensor('b1', noise([4], 62)),
          tensor('w2', noise([4, 5], 63)),
          tensor('b2', noise([5], 64)),
        ],
      }),
    );
    const inside = await lab(file, { x: noise([6, 3], 65) });
    try {
      assert.deepEqual(
        inside.layers.map(({ kind, units, value }) => `${kind} ${String(units)} ${value}`),
        ['value 3 x', 'dense 4 h', 'dense 5 y'],
      );
      const { connections } = inside;
      for (const [layer, before, shift] of [
        [1, 'n0.fn/s', numbers(noise([4], 62))],
        [2, 'n1.fn/s', numbers(noise([5], 64))],
      ] as const) {
        const means = await inside.means(before);
        for (let unit = 0; unit < means.length; unit++) {
          const [incoming] = await connections.incoming(layer, unit);
          assert.equal(incoming?.layer, layer - 1);
          assert.ok(
            Math.abs(total(incoming.contribution) + (shift[unit] ?? 0) - (means[unit] ?? NaN)) < 1e-5,
          );
        }
      }
    } finally {
      await inside.close();
    }
  });

  it('adds up where weights are quantised, by channel or as a whole', async () => {
    const file = join(folder, 'quantised.onnx');
    const codes = (dims: readonly number[], seed: number): TensorData => ({
      dtype: 'int8',
      dims,
      data: Int8Array.from(noise(dims, seed).data as Float32Array, (value) => Math.round(value * 127)),
    });
    const zeros: TensorData = { dtype: 'int8', dims: [4], data: Int8Array.of(3, -2, 0, 7) };
    writeFileSync(
      file,
      model({
        nodes: [
          node('DequantizeLinear', ['q1', 's1', 'z1'], ['w1'], { axis: 0 }),
          node('Conv', ['x', 'w1'], ['c']),
          node('Relu', ['c'], ['r']),
          node('GlobalAveragePool', ['r'], ['p']),
          node('Flatten', ['p'], ['f']),
          node('DequantizeLinear', ['q2', 's2'], ['w2']),
          node('MatMul', ['f', 'w2'], ['m']),
          node('DequantizeLinear', ['q3', 's3'], ['w3'], { axis: 1 }),
          node('Gemm', ['m', 'w3'], ['y']),
        ],
        inputs: [info('x', 'float32', ['n', 2, 5, 5])],
        outputs: [info('y', 'float32', ['n', 6])],
        weights: [
          tensor('q1', codes([4, 2, 3, 3], 51)),
          tensor('s1', positive([4], 52)),
          tensor('z1', zeros),
          tensor('q2', codes([4, 3], 53)),
          tensor('s2', { dtype: 'float32', dims: [], data: Float32Array.of(0.01) }),
          tensor('q3', codes([3, 6], 54)),
          tensor('s3', positive([6], 55)),
        ],
      }),
    );
    const quantised = await lab(file, { x: noise([2, 2, 5, 5], 56) });
    try {
      assert.deepEqual(
        quantised.layers.map(({ kind, units }) => `${kind} ${String(units)}`),
        ['value 2', 'convolution 4', 'dense 3', 'dense 6'],
      );
      for (const value of ['c', 'm', 'y']) {
        const layer = quantised.layer(value);
        const before = await quantised.means(value);
        for (let unit = 0; unit < layer.units; unit++) {
          const [incoming] = await quantised.connections.incoming(layer.id, unit);
          const sum = total(incoming?.contribution);
          assert.ok(
            Math.abs(sum - (before[unit] ?? NaN)) < 1e-3 * Math.max(1, Math.abs(sum)),
            `${value} ${String(unit)}`,
          );
          // From the other end the same.
          const source = incoming?.layer ?? 0;
          for (let from = 0; from < (incoming?.weight.length ?? 0); from++) {
            const [out] = await quantised.connections.outgoing(source, from);
            assert.ok(Math.abs((out?.weight[unit] ?? NaN) - (incoming?.weight[from] ?? NaN)) < 1e-9);
          }
        }
      }
    } finally {
      await quantised.close();
    }
  });

  it('adds up where an exporter copies weights that two layers share', async () => {
    const file = join(folder, 'shared.onnx');
    const shift = noise([4], 22);
    writeFileSync(
      file,
      model({
        nodes: [
          node('Identity', ['w'], ['w_copy']),
          node('Identity', ['b'], ['b_copy']),
          node('MatMul', ['x', 'w'], ['m1']),
          node('Add', ['m1', 'b'], ['s1']),
          node('Tanh', ['s1'], ['t1']),
          node('MatMul', ['t1', 'w_copy'], ['m2']),
          node('Add', ['m2', 'b_copy'], ['y']),
        ],
        inputs: [info('x', 'float32', ['n', 4])],
        outputs: [info('y', 'float32', ['n', 4])],
        weights: [tensor('w', noise([4, 4], 21)), tensor('b', shift)],
      }),
    );
    const shared = await lab(file, { x: noise([3, 4], 23) });
    try {
      assert.deepEqual(
        shared.layers.map(({ kind }) => kind),
        ['value', 'dense', 'dense'],
      );
      const before = await shared.means('y');
      for (let unit = 0; unit < 4; unit++) {
        const [incoming] = await shared.connections.incoming(shared.layer('y').id, unit);
        assert.ok(
          Math.abs(total(incoming?.contribution) + (numbers(shift)[unit] ?? 0) - (before[unit] ?? 0)) < 1e-5,
        );
      }
    } finally {
      await shared.close();
    }
  });

  it('adds up in a trained residual network', async () => {
    const image: TensorData = { ...noise([1, 1, 28, 28], 31), dtype: 'float32' };
    const digits = await lab('media/samples/digits/digits.onnx', { image });
    try {
      const dense = digits.layers.filter(({ weighted }) => weighted !== null);
      assert.ok(dense.length >= 8 && dense.every(({ sources }) => sources.length === 1));
      const last = dense.at(-1);
      assert.equal(last?.units, 10);
      // The bias is what no activation explains: it is the same for another input.
      const other = await lab('media/samples/digits/digits.onnx', { image: noise([1, 1, 28, 28], 32) });
      const rest = async (from: Lab, unit: number): Promise<number> => {
        const [into] = await from.connections.incoming(last.id, unit);
        return ((await from.means('logits'))[unit] ?? 0) - total(into?.contribution);
      };
      for (let unit = 0; unit < 10; unit++)
        assert.ok(Math.abs((await rest(digits, unit)) - (await rest(other, unit))) < 1e-4);
      await other.close();
    } finally {
      await digits.close();
    }
  });
});
