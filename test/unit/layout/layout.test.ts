/** What a layout does with particular graphs: folding, rails, cycles, and input that could freeze it. */
import assert from 'node:assert/strict';
import { BoxKind, type LayoutRequest, type LayoutResult } from '../../../src/contract/layout';
import type { GraphModel } from '../../../src/contract/graphModel';
import { countCrossings } from '../../../src/layout/crossings';
import { GraphLayout } from '../../../src/layout/layout';
import { GraphBuilder } from '../../fixtures/layout/builder';
import { lineTroubleOf, overlapOf } from '../../fixtures/layout/drawing';
import { bodies, resnet, transformer } from '../../fixtures/layout/zoo';

const everything: LayoutRequest = { expanded: 'all', foldRepeats: false, foldPlumbing: false };
const folded: LayoutRequest = { expanded: new Set(), foldRepeats: true, foldPlumbing: true };

function opsOf(model: GraphModel, { boxes }: LayoutResult): string[] {
  const rows = [...boxes.ref].filter((_ref, box) => boxes.kind[box] === BoxKind.Node);
  return rows.map((row) => model.strings[model.nodes.op[row] ?? 0] ?? '').sort();
}

function isNode({ boxes }: LayoutResult, box: number): boolean {
  return boxes.kind[box] === BoxKind.Node;
}

/** Reading one tensor twice is one edge. */
function distinctEdges({ edges }: GraphModel): number {
  const keys = Array.from({ length: edges.count }, (_unused, row) =>
    [edges.from[row], edges.to[row], edges.value[row]].join(),
  );
  return new Set(keys).size;
}

function times(count: number, act: (index: number) => void): void {
  for (let index = 0; index < count; index++) act(index);
}

describe('folding', () => {
  it('draws a run of equal blocks as one box with a count', () => {
    const { boxes } = new GraphLayout(transformer(12, true)).layout(folded);
    assert.deepEqual(
      [...boxes.repeat].filter((count) => count > 1),
      [12],
    );
  });

  it('does not fold equal siblings that stand side by side', () => {
    const g = new GraphBuilder();
    const x = g.input('x');
    for (const part of ['q', 'k', 'v']) {
      g.scope(part, 'Linear');
      const y = g.node('MatMul', `${part}/mm`, [x], 64);
      g.output(part, g.node('Add', `${part}/add`, [y], 8));
    }
    const { boxes } = new GraphLayout(g.build()).layout(folded);
    assert.ok([...boxes.repeat].every((count) => count === 1));
  });

  it('bypasses quantise and dequantise pairs and keeps what they connect', () => {
    const g = new GraphBuilder();
    const scale = g.constant('scale');
    const a = g.node('Relu', 'a', [g.input('x')]);
    const q = g.node('QuantizeLinear', 'q', [a, scale]);
    g.output('y', g.node('Tanh', 'b', [g.node('DequantizeLinear', 'dq', [q, scale])]));
    const model = g.build();
    const result = new GraphLayout(model).layout(folded);
    assert.deepEqual(opsOf(model, result), ['Input', 'Output', 'Relu', 'Tanh']);
    assert.equal(result.edges.count, 3);
  });

  it('hides copies of a shared weight as it hides constants, and no other copies', () => {
    const g = new GraphBuilder();
    const kept = g.node('Identity', 'same', [g.input('x')]);
    g.output('y', g.node('Add', 'add', [kept, g.node('Identity', 'copy', [])]));
    const model = g.build();
    const result = new GraphLayout(model).layout(folded);
    assert.deepEqual(opsOf(model, result), ['Add', 'Identity', 'Input', 'Output']);
  });

  it('hides shape arithmetic but not what works on weights', () => {
    const g = new GraphBuilder();
    const x = g.input('x');
    const shape = g.node('Shape', 'shape', [x]);
    const size = g.node('Gather', 'pick', [shape]);
    const places = g.node('Gather', 'embed', [g.node('Range', 'range', [size])], 4096);
    g.output('y', g.node('Reshape', 'reshape', [g.node('Add', 'add', [x, places]), size]));
    const model = g.build();
    assert.deepEqual(opsOf(model, new GraphLayout(model).layout(folded)), [
      'Add',
      'Gather',
      'Input',
      'Output',
      'Reshape',
    ]);
  });
});

describe('lines', () => {
  it('runs the residual stream of a CNN straight through every frame', () => {
    const model = resnet([3, 4, 6, 3]);
    const { boxes, edges } = new GraphLayout(model).layout(everything);
    const centre = (row: number): number => {
      const box =
        [...boxes.ref.keys()].find((b) => boxes.kind[b] === BoxKind.Node && boxes.ref[b] === row) ?? -1;
      return (boxes.x[box] ?? 0) + (boxes.w[box] ?? 0) / 2;
    };
    const adds = [...model.nodes.op.keys()].filter(
      (row) => model.strings[model.nodes.op[row] ?? 0] === 'Add',
    );
    assert.equal(adds.length, 16);
    assert.ok(adds.every((row) => Math.abs(centre(row) - centre(adds[0] ?? 0)) < 0.5));
    assert.equal(countCrossings(edges), 0);
  });

  it('sets what unpacks a weight beside what reads it, not at the top', () => {
    const g = new GraphBuilder();
    let x = g.input('x');
    for (let i = 0; i < 30; i++) {
      const scale = g.node('Unsqueeze', `u${String(i)}`, [g.node('ConstantOfShape', `c${String(i)}`, [])]);
      x = g.node('Mul', `m${String(i)}`, [x, scale]);
    }
    const model = g.build();
    const { boxes, width } = new GraphLayout(model).layout(everything);
    const top = (name: string): number => {
      const row = [...model.nodes.name.keys()].find(
        (each) => model.strings[model.nodes.name[each] ?? 0] === name,
      );
      return (
        boxes.y[
          [...boxes.ref.keys()].find(
            (box) => isNode({ boxes } as LayoutResult, box) && boxes.ref[box] === row,
          ) ?? -1
        ] ?? NaN
      );
    };
    for (const i of [5, 29]) {
      assert.ok(top(`m${String(i)}`) - top(`u${String(i)}`) < 120);
      assert.ok(top(`m${String(i)}`) - top(`c${String(i)}`) < 200);
    }
    assert.ok(width < 600, `${String(width)} px wide`);
  });

  it('does not drift aside where every module is left elsewhere than it is entered', () => {
    const g = new GraphBuilder();
    let x = g.input('x');
    for (let i = 0; i < 20; i++) {
      const at = `b/${String(i)}`;
      // What comes out is made in a part of its own, far from where the last module's tensor goes in.
      const wide = Array.from({ length: 8 }, (_unused, k) =>
        g.node('Conv', `${at}/w${String(k)}`, [x], 4096),
      );
      g.node('Concat', `${at}/all`, wide);
      x = g.node('Gather', `${at}/out`, [wide[7] ?? 0]);
    }
    g.output('y', x);
    const { boxes, width } = new GraphLayout(g.build()).layout(everything);
    const widest = Math.max(...boxes.w);
    assert.ok(width < 2 * widest, `${String(width)} px wide, its widest module ${String(widest)}`);
  });

  it('breaks a cycle, says where, and draws the line that closes it', () => {
    const g = new GraphBuilder();
    const a = g.node('A', 'a', [g.input('x')]);
    const b = g.node('B', 'b', [a]);
    g.edge(b, a);
    const layout = new GraphLayout(g.build());
    const result = layout.layout(everything);
    assert.equal(layout.structure?.cycles.length, 1);
    assert.equal(result.edges.count, 3);
    assert.equal(lineTroubleOf(result), '');
  });

  it('draws what a body reads from outside', () => {
    const model = bodies();
    const result = new GraphLayout(model).layout(everything);
    const state = [...model.nodes.name.keys()].find(
      (row) => model.strings[model.nodes.name[row] ?? 0] === 'state',
    );
    const from = [...result.boxes.ref.keys()].find(
      (box) => result.boxes.kind[box] === BoxKind.Node && result.boxes.ref[box] === state,
    );
    assert.equal([...result.edges.from].filter((box) => box === from).length, 4);
  });
});

describe('large and odd graphs', () => {
  const graphs: readonly (readonly [string, (g: GraphBuilder) => void])[] = [
    [
      'one chain of 50,000',
      (g) =>
        void Array.from({ length: 50_000 }).reduce<number>(
          (x, _none, i) => g.node('Op', `n${String(i)}`, [x]),
          g.input('x'),
        ),
    ],
    [
      'one star of 50,000',
      (g) => {
        const x = g.input('x');
        times(50_000, (i) => g.node('Op', `n${String(i)}`, [x]));
      },
    ],
    ['50,000 parts without an edge', (g) => times(50_000, (i) => g.node('Op', `n${String(i)}`, []))],
    [
      'a node with a thousand inputs',
      (g) => {
        const inputs: number[] = [];
        times(1000, (i) => inputs.push(g.input(`i${String(i)}`)));
        g.node('Concat', 'c', inputs);
      },
    ],
    [
      'nested skips over 20,000 ranks',
      (g) => {
        const kept: number[] = [];
        let x = g.input('x');
        times(10_000, (i) => kept.push((x = g.node('Op', `d${String(i)}`, [x]))));
        times(10_000, (i) => (x = g.node('Op', `u${String(i)}`, [x, kept[9999 - i] ?? 0])));
      },
    ],
    [
      'scopes a thousand deep',
      (g) => {
        let path = '';
        let x = g.input('x');
        times(1000, (i) => {
          path += `s${String(i)}/`;
          x = g.node('Op', `${path}b`, [g.node('Op', `${path}a`, [x])]);
        });
      },
    ],
    [
      'names of 10,000 characters and none',
      (g) => g.output('y', g.node('', '', [g.node('x'.repeat(10_000), '<b>'.repeat(3000), [g.input('')])])),
    ],
    ['no nodes at all', () => undefined],
  ];
  for (const [name, make] of graphs) {
    it(`lays out ${name}`, function () {
      this.timeout(60_000);
      const g = new GraphBuilder();
      make(g);
      const model = g.build();
      const result = new GraphLayout(model).layout(everything);
      const drawn = [...result.boxes.kind].filter((kind) => kind === (BoxKind.Node as number)).length;
      assert.equal(drawn, model.nodes.count);
      assert.equal(result.edges.count, distinctEdges(model));
      const widest = [...result.boxes.w].reduce(
        (most, w, box) => (isNode(result, box) ? Math.max(most, w) : most),
        0,
      );
      assert.ok(widest <= 240, `a node's box is ${String(widest)} px wide`);
      assert.ok(Number.isFinite(result.width) && Number.isFinite(result.height));
      if (model.nodes.count < 5000) assert.equal(overlapOf(result), '');
    });
  }

  it('can be stopped, and then still shows the collapsed view', () => {
    const layout = new GraphLayout(transformer(40, false));
    let calls = 0;
    assert.throws(() =>
      layout.layout(everything, () => {
        if (++calls > 20) throw new Error('stopped');
      }),
    );
    assert.ok(layout.layout(folded).boxes.count > 0);
  });
});
