/**
 * A model of GPT-2 small's size and make (12 blocks, width 768, 50,257 tokens; the output's matrix is its own), with noise for weights,
 * written on the spot: pre-norm blocks, causal attention, GELU by tanh as exporters write it out.
 */
import { create, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, type NodeProto } from 'onnx-buf';
import { writeFileSync } from 'node:fs';
import { graph, info, node, tensor } from '../unit/engine/models';
import { NoiseFile } from './noiseFile';

export interface Gpt2Shape {
  readonly blocks: number;
  readonly width: number;
  readonly heads: number;
  readonly vocabulary: number;
  readonly positions: number;
}

export const SMALL: Gpt2Shape = { blocks: 12, width: 768, heads: 12, vocabulary: 50_257, positions: 1024 };

/** Writes FILE and FILE.data; gives the names of the values that enter each block and of those that leave its MLP's units. */
export function writeGpt2(
  file: string,
  shape: Gpt2Shape,
): { readonly residuals: string[]; readonly units: string[] } {
  const { blocks, width, heads, vocabulary, positions } = shape;
  const noise = new NoiseFile(file);
  const weights = noise.tensors;
  const nodes: NodeProto[] = [];
  const weight = (name: string, dims: readonly number[], deviation: number): string =>
    noise.weight(name, dims, deviation);
  const ints = (name: string, values: readonly number[]): string => {
    weights.push(
      tensor(name, { dtype: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) }),
    );
    return name;
  };
  const number = (name: string, value: number): string => {
    weights.push(tensor(name, { dtype: 'float32', dims: [], data: Float32Array.of(value) }));
    return name;
  };
  const make = (
    op: string,
    inputs: string[],
    name: string,
    attributes: Parameters<typeof node>[3] = {},
  ): string => {
    nodes.push(node(op, inputs, [name], attributes));
    return name;
  };
  const ones = (name: string): string => {
    weights.push(tensor(name, { dtype: 'float32', dims: [width], data: new Float32Array(width).fill(1) }));
    return name;
  };
  const half = number('half', 0.5);
  const [one, cube, inner, outer] = [
    number('one', 1),
    number('three', 3),
    number('c044', 0.044715),
    number('c079', 0.7978845608),
  ];
  const scale = number('scale', 1 / Math.sqrt(width / heads));
  const split = ints('to_heads', [0, -1, heads, width / heads]);
  const merge = ints('to_width', [0, -1, width]);
  const wte = weight('wte', [vocabulary, width], 0.02);
  const wpe = weight('wpe', [positions, width], 0.02);
  const maskData = Float32Array.from({ length: 64 * 64 }, (_, i) => (i % 64 > Math.floor(i / 64) ? -1e9 : 0));
  weights.push(tensor('mask', { dtype: 'float32', dims: [64, 64], data: maskData }));
  // The sequence's length, from the tokens.
  make('Shape', ['ids'], 'ids_shape');
  make('Gather', ['ids_shape', ints('index1', [1])], 'length');
  const from0 = ints('zero', [0]);
  make('Slice', [wpe, from0, 'length', from0], 'positions');
  make('Concat', ['length', 'length'], 'length2', { axis: 0 });
  make('Slice', ['mask', ints('zeros', [0, 0]), 'length2', ints('axes01', [0, 1])], 'causal');
  make('Gather', [wte, 'ids'], 'tokens');
  let x = make('Add', ['tokens', 'positions'], 'embedding');
  const residuals: string[] = [];
  const units: string[] = [];
  for (let b = 0; b < blocks; b++) {
    const p = `h${String(b)}.`;
    residuals.push(x);
    const linear = (input: string, name: string, from: number, to: number): string => {
      const product = make(
        'MatMul',
        [input, weight(`${p}${name}.w`, [from, to], 1 / Math.sqrt(from))],
        `${p}${name}.mm`,
      );
      return make('Add', [product, weight(`${p}${name}.b`, [to], 0.01)], `${p}${name}`);
    };
    const n1 = make(
      'LayerNormalization',
      [x, ones(`${p}ln1.w`), weight(`${p}ln1.b`, [width], 0.01)],
      `${p}ln1`,
      { axis: -1 },
    );
    const head = (name: string, perm: number[]): string =>
      make(
        'Transpose',
        [make('Reshape', [linear(n1, name, width, width), split], `${p}${name}.r`)],
        `${p}${name}.t`,
        { perm },
      );
    const [q, k, v] = [head('q', [0, 2, 1, 3]), head('k', [0, 2, 3, 1]), head('v', [0, 2, 1, 3])];
    const scores = make(
      'Add',
      [make('Mul', [make('MatMul', [q, k], `${p}qk`), scale], `${p}scaled`), 'causal'],
      `${p}scores`,
    );
    const pattern = make('Softmax', [scores], `${p}pattern`, { axis: -1 });
    const z = make('Transpose', [make('MatMul', [pattern, v], `${p}z`)], `${p}z.t`, { perm: [0, 2, 1, 3] });
    const attention = linear(make('Reshape', [z, merge], `${p}z.r`), 'o', width, width);
    const middle = make('Add', [x, attention], `${p}mid`);
    const n2 = make(
      'LayerNormalization',
      [middle, ones(`${p}ln2.w`), weight(`${p}ln2.b`, [width], 0.01)],
      `${p}ln2`,
      { axis: -1 },
    );
    const h = linear(n2, 'fc', width, 4 * width);
    const cubed = make('Mul', [make('Pow', [h, cube], `${p}pow`), inner], `${p}c`);
    const tanh = make('Tanh', [make('Mul', [make('Add', [h, cubed], `${p}hc`), outer], `${p}s`)], `${p}tanh`);
    const act = make(
      'Mul',
      [make('Mul', [h, half], `${p}hh`), make('Add', [tanh, one], `${p}t1`)],
      `${p}act`,
    );
    units.push(act);
    x = make('Add', [middle, linear(act, 'proj', 4 * width, width)], `${p}out`);
  }
  const last = make('LayerNormalization', [x, ones('lnf.w'), weight('lnf.b', [width], 0.01)], 'lnf', {
    axis: -1,
  });
  make('MatMul', [last, weight('unembed', [width, vocabulary], 0.02)], 'logits');
  noise.close();
  const parts = graph({
    nodes,
    inputs: [info('ids', 'int64', ['batch', 'sequence'])],
    outputs: [info('logits', 'float32', ['batch', 'sequence', vocabulary])],
    weights,
  });
  const opsetImport = [{ domain: '', version: 17n }];
  writeFileSync(
    file,
    toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 8n, opsetImport, graph: parts })),
  );
  return { residuals, units };
}
