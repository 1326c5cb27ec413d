/** A model with the connections of its units, and the runtime beside it to hold them against. */
import assert from 'node:assert/strict';
import type { TensorData } from '../../../src/contract/tensor';
import { Engine } from '../../../src/engine/child/engine';
import { openLocal } from '../../../src/onnx/files';
import { Connections } from '../../../src/onnx/neurons/connections';
import type { FoundLayer } from '../../../src/onnx/neurons/found';
import { findLayers } from '../../../src/onnx/neurons/layers';
import type { NeuronPorts } from '../../../src/onnx/neurons/reading';
import { inlineFunctions } from '../../../src/onnx/rewrite/inline';
import { WeightReader } from '../../../src/onnx/weights';
import { toNumbers } from '../../../src/tensor/buffers';
import { sizeOf } from '../../../src/tensor/shape';

/** Numbers between -1 and 1 that look like nothing. */
export function noise(dims: readonly number[], seed: number): TensorData {
  const data = Float32Array.from({ length: sizeOf(dims) }, (_unused, i) =>
    Math.sin((i + 1) * 12.9898 + seed * 78.233),
  );
  return { dtype: 'float32', dims, data };
}

export function positive(dims: readonly number[], seed: number): TensorData {
  const { data } = noise(dims, seed);
  return {
    dtype: 'float32',
    dims,
    data: Float32Array.from(data as Float32Array, (value) => 0.5 + value * value),
  };
}

export const numbers = (tensor: TensorData): number[] =>
  Array.from(toNumbers(tensor.dtype, tensor.data as Float32Array), Number);

export interface Lab {
  readonly layers: readonly FoundLayer[];
  readonly connections: Connections;
  layer(value: string): FoundLayer;
  value(name: string): Promise<TensorData>;
  /** Mean of a value by channel (axis 1). */
  means(name: string): Promise<number[]>;
  close(): Promise<void>;
}

export async function lab(file: string, feeds: Readonly<Record<string, TensorData>>): Promise<Lab> {
  const engine = new Engine({ sessionBudget: 1e9, tensorBudget: 1e9, threads: 1 }, () => undefined).api();
  const { id } = await engine.open(file);
  const opened = await openLocal(file);
  const { graph } = opened.skeleton;
  const shapes = new Map((await engine.infer(id)).map(({ name, shape }) => [name, shape]));
  const dims = (name: string): (number | undefined)[] | undefined =>
    shapes.get(name)?.map((dim) => (typeof dim === 'number' ? dim : undefined));
  const weights = new WeightReader(opened.source, opened.folder);
  const activation = async (name: string): Promise<TensorData | null> => {
    const fed = feeds[name];
    if (fed !== undefined) return fed;
    const { captures } = await engine.run(id, { feeds, capture: [name] });
    const handle = captures[0]?.handle ?? null;
    return handle === null ? null : engine.tensor(handle);
  };
  const value = async (name: string): Promise<TensorData> => {
    const found = await activation(name);
    assert.ok(found, `${name} is not computed`);
    return found;
  };
  const ports: NeuronPorts = { readBox: (ref, box) => weights.readBox(ref, box), activation };
  const layers = findLayers(inlineFunctions(opened.skeleton).skeleton.graph, dims);
  return {
    layers,
    connections: new Connections(layers, ports),
    layer: (name) => {
      const found = layers.find(
        (layer) => layer.value === name || graph.nodes[layer.node]?.outputs.includes(name) === true,
      );
      assert.ok(found, `${name} makes no layer`);
      return found;
    },
    value,
    means: async (name) => {
      const { dims: shape, data } = await value(name);
      const [batch = 1, channels = 1, ...rest] = shape;
      const inner = sizeOf(rest);
      const sums = new Array<number>(channels).fill(0);
      (data as Float32Array).forEach((is, at) => {
        const channel = Math.floor(at / inner) % channels;
        sums[channel] = (sums[channel] ?? 0) + is;
      });
      return sums.map((sum) => sum / (batch * inner));
    },
    close: async () => {
      await weights.close();
      await opened.source.close();
      await engine.close(id);
    },
  };
}

export const total = (values: Float64Array | undefined): number =>
  (values ?? new Float64Array()).reduce((sum, is) => sum + is, 0);
