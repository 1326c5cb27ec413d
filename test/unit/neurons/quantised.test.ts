/**
 * Layers on codes. Connections are in numbers: they add up to what the runtime makes, exactly where it sums integers,
 * and to within half a code where the operator rounds what it gives out.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TensorData } from '../../../src/contract/tensor';
import { meanAlong } from '../../../src/onnx/neurons/means';
import { info, model, node, tensor } from '../engine/models';
import { lab, noise, positive, total, type Lab } from './lab';

const bytes = (dtype: 'int8' | 'uint8', dims: readonly number[], seed: number): TensorData => {
  const values = noise(dims, seed).data as Float32Array;
  return dtype === 'int8'
    ? { dtype, dims, data: Int8Array.from(values, (value) => Math.round(value * 120)) }
    : { dtype, dims, data: Uint8Array.from(values, (value) => Math.round(128 + value * 120)) };
};
const scale = (value: number): TensorData => ({ dtype: 'float32', dims: [], data: Float32Array.of(value) });
const zero = (dtype: 'int8' | 'uint8', ...values: number[]): TensorData => ({
  dtype,
  dims: values.length === 1 ? [] : [values.length],
  data: dtype === 'int8' ? Int8Array.from(values) : Uint8Array.from(values),
});

/** Largest distance between contributions with `shift` and the mean of a value, over all units. */
async function distance(
  of: Lab,
  layer: string,
  value: string,
  axis: number,
  shift: readonly number[],
): Promise<number> {
  const { dims, data } = await of.value(value);
  const means = meanAlong(data as Float32Array, dims, axis);
  let [most, largest] = [0, 0];
  for (let unit = 0; unit < means.length; unit++) {
    const incoming = await of.connections.incoming(of.layer(layer).id, unit);
    const sum = incoming.reduce((all, { contribution }) => all + total(contribution), 0);
    largest = Math.max(largest, Math.abs(sum));
    most = Math.max(most, Math.abs(sum + (shift[unit] ?? 0) - (means[unit] ?? Number.NaN)));
  }
  assert.ok(largest > 0.1, 'there is something to add up');
  return most;
}

describe('units of layers on codes', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'pc-codes-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  async function open(model: Uint8Array, feeds: Readonly<Record<string, TensorData>>): Promise<Lab> {
    const file = join(folder, 'model.onnx');
    writeFileSync(file, model);
    return lab(file, feeds);
  }

  it('have numbers for weights, zero points of what is read and padding counted as the runtime does', async () => {
    // Fine steps for what is given out, so that rounding hides no mistake.
    const step = 0.05;
    const channels = positive([4], 2).data as Float32Array;
    const bias = Int32Array.of(120, -340, 55, 0);
    const file = model({
      nodes: [
        node('QuantizeLinear', ['x', 'sx', 'zx'], ['q']),
        node('QLinearConv', ['q', 'sx', 'zx', 'w', 'sw', 'zw', 'sy', 'zy', 'b'], ['c'], {
          pads: [1, 0, 1, 0],
          strides: [1, 2],
        }),
        node('MaxPool', ['c'], ['p'], { kernel_shape: [1, 1] }),
        node('DequantizeLinear', ['p', 'sy', 'zy'], ['d']),
        node('GlobalAveragePool', ['d'], ['g']),
        node('Flatten', ['g'], ['f']),
        node('QuantizeLinear', ['f', 'sy', 'zy'], ['qf']),
        node('QLinearMatMul', ['qf', 'sy', 'zy', 'm', 'sm', 'zm', 'so', 'zy'], ['qo']),
        node('DequantizeLinear', ['qo', 'so', 'zy'], ['y']),
      ],
      inputs: [info('x', 'float32', ['n', 3, 6, 7])],
      outputs: [info('y', 'float32', ['n', 5])],
      weights: [
        tensor('sx', scale(1 / 60)),
        tensor('zx', zero('uint8', 100)),
        tensor('w', bytes('int8', [4, 3, 3, 3], 1)),
        tensor('sw', { dtype: 'float32', dims: [4], data: channels.map((value) => value / 300) }),
        tensor('zw', zero('int8', 0, 0, 0, 0)),
        tensor('sy', scale(step)),
        tensor('zy', zero('uint8', 117)),
        tensor('b', { dtype: 'int32', dims: [4], data: bias }),
        tensor('m', bytes('uint8', [4, 5], 3)),
        tensor('sm', scale(0.01)),
        tensor('zm', zero('uint8', 121)),
        tensor('so', scale(step)),
      ],
    });
    const of = await open(file, { x: positive([2, 3, 6, 7], 4) });
    try {
      const layers = of.layers.map(
        ({ kind, units, value, measure }) => `${kind} ${String(units)} ${value} ${measure}`,
      );
      assert.deepEqual(layers, ['value 3 q plain', 'convolution 4 g rounded', 'dense 5 y rounded']);
      const shift = Array.from(bias, (code, unit) => (code * (channels[unit] ?? 0)) / 300 / 60);
      assert.ok((await distance(of, 'c', 'd', -3, shift)) < step / 2);
      assert.ok((await distance(of, 'y', 'y', -1, [])) < step / 2);
      // What units did is told in numbers, though the value holds codes.
      const seen = await of.connections.activity(0);
      const x = meanAlong((await of.value('x')).data as Float32Array, [2, 3, 6, 7], -3);
      for (const [unit, mean] of x.entries()) assert.ok(Math.abs((seen?.[unit] ?? NaN) - mean) < 1 / 120);
      // From the other end the same.
      const [out] = await of.connections.outgoing(of.layer('c').id, 2);
      const [into] = await of.connections.incoming(of.layer('y').id, 4);
      assert.ok(Math.abs((out?.weight[4] ?? NaN) - (into?.weight[2] ?? NaN)) < 1e-9);
      assert.ok(Math.abs((out?.contribution[4] ?? NaN) - (into?.contribution[2] ?? NaN)) < 1e-9);
    } finally {
      await of.close();
    }
  });

  it('are exact where scales are found when it runs, as dynamic quantisation writes it', async () => {
    const file = model({
      nodes: [
        node('DynamicQuantizeLinear', ['x'], ['q', 'sx', 'zx']),
        node('ConvInteger', ['q', 'k', 'zx', 'zk'], ['ci'], { pads: [1, 1, 1, 1] }),
        node('Cast', ['ci'], ['cf'], { to: 1 }),
        node('Mul', ['sx', 'sk'], ['s']),
        node('Mul', ['cf', 's'], ['c']),
        node('Add', ['c', 'cb'], ['a']),
        node('Relu', ['a'], ['r']),
        node('GlobalAveragePool', ['r'], ['g']),
        node('Flatten', ['g'], ['f']),
        node('DynamicQuantizeLinear', ['f'], ['qf', 'sf', 'zf']),
        node('MatMulInteger', ['qf', 'm', 'zf', 'zm'], ['mi']),
        node('Cast', ['mi'], ['mf'], { to: 1 }),
        node('Mul', ['sf', 'sm'], ['t']),
        node('Mul', ['mf', 't'], ['y']),
      ],
      inputs: [info('x', 'float32', ['n', 2, 5, 5])],
      outputs: [info('y', 'float32', ['n', 6])],
      weights: [
        tensor('k', bytes('uint8', [4, 2, 3, 3], 11)),
        tensor('zk', zero('uint8', 126)),
        tensor('sk', scale(0.01)),
        tensor('cb', positive([1, 4, 1, 1], 12)),
        tensor('m', bytes('int8', [4, 6], 13)),
        tensor('zm', zero('int8', 3, -2, 0, 7, 1, -9)),
        tensor('sm', positive([6], 14)),
      ],
    });
    const of = await open(file, { x: noise([3, 2, 5, 5], 15) });
    try {
      assert.deepEqual(
        of.layers.map(({ kind, units, measure }) => `${kind} ${String(units)} ${measure}`),
        ['value 2 plain', 'convolution 4 plain', 'dense 6 plain'],
      );
      assert.ok((await distance(of, 'ci', 'c', -3, [])) < 1e-5);
      assert.ok((await distance(of, 'mi', 'y', -1, [])) < 1e-3);
    } finally {
      await of.close();
    }
  });

  it('say so where integers are all there is', async () => {
    const file = model({
      nodes: [node('MatMulInteger', ['x', 'm', 'zx'], ['y'])],
      inputs: [info('x', 'uint8', ['n', 4])],
      outputs: [info('y', 'int32', ['n', 3])],
      weights: [tensor('m', bytes('int8', [4, 3], 21)), tensor('zx', zero('uint8', 99))],
    });
    const of = await open(file, { x: bytes('uint8', [5, 4], 22) });
    try {
      assert.equal(of.layer('y').measure, 'codes');
      assert.ok((await distance(of, 'y', 'y', -1, [])) < 1e-3);
    } finally {
      await of.close();
    }
  });

  it('of a quantised convolutional network lead from the image to the logits', async () => {
    const image = noise([1, 1, 28, 28], 31);
    const of = await lab('media/samples/digits/variants/int8.onnx', { image });
    try {
      const weighted = of.layers.filter((layer) => layer.weighted !== null);
      assert.equal(weighted.length, 10);
      assert.ok(weighted.every(({ sources }) => sources.length === 1));
    } finally {
      await of.close();
    }
  });
});
