/** Layers of 50,000 units: a question is answered, and cells are placed, before anyone could wait. */
import assert from 'node:assert/strict';
import { Connections } from '../../../src/onnx/neurons/connections';
import { findLayers } from '../../../src/onnx/neurons/layers';
import { strongest } from '../../../src/onnx/neurons/strongest';
import { centreOf, placeCells, unitAt } from '../../../webview/neurons/geometry';
import type { Graph, Node, WeightRef } from '../../../src/contract/skeleton';
import type { TensorData } from '../../../src/contract/tensor';
import { sliceTensor } from '../../../src/tensor/slice';

const inputs = 256;
const units = 50_000;

const weight: WeightRef = {
  name: 'w',
  dtype: 'float32',
  dims: [units, inputs],
  count: units * inputs,
  byteLength: 4 * units * inputs,
  where: { kind: 'missing', reason: 'handed in by the test' },
  origin: 'initializer',
};

const gemm: Node = {
  id: 0,
  index: 0,
  graph: '',
  name: '',
  op: 'Gemm',
  domain: '',
  overload: '',
  inputs: ['x', 'w'],
  outputs: ['y'],
  attributes: [{ name: 'transB', value: { type: 'int', value: 1 } }],
  metadata: {},
  doc: '',
};

const graph: Graph = {
  path: '',
  name: 'g',
  doc: '',
  metadata: {},
  inputs: [],
  outputs: [],
  values: new Map(),
  initializers: new Map([['w', weight]]),
  sparseInitializers: new Map(),
  nodes: [gemm],
  overridable: [],
};

/** CPU time in milliseconds: a loaded machine's clock tells of its load. */
function sinceThen(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

describe('layers of 50,000 units', () => {
  const data = Float32Array.from({ length: weight.count }, (_unused, i) => Math.sin(i));
  const whole: TensorData = { dtype: 'float32', dims: weight.dims, data };
  const activation: TensorData = { dtype: 'float32', dims: [1, inputs], data: data.slice(0, inputs) };

  it('answer both ways within a tenth of a second, weights in memory', async () => {
    const layers = findLayers(graph, () => undefined);
    let elements = 0;
    const connections = new Connections(layers, {
      readBox: (_ref, box) => {
        elements += box.size.reduce((product, size) => product * size, 1);
        return Promise.resolve(sliceTensor(whole, box));
      },
      activation: () => Promise.resolve(activation),
    });
    const ask = async (layer: number, unit: number): Promise<number> => {
      const start = process.cpuUsage();
      const { incoming, outgoing } = await connections.links({ layer, unit, by: 'contribution', most: 12 });
      assert.equal(incoming.length + outgoing.length, 12);
      return sinceThen(start);
    };
    // The way out reads all of the weight once, because its rows are units; from then on it is at hand.
    await ask(0, 6);
    elements = 0;
    const [out, into] = [await ask(0, 7), await ask(1, 7)];
    assert.ok(elements <= weight.count / 100, `${String(elements)} elements were read again`);
    assert.ok(into < 30 && out < 150, `${out.toFixed(1)} ms out, ${into.toFixed(1)} ms in`);
    const start = process.cpuUsage();
    const { indices } = strongest(
      Float64Array.from({ length: units }, (_unused, unit) => Math.sin(unit * 3)),
      12,
    );
    assert.ok(sinceThen(start) < 40);
    assert.equal(indices.length, 12);
  });

  it('finds every cell under its own middle', () => {
    for (const count of [1, 10, 784, units]) {
      const cells = placeCells(count, 480);
      assert.ok(cells.height <= 480);
      for (let unit = 0; unit < count; unit += Math.max(1, Math.floor(count / 997))) {
        const { x, y } = centreOf(cells, unit);
        assert.equal(unitAt(cells, count, x, y), unit);
      }
      assert.equal(unitAt(cells, count, cells.width + 1, 1), -1);
      assert.equal(unitAt(cells, count, 1, cells.height + cells.size), -1);
    }
  });
});
