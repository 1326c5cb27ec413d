/** Regions sampled as their size demands, and deformed kernels in groups: gradients against central differences. */
import assert from 'node:assert/strict';
import * as ort from 'onnxruntime-node';
import { checkGradients, mulberry, tensor, type Feeds } from '../../reference/gradients/check';
import { info, model, node } from '../engine/models';
import { read } from '../onnx/memory';

const random = mulberry(3);
const noise = (dims: readonly number[]): ort.Tensor => {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return tensor(
    'float32',
    Float64Array.from({ length: count }, () => random() * 2 - 1),
    dims,
  );
};

/** The most that gradients are off central differences, of the largest component. */
async function errorOf(bytes: Uint8Array, feeds: Feeds): Promise<number> {
  const { error } = await checkGradients(await read(bytes), feeds);
  assert.ok(error !== null, 'nothing was differentiated');
  return error;
}

describe('regions whose samples depend on their size', function () {
  this.timeout(120_000);
  const REGIONS = [
    // Within the picture, far beyond it on every side, smaller than a pixel, and turned round.
    [0.3, 0.6, 5.2, 4.1],
    [-7, -5, 23, 31],
    [2.1, 2.2, 2.4, 2.3],
    [5, 5, 3.3, 3.1],
  ];
  const regions = tensor('float32', REGIONS.flat(), [4, 4]);
  const pictures = new ort.Tensor('int64', BigInt64Array.of(1n, 0n, 1n, 0n), [4]);

  for (const mode of ['half_pixel', 'output_half_pixel']) {
    it(`agree at pixels and at the regions' ends: ${mode}`, async () => {
      const attributes = {
        output_height: 2,
        output_width: 3,
        spatial_scale: 0.75,
        coordinate_transformation_mode: mode,
      };
      const bytes = model({
        // A sum in between, so that the checker moves the regions too.
        nodes: [
          node('Add', ['regions', 'regions'], ['twice']),
          node('RoiAlign', ['x', 'twice', 'pictures'], ['y'], attributes),
        ],
        inputs: [
          info('x', 'float32', [2, 3, 7, 9]),
          info('regions', 'float32', [4, 4]),
          info('pictures', 'int64', [4]),
        ],
        outputs: [info('y', 'float32', [4, 3, 2, 3])],
      });
      const halved = tensor(
        'float32',
        Array.from(regions.data as Float32Array, (end) => end / 2),
        [4, 4],
      );
      assert.ok((await errorOf(bytes, { x: noise([2, 3, 7, 9]), regions: halved, pictures })) < 1e-6);
    });
  }

  it('are refused where the largest sample is taken', async () => {
    const bytes = model({
      nodes: [node('RoiAlign', ['x', 'regions', 'pictures'], ['y'], { mode: 'max' })],
      inputs: [
        info('x', 'float32', [2, 3, 7, 9]),
        info('regions', 'float32', [4, 4]),
        info('pictures', 'int64', [4]),
      ],
      outputs: [info('y', 'float32', [4, 3, 1, 1])],
    });
    await assert.rejects(errorOf(bytes, { x: noise([2, 3, 7, 9]), regions, pictures }), /largest of as many/);
  });
});

describe('deformed kernels', function () {
  this.timeout(120_000);

  it('agree in groups, with strides, dilations and uneven padding', async () => {
    const [group, parts, kernel, out] = [2, 2, [3, 2], [3, 5]];
    const taps = 6;
    const dims = {
      x: [2, 4, 6, 7],
      w: [6, 2, ...kernel],
      shift: [2, parts * taps * 2, ...out],
      bias: [6],
      mask: [2, parts * taps, ...out],
    };
    const attributes = {
      group,
      offset_group: parts,
      kernel_shape: kernel,
      strides: [2, 1],
      dilations: [1, 2],
      pads: [1, 0, 0, 0],
    };
    const names = Object.keys(dims);
    const bytes = model(
      {
        nodes: [node('DeformConv', names, ['y'], attributes)],
        inputs: Object.entries(dims).map(([name, shape]) => info(name, 'float32', shape)),
        outputs: [info('y', 'float32', [2, 6, ...out])],
      },
      19,
    );
    const feeds = Object.fromEntries(Object.entries(dims).map(([name, shape]) => [name, noise(shape)]));
    assert.ok((await errorOf(bytes, feeds)) < 1e-6);
  });
});
