/**
 * A network of ResNet-18's size and make (He et al., "Deep Residual Learning for Image Recognition", 2015), with noise for
 * weights, written on the spot: batch norms folded into their convolutions, as exporters leave them.
 */
import { create, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, type NodeProto } from 'onnx-buf';
import { writeFileSync } from 'node:fs';
import { graph, info, node } from '../unit/engine/models';
import { NoiseFile } from './noiseFile';

/** Channels of the four stages, of two blocks each. */
const WIDTHS = [64, 128, 256, 512];
const CLASSES = 1000;

/** Writes FILE and FILE.data: `image` [batch, 3, size, size] -> `logits` [batch, 1000]. */
export function writeResnet(file: string, size = 224): void {
  const noise = new NoiseFile(file);
  const nodes: NodeProto[] = [];
  const make = (op: string, inputs: string[], name: string, attributes: Parameters<typeof node>[3] = {}) => {
    nodes.push(node(op, inputs, [name], attributes));
    return name;
  };
  const conv = (x: string, name: string, shape: [number, number], kernel: number, stride: number): string => {
    const deviation = Math.sqrt(2 / (shape[1] * kernel * kernel));
    const w = noise.weight(`${name}.w`, [...shape, kernel, kernel], deviation);
    const bias = noise.weight(`${name}.b`, [shape[0]], 0.01);
    const edge = Math.floor(kernel / 2);
    return make('Conv', [x, w, bias], name, {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [edge, edge, edge, edge],
    });
  };
  const relu = (x: string): string => make('Relu', [x], `${x}.relu`);
  const stem = relu(conv('image', 'stem', [64, 3], 7, 2));
  let x = make('MaxPool', [stem], 'pool', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  let channels = 64;
  WIDTHS.forEach((width, stage) => {
    for (const block of [0, 1]) {
      const p = `stage${String(stage)}.${String(block)}.`;
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const first = relu(conv(x, `${p}first`, [width, channels], 3, stride));
      const second = conv(first, `${p}second`, [width, width], 3, 1);
      const other = channels === width ? x : conv(x, `${p}shortcut`, [width, channels], 1, stride);
      x = relu(make('Add', [second, other], `${p}sum`));
      channels = width;
    }
  });
  const pooled = make('Flatten', [make('GlobalAveragePool', [x], 'mean')], 'features', { axis: 1 });
  const head = noise.weight('head.w', [CLASSES, 512], 0.05);
  make('Gemm', [pooled, head, noise.weight('head.b', [CLASSES], 0.01)], 'logits', { transB: 1 });
  noise.close();
  const parts = graph({
    nodes,
    inputs: [info('image', 'float32', ['batch', 3, size, size])],
    outputs: [info('logits', 'float32', ['batch', CLASSES])],
    weights: noise.tensors,
  });
  const opsetImport = [{ domain: '', version: 17n }];
  const model = create(ModelProtoSchema, { irVersion: 8n, opsetImport, graph: parts });
  writeFileSync(file, toBinary(ModelProtoSchema, model));
}
