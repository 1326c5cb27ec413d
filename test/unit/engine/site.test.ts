/** Sites as text: what they name, and that printing and parsing undo each other whatever names hold. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Site } from '../../../src/contract/site';
import type { Skeleton } from '../../../src/contract/skeleton';
import { axisNames, placeSlices } from '../../../src/onnx/axes';
import { parseSite, printSite, sitePrefix } from '../../../src/onnx/site';
import { read } from '../onnx/memory';
import { graph, info, model, node } from './models';

function plain(value: string, rest: Partial<Site> = {}): Site {
  return { graph: '', value, slices: [], stage: 'after', ...rest };
}

/** A chain of nodes whose values have these names, and an If with `inner` in one branch and `both` in each. */
async function skeletonWith(names: readonly string[]): Promise<Skeleton> {
  let last = 'in';
  const nodes = names.map((name) => {
    const made = node('Neg', [last], [name]);
    last = name;
    return made;
  });
  const then = graph({
    nodes: [node('Neg', ['in'], ['inner']), node('Neg', ['inner'], ['both'])],
    outputs: [info('both')],
  });
  const otherwise = graph({ nodes: [node('Abs', ['in'], ['both'])], outputs: [info('both')] });
  nodes.push(node('If', ['cond'], ['out'], { then_branch: then, else_branch: otherwise }));
  return read(
    model({
      nodes,
      inputs: [info('in', 'float32', ['n']), info('cond', 'bool', [])],
      outputs: [info('out')],
    }),
  );
}

describe('sites', () => {
  it('take a text that is a name as that name, whatever it holds', async () => {
    const skeleton = await skeletonWith(['a', 'a#1', 'a#1@x', 'w!raw', '/m/act', '']);
    for (const name of ['a', 'a#1', 'a#1@x', 'w!raw', '/m/act', 'in']) {
      assert.deepEqual(parseSite(skeleton, name), plain(name));
    }
    assert.deepEqual(parseSite(skeleton, 'a#2'), plain('a', { slices: [{ axis: 'unit', indices: [2] }] }));
    assert.deepEqual(
      parseSite(skeleton, 'a#1#3'),
      plain('a#1', { slices: [{ axis: 'unit', indices: [3] }] }),
    );
    assert.deepEqual(parseSite(skeleton, 'w!raw!raw'), plain('w!raw', { stage: 'raw' }));
    assert.deepEqual(parseSite(skeleton, 'w\\!raw!raw'), plain('w!raw', { stage: 'raw' }));
  });

  it('read units, places, axes, ranges and the stage', async () => {
    const skeleton = await skeletonWith(['v']);
    const slices = (text: string) => parseSite(skeleton, `v${text}`).slices;
    assert.deepEqual(slices('#3,5..8,-1'), [{ axis: 'unit', indices: [3, 5, 6, 7, 8, -1] }]);
    assert.deepEqual(slices('#7@(3,4)'), [
      { axis: 'unit', indices: [7] },
      { axis: 'height', indices: [3] },
      { axis: 'width', indices: [4] },
    ]);
    assert.deepEqual(slices('@5'), [{ axis: 'position', indices: [5] }]);
    assert.deepEqual(slices('@head=2@-1=0..2'), [
      { axis: 'head', indices: [2] },
      { axis: -1, indices: [0, 1, 2] },
    ]);
    assert.equal(parseSite(skeleton, 'v#1!raw').stage, 'raw');
  });

  it('name values of bodies alone where that is clear, else by their path', async () => {
    const skeleton = await skeletonWith(['v']);
    assert.deepEqual(parseSite(skeleton, 'inner#1'), {
      ...plain('inner', { slices: [{ axis: 'unit', indices: [1] }] }),
      graph: 'n1.then_branch',
    });
    assert.throws(() => parseSite(skeleton, 'both'), { code: 'bad-site' });
    assert.equal(parseSite(skeleton, 'n1.else_branch/both').graph, 'n1.else_branch');
    assert.equal(printSite(skeleton, { ...plain('both'), graph: 'n1.then_branch' }), 'n1.then_branch/both');
  });

  it('offer the nearest names for one that does not exist', async () => {
    const skeleton = await skeletonWith(['encoder.act', 'encoder.att', 'decoder']);
    assert.throws(() => parseSite(skeleton, 'encodr.act#3'), {
      code: 'bad-site',
      message: /no value "encodr\.act#3"\. The nearest names are "encoder\.act", "encoder\.att"/,
    });
    assert.throws(() => parseSite(skeleton, 'decoder#x'), { message: /cannot be read: "x" is no index/ });
    assert.throws(() => parseSite(skeleton, 'decoder#1#2'), { message: /axis unit is named twice/ });
    assert.throws(() => parseSite(skeleton, 'decoder@(1,2,3,4)'), { message: /at most 3/ });
  });

  it('print what parses back to the same site', async () => {
    const skeleton = await skeletonWith(['a', 'a#1', 'b@c', 'x\\', 'x\\#', 'y!', 'n0.body/z', 'inner/q']);
    const names = [...skeleton.graph.nodes.flatMap(({ outputs }) => outputs), 'in'];
    const axis = fc.oneof(
      fc.constantFrom('unit', 'head', 'position', 'height'),
      fc.integer({ min: -4, max: 4 }),
    );
    const slice = fc.record({
      axis,
      indices: fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 4 }),
    });
    const site = fc.record({
      value: fc.constantFrom(...names),
      slices: fc.uniqueArray(slice, { maxLength: 3, selector: (item) => String(item.axis) }),
      stage: fc.constantFrom('after' as const, 'raw' as const),
    });
    fc.assert(
      fc.property(site, (parts) => {
        const whole: Site = { graph: '', ...parts };
        assert.deepEqual(parseSite(skeleton, printSite(skeleton, whole)), structuredClone(whole));
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it('print a slice apart from a value that is called like it', async () => {
    const skeleton = await skeletonWith(['a', 'a#1', 'a# 1', 'a!raw', 'a@head=2']);
    const whole: readonly Site[] = [
      plain('a', { slices: [{ axis: 'unit', indices: [1] }] }),
      plain('a', { slices: [{ axis: 'head', indices: [2] }] }),
      plain('a', { stage: 'raw' }),
      plain('a#1', { stage: 'raw' }),
    ];
    for (const site of whole) assert.deepEqual(parseSite(skeleton, printSite(skeleton, site)), site);
    assert.equal(printSite(skeleton, whole[2] ?? plain('')), 'a! raw');
  });

  it('begin with what one index of an axis makes whole', async () => {
    const skeleton = await read(
      model({
        nodes: [
          node('Conv', ['x', 'w'], ['c#0']),
          node('Relu', ['c#0'], ['r']),
          node('Neg', ['r'], ['r#5']),
          node('MatMul', ['t', 't'], ['m']),
        ],
        inputs: [info('x', 'float32', [1, 3, 8, 8]), info('w', 'float32'), info('t', 'float32')],
        outputs: [info('r#5'), info('m')],
      }),
    );
    const begun = (value: string, axis: number, rank: number | undefined): string =>
      sitePrefix(skeleton, value, axis, rank);
    assert.equal(begun('c#0', 1, 4), 'c\\#0#');
    assert.equal(begun('c#0', -3, 4), 'c\\#0#');
    assert.equal(begun('c#0', 2, 4), 'c\\#0@height=');
    assert.equal(begun('m', 1, 3), 'm@position=');
    assert.equal(begun('m', -1, 3), 'm#');
    assert.equal(begun('m', -1, undefined), 'm@-1=');
    // Two axes are called position there.
    assert.equal(begun('m', 1, 5), 'm@1=');
    // `r#5` is another value's name.
    assert.equal(begun('r', 1, 4), 'r# ');
    assert.deepEqual(parseSite(skeleton, `${begun('r', 1, 4)}5`), {
      ...plain('r'),
      slices: [{ axis: 'unit', indices: [5] }],
    });
  });

  it('place slices on axes, counting from the end, and refuse what lies outside', () => {
    const image = axisNames('image', 4);
    assert.deepEqual(image, ['batch', 'channel', 'height', 'width']);
    const dims = [1, 8, 5, 6];
    assert.deepEqual(placeSlices([{ axis: 'unit', indices: [-1] }], dims, image, 's'), [
      { axis: 1, indices: [7] },
    ]);
    assert.deepEqual(placeSlices([{ axis: -1, indices: [2] }], dims, image, 's'), [
      { axis: 3, indices: [2] },
    ]);
    assert.throws(() => placeSlices([{ axis: 'unit', indices: [8] }], dims, image, 's'), {
      message: /index 8 on the axis unit, which has 8\. Choose 0 to 7/,
    });
    assert.throws(() => placeSlices([{ axis: 'head', indices: [0] }], dims, image, 's'), {
      message: /axis head, which the value has not\. Its axes are batch \(1\), channel \(8\)/,
    });
    assert.deepEqual(axisNames('sequence', 3), ['batch', 'position', 'unit']);
    assert.deepEqual(axisNames('rows', 2), ['batch', 'unit']);
    assert.deepEqual(axisNames('image', 3), ['batch', 'channel', 'position']);
    assert.deepEqual(axisNames('image', 6), ['batch', 'channel', '', '', '', ''].slice(0, 2));
  });
});
