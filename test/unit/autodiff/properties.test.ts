/** What holds of gradients for any shape: run by the runtime, compared with what is known in closed form. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Graph, Skeleton } from '../../../src/contract/skeleton';
import type { Value } from '../../../src/engine/child/autodiff/builder';
import { Builder } from '../../../src/engine/child/autodiff/builder';
import { buildBackward, type Observed } from '../../../src/engine/child/autodiff/graph';
import { sizeOf } from '../../../src/tensor/shape';
import { numbers, session, tensor } from '../../reference/gradients/check';

interface Program {
  /** Shapes of inputs. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  /** Emits the program and gives its result. */
  readonly emit: (b: Builder, x: (name: string) => Value) => Value;
}

/** Gradient of sum(seed · result) at every input; values and seed 1, 2, 3, … divided by 4. */
async function gradients({ inputs, emit }: Program): Promise<Record<string, number[]>> {
  const b = new Builder((name) => Object.hasOwn(inputs, name));
  const values = new Map(
    Object.entries(inputs).map(([name, dims]) => [name, b.declare({ name, dtype: 'float32', dims })]),
  );
  const result = emit(b, (name) => values.get(name) ?? assert.fail(name));
  const model = skeletonOf(b, [...values.values()], result);
  const observed = new Map<string, Observed>(
    [
      ...values.values(),
      ...b.nodes.flatMap(({ outputs }) => outputs.map((name) => b.maybeValue(name))),
    ].flatMap((value) =>
      value === undefined ? [] : [[value.name, { dtype: value.dtype, dims: value.dims }] as const],
    ),
  );
  const counted = (dims: readonly number[]): ReturnType<typeof tensor> =>
    tensor(
      'float32',
      Array.from({ length: sizeOf(dims) }, (_, i) => (i + 1) / 4),
      dims,
    );
  const feeds = Object.fromEntries(Object.entries(inputs).map(([name, dims]) => [name, counted(dims)]));
  const names = b.nodes.flatMap(({ outputs }) => outputs);
  const outputs = names.map((name) => ({ name, type: { kind: 'unknown' as const } }));
  const forward = await session({ ...model, graph: { ...model.graph, outputs } });
  const computed = { ...feeds, ...(await forward.run(feeds)) };
  const built = buildBackward({ model, observed }, Object.keys(inputs), (_, declare) => ({
    seeds: new Map([[result.name, declare('seed', 'float32', result.dims)]]),
  }));
  const back = await session(built.parts);
  const given = Object.fromEntries(
    [
      ...built.inputs.map(({ name, dims }) => [name, counted(dims)] as const),
      ...built.needs.map((name) => [name, computed[name]] as const),
    ].filter(([name]) => back.inputNames.includes(name)),
  );
  const answers = await back.run(given as Record<string, ReturnType<typeof tensor>>);
  return Object.fromEntries(
    [...built.gradients].map(([name, output]) => [
      name,
      output === null
        ? new Array<number>(sizeOf(inputs[name] ?? [])).fill(0)
        : Array.from(numbers(answers[output])),
    ]),
  );
}

function skeletonOf(b: Builder, inputs: readonly Value[], result: Value): Skeleton {
  const info = ({ name, dtype, dims }: Value): Graph['inputs'][number] => ({
    name,
    type: { kind: 'tensor', dtype, shape: dims },
  });
  const graph: Graph = {
    path: '',
    name: 'program',
    doc: '',
    metadata: {},
    inputs: inputs.map(info),
    outputs: [info(result)],
    values: new Map(),
    initializers: b.initializers,
    sparseInitializers: new Map(),
    nodes: b.nodes,
    overridable: [],
  };
  return {
    file: 'program.onnx',
    irVersion: 8,
    opsets: [{ domain: '', version: 18 }],
    graph,
    functions: [],
  } as unknown as Skeleton;
}

const dims = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 });
const mask = fc.array(fc.boolean(), { minLength: 3, maxLength: 3 });
const ones = (shape: readonly number[], keep: readonly boolean[]): number[] =>
  shape.map((dim, axis) => (keep[axis] === true ? dim : 1));
const RUNS = { numRuns: 25, seed: 5 };

/** Sum of counted seeds over the axes along which `to` has been stretched to `from`. */
function summed(from: readonly number[], to: readonly number[]): number[] {
  const sums = new Array<number>(sizeOf(to)).fill(0);
  for (let i = 0; i < sizeOf(from); i++) {
    let [rest, at, stride] = [i, 0, 1];
    for (let axis = from.length - 1; axis >= 0; axis--) {
      const index = rest % (from[axis] ?? 1);
      rest = Math.floor(rest / (from[axis] ?? 1));
      const place = axis - from.length + to.length;
      if (place < 0) continue;
      at += to[place] === 1 ? 0 : index * stride;
      stride *= to[place] ?? 1;
    }
    sums[at] = (sums[at] ?? 0) + (i + 1) / 4;
  }
  return sums;
}

describe('gradients of any shape', function () {
  this.timeout(60_000);

  it('undo broadcasting on both sides of a sum, also of empty tensors and missing axes', async () => {
    await fc.assert(
      fc.asyncProperty(dims, mask, mask, fc.nat(2), async (shape, left, right, cut) => {
        const [x, whole] = [ones(shape, left), ones(shape, right)];
        const y = whole.slice(Math.min(cut, whole.length - 1));
        let result: readonly number[] = [];
        const found = await gradients({
          inputs: { x, y },
          emit: (b, value) => {
            const sum = b.add(value('x'), value('y'));
            result = sum.dims;
            return sum;
          },
        });
        assert.deepEqual(found, { x: summed(result, x), y: summed(result, y) });
      }),
      RUNS,
    );
  });

  it('add up over an input that is used twice and over a shared part', async () => {
    await fc.assert(
      fc.asyncProperty(dims, async (x) => {
        const { x: found = [] } = await gradients({
          inputs: { x },
          emit: (b, value) => {
            const square = b.mul(value('x'), value('x'));
            return b.add(square, square);
          },
        });
        found.forEach((g, i) => assert.equal(g, 4 * ((i + 1) / 4) * ((i + 1) / 4)));
        assert.equal(found.length, sizeOf(x));
      }),
      RUNS,
    );
  });

  it('spread over what a sum or a mean took together, whichever axes', async () => {
    await fc.assert(
      fc.asyncProperty(dims, mask, fc.boolean(), async (x, chosen, keep) => {
        const axes = x.flatMap((_, axis) => (chosen[axis] === true ? [axis] : []));
        const { x: found = [] } = await gradients({
          inputs: { x },
          emit: (b, value) => b.unary('Neg', b.sum(value('x'), axes, keep)),
        });
        const kept = x.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
        assert.equal(found.length, sizeOf(x));
        const total = found.reduce((sum, g) => sum + g, 0);
        const count = axes.reduce((product, axis) => product * (x[axis] ?? 1), 1);
        const size = sizeOf(kept);
        assert.equal(total, -count * ((size * (size + 1)) / 8) * (sizeOf(x) === 0 ? 0 : 1) || 0);
      }),
      RUNS,
    );
  });

  it('are the same for axes counted from the end as from the front', async () => {
    await fc.assert(
      fc.asyncProperty(dims, mask, async (x, chosen) => {
        const axes = x.flatMap((_, axis) => (chosen[axis] === true ? [axis] : []));
        if (axes.length === 0) return;
        const kept = x.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
        const along = (named: readonly number[]): Promise<Record<string, number[]>> =>
          gradients({
            inputs: { x },
            emit: (b, value) =>
              b.one('ReduceSumSquare', [value('x'), b.ints(named)], 'float32', kept, { keepdims: 1 }),
          });
        assert.deepEqual(await along(axes.map((axis) => axis - x.length)), await along(axes));
      }),
      RUNS,
    );
  });

  it('take no axes as all of them, or as none where the operator says so', async () => {
    await fc.assert(
      fc.asyncProperty(dims, fc.boolean(), async (x, noop) => {
        const kept = noop ? x : x.map(() => 1);
        const { x: found = [] } = await gradients({
          inputs: { x },
          emit: (b, value) =>
            b.one('ReduceSum', [value('x'), b.ints([])], 'float32', kept, {
              keepdims: 1,
              noop_with_empty_axes: noop ? 1 : 0,
            }),
        });
        found.forEach((g, i) => assert.equal(g, noop ? (i + 1) / 4 : 1 / 4));
        assert.equal(found.length, sizeOf(x));
      }),
      RUNS,
    );
  });

  it('come apart again where values were put together, also of length 0 and 1', async () => {
    await fc.assert(
      fc.asyncProperty(dims, fc.nat(3), fc.nat(2), async (x, length, chosen) => {
        const axis = chosen % x.length;
        const y = x.with(axis, length);
        const found = await gradients({
          inputs: { x, y },
          emit: (b, value) => b.unary('Neg', b.concat([value('x'), value('y')], axis - x.length)),
        });
        const all = [...(found['x'] ?? []), ...(found['y'] ?? [])].sort((a, b) => b - a);
        assert.deepEqual(
          all,
          Array.from({ length: sizeOf(x) + sizeOf(y) }, (_, i) => -(i + 1) / 4),
        );
      }),
      RUNS,
    );
  });
});
