/** A layer of 50,000 units that read 256 values: handed in, so that no file is read. */
import type { Graph, Node, WeightRef } from '../../../src/contract/skeleton';
import type { TensorData } from '../../../src/contract/tensor';
import { Connections } from '../../../src/onnx/neurons/connections';
import { findLayers } from '../../../src/onnx/neurons/layers';
import { sliceTensor } from '../../../src/tensor/slice';

const inputs = 256;
export const units = 50_000;

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

/** Connections of that layer, and how many elements of its weight have been read. */
export function wideLayer(): { readonly connections: Connections; readonly read: { elements: number } } {
  const data = Float32Array.from({ length: weight.count }, (_unused, i) => Math.sin(i));
  const whole: TensorData = { dtype: 'float32', dims: weight.dims, data };
  const activation: TensorData = { dtype: 'float32', dims: [1, inputs], data: data.slice(0, inputs) };
  const read = { elements: 0 };
  const connections = new Connections(
    findLayers(graph, () => undefined),
    {
      readBox: (_ref, box) => {
        read.elements += box.size.reduce((product, size) => product * size, 1);
        return Promise.resolve(sliceTensor(whole, box));
      },
      activation: () => Promise.resolve(activation),
    },
  );
  return { connections, read };
}

/** Elements of the layer's weight. */
export const elements = weight.count;
