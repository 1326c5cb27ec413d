/** Units inside the bodies of If, Scan and Loop: layers of their own, whose connections add up to what the runtime makes. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TensorData } from '../../../src/contract/tensor';
import { meanAlong } from '../../../src/onnx/neurons/means';
import { graph, info, model, node, tensor } from '../engine/models';
import { lab, noise, numbers, total, type Lab } from './lab';

const scalar = (dtype: 'int64' | 'bool', value: number): TensorData =>
  dtype === 'bool'
    ? { dtype, dims: [], data: Uint8Array.of(value) }
    : { dtype, dims: [], data: BigInt64Array.of(BigInt(value)) };

const kinds = ({ layers }: Lab): string[] =>
  layers.map(({ kind, units, value }) => `${kind} ${String(units)} ${value}`);

/** Holds a dense layer's contributions against the mean of what its node gives out, whatever axes lie in front. */
async function addsUp(of: Lab, layer: number, output: string): Promise<void> {
  const { dims, data } = await of.value(output);
  const means = meanAlong(data as Float32Array, dims, -1);
  for (let unit = 0; unit < means.length; unit++) {
    const [incoming] = await of.connections.incoming(layer, unit);
    const off = Math.abs(total(incoming?.contribution) - (means[unit] ?? Number.NaN));
    assert.ok(off < 1e-5, `${output} ${String(unit)}: ${String(off)}`);
  }
}

describe('units in bodies', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'pc-bodies-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  async function open(bytes: Uint8Array, feeds: Readonly<Record<string, TensorData>>): Promise<Lab> {
    const file = join(folder, 'model.onnx');
    writeFileSync(file, bytes);
    return lab(file, feeds);
  }

  it('belong to the branch that makes them; the branch not taken has weights and no numbers', async () => {
    const branch = (weight: string, output: string, seed: number) =>
      graph({
        nodes: [node('MatMul', ['h', weight], ['p']), node('Relu', ['p'], [output])],
        outputs: [info(output, 'float32')],
        weights: [tensor(weight, noise([4, 3], seed))],
      });
    const bytes = model({
      nodes: [
        node('MatMul', ['x', 'w0'], ['h']),
        node('If', ['yes'], ['c'], {
          then_branch: branch('w', 'a', 12),
          else_branch: branch('w', 'b', 13),
        }),
        node('MatMul', ['c', 'w1'], ['y']),
      ],
      inputs: [info('x', 'float32', ['n', 5]), info('yes', 'bool', [])],
      outputs: [info('y', 'float32', ['n', 2])],
      weights: [tensor('w0', noise([5, 4], 11)), tensor('w1', noise([3, 2], 14))],
    });
    const of = await open(bytes, { x: noise([6, 5], 15), yes: scalar('bool', 1) });
    try {
      assert.deepEqual(kinds(of), [
        'value 5 x',
        'dense 4 h',
        'dense 3 n1.then_branch/a',
        'dense 3 n1.else_branch/b',
        'choice 3 c',
        'dense 2 y',
      ]);
      const [, , taken, other, choice, last] = of.layers;
      assert.deepEqual(
        [taken?.sources, other?.sources, choice?.sources, last?.sources],
        [[1], [1], [2, 3], [4]],
      );
      await addsUp(of, 2, 'n1.then_branch/p');
      await addsUp(of, 5, 'y');
      const [then, otherwise] = await of.connections.incoming(4, 1);
      assert.deepEqual([then?.weight[1], otherwise?.weight[1]], [1, 1]);
      const c = meanAlong((await of.value('c')).data as Float32Array, [6, 3], -1);
      assert.ok(Math.abs((then?.contribution[1] ?? NaN) - (c[1] ?? NaN)) < 1e-6);
      assert.ok(Number.isNaN(otherwise?.contribution[1]));
      // The weights of a branch are the branch's own, though both are called w.
      const [not] = await of.connections.incoming(3, 2);
      assert.equal(not?.weight[1], numbers(noise([4, 3], 13))[3 + 2]);
      assert.ok(await of.connections.activity(2));
      assert.equal(await of.connections.activity(3), null);
    } finally {
      await of.close();
    }
  });

  it('of a recurrent network read the state of the step before', async () => {
    const body = graph({
      nodes: [
        node('MatMul', ['step', 'wx'], ['a']),
        node('MatMul', ['state', 'wh'], ['b']),
        node('Add', ['a', 'b'], ['s']),
        node('Tanh', ['s'], ['next']),
        node('Identity', ['next'], ['each']),
      ],
      inputs: [info('state', 'float32'), info('step', 'float32')],
      outputs: [info('next', 'float32'), info('each', 'float32')],
      weights: [tensor('wh', noise([4, 4], 22))],
    });
    const bytes = model({
      nodes: [
        node('Scan', ['zero', 'x'], ['last', 'all'], { num_scan_inputs: 1, body }),
        node('MatMul', ['all', 'wy'], ['y']),
      ],
      inputs: [info('x', 'float32', [7, 2, 3])],
      outputs: [info('y', 'float32', [7, 2, 5]), info('last', 'float32', [2, 4])],
      weights: [
        tensor('zero', noise([2, 4], 20)),
        tensor('wx', noise([3, 4], 21)),
        tensor('wy', noise([4, 5], 23)),
      ],
    });
    const of = await open(bytes, { x: noise([7, 2, 3], 24) });
    try {
      assert.deepEqual(kinds(of), [
        'value 3 n0.body/step',
        'dense 4 n0.body/a',
        'value 4 n0.body/state',
        'dense 4 n0.body/b',
        'sum 4 all',
        'state 4 last',
        'dense 5 y',
      ]);
      await addsUp(of, 1, 'n0.body/a');
      await addsUp(of, 3, 'n0.body/b');
      await addsUp(of, 6, 'y');
      // The state is what the step before gave out: tied one to one, and no mean says how much of it arrives.
      const [into] = await of.connections.incoming(2, 3);
      assert.deepEqual([into?.layer, Array.from(into?.weight ?? [])], [4, [0, 0, 0, 1]]);
      assert.ok(Number.isNaN(into?.contribution[3]));
      const back = await of.connections.outgoing(4, 3);
      assert.deepEqual(
        back.map(({ layer }) => layer),
        [2, 5, 6],
      );
    } finally {
      await of.close();
    }
  });

  it('of a loop are summed over its iterations, two bodies deep', async () => {
    const inner = graph({
      nodes: [node('MatMul', ['h', 'w'], ['m']), node('Relu', ['m'], ['r'])],
      outputs: [info('r', 'float32')],
      weights: [tensor('w', noise([4, 4], 31))],
    });
    const skip = graph({
      nodes: [node('Identity', ['h'], ['k'])],
      outputs: [info('k', 'float32')],
    });
    const body = graph({
      nodes: [
        node('If', ['go'], ['f'], { then_branch: inner, else_branch: skip }),
        node('Add', ['h', 'f'], ['n']),
        node('Identity', ['go'], ['again']),
      ],
      inputs: [info('i', 'int64', []), info('go', 'bool', []), info('h', 'float32')],
      outputs: [info('again', 'bool', []), info('n', 'float32')],
    });
    const bytes = model({
      nodes: [
        node('MatMul', ['x', 'w0'], ['start']),
        node('Loop', ['three', 'true', 'start'], ['end'], { body }),
        node('MatMul', ['end', 'w1'], ['y']),
      ],
      inputs: [info('x', 'float32', ['n', 3])],
      outputs: [info('y', 'float32', ['n', 2])],
      weights: [
        tensor('w0', noise([3, 4], 32)),
        tensor('w1', noise([4, 2], 33)),
        tensor('three', scalar('int64', 3)),
        tensor('true', scalar('bool', 1)),
      ],
    });
    const of = await open(bytes, { x: noise([6, 3], 34) });
    try {
      assert.deepEqual(kinds(of), [
        'value 3 x',
        'dense 4 start',
        'state 4 n1.body/h',
        'dense 4 n1.body/n0.then_branch/r',
        'choice 4 n1.body/f',
        'sum 4 n1.body/n',
        'state 4 end',
        'dense 2 y',
      ]);
      assert.deepEqual(of.layers[2]?.sources, [1, 5]);
      assert.equal((await of.value('n1.body/h')).dims[0], 3);
      await addsUp(of, 3, 'n1.body/n0.then_branch/m');
      await addsUp(of, 7, 'y');
    } finally {
      await of.close();
    }
  });
});
