/** What holds for every drawing, checked on random graphs. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { GraphModel } from '../../../src/contract/graphModel';
import { BoxKind, type LayoutResult } from '../../../src/contract/layout';
import { GraphLayout } from '../../../src/layout/layout';
import { lineTroubleOf, overlapOf } from '../../fixtures/layout/drawing';
import { randomGraph } from '../../fixtures/layout/randomGraph';

const runs = { numRuns: 150, seed: 20_261_121 };

function layOut(model: GraphModel, expanded: ReadonlySet<number> | 'all', folded = false): LayoutResult {
  return new GraphLayout(model).layout({ expanded, foldRepeats: folded, foldPlumbing: folded });
}

function someScopes(model: GraphModel, bits: number): Set<number> {
  const scopes = Array.from({ length: model.scopes.count }, (_unused, scope) => scope);
  return new Set(scopes.filter((scope) => ((bits >> (scope % 30)) & 1) === 1));
}

describe('a layout of any graph', () => {
  it('overlaps no boxes and keeps them inside their frames', () => {
    fc.assert(
      fc.property(randomGraph(60, true), fc.nat(), (model, bits) => {
        assert.equal(overlapOf(layOut(model, 'all')), '');
        assert.equal(overlapOf(layOut(model, someScopes(model, bits), true)), '');
      }),
      runs,
    );
  });

  it('leads every line from its producer to its reader and through no box', () => {
    fc.assert(
      fc.property(randomGraph(60, true), fc.nat(), (model, bits) => {
        assert.equal(lineTroubleOf(layOut(model, 'all')), '');
        assert.equal(lineTroubleOf(layOut(model, someScopes(model, bits))), '');
      }),
      runs,
    );
  });

  it('draws every edge between the boxes that are shown', () => {
    fc.assert(
      fc.property(randomGraph(60, true), fc.nat(), (model, bits) => {
        const result = layOut(model, someScopes(model, bits));
        assert.deepEqual(drawn(result), expected(model, result));
      }),
      runs,
    );
  });

  it('draws every node once when all is open', () => {
    fc.assert(
      fc.property(randomGraph(60), (model) => {
        const { boxes } = layOut(model, 'all');
        const rows = [...boxes.ref]
          .filter((_ref, box) => boxes.kind[box] === BoxKind.Node)
          .sort((a, b) => a - b);
        assert.deepEqual(
          rows,
          Array.from({ length: model.nodes.count }, (_unused, row) => row),
        );
      }),
      runs,
    );
  });

  it('is the same however one came to what is open', () => {
    fc.assert(
      fc.property(randomGraph(50, true), fc.array(fc.nat(), { maxLength: 5 }), (model, steps) => {
        const walked = new GraphLayout(model);
        for (const bits of steps)
          walked.layout({ expanded: someScopes(model, bits), foldRepeats: true, foldPlumbing: false });
        const last = { expanded: someScopes(model, 0x2aaaaaaa), foldRepeats: true, foldPlumbing: false };
        assert.deepEqual(walked.layout(last), new GraphLayout(model).layout(last));
      }),
      runs,
    );
  });

  it('keeps the corner of the module that was opened or closed where it was', () => {
    fc.assert(
      fc.property(randomGraph(60, true), fc.nat(), (model, bits) => {
        const layout = new GraphLayout(model);
        const open = someScopes(model, bits);
        const before = layout.layout({ expanded: open, foldRepeats: false, foldPlumbing: false });
        for (let box = 0; box < before.boxes.count; box++) {
          if (before.boxes.kind[box] === BoxKind.Node) continue;
          const scope = before.boxes.ref[box] ?? 0;
          const toggled = new Set(open);
          if (!toggled.delete(scope)) toggled.add(scope);
          const anchor = { scope, x: before.boxes.x[box] ?? 0, y: before.boxes.y[box] ?? 0 };
          const { boxes } = layout.layout({
            expanded: toggled,
            foldRepeats: false,
            foldPlumbing: false,
            anchor,
          });
          const now =
            [...boxes.ref.keys()].find(
              (row) => boxes.kind[row] !== BoxKind.Node && boxes.ref[row] === scope,
            ) ?? -1;
          assert.ok(Math.abs((boxes.x[now] ?? Infinity) - anchor.x) < 0.01, `x of scope ${String(scope)}`);
          assert.ok(Math.abs((boxes.y[now] ?? Infinity) - anchor.y) < 0.01, `y of scope ${String(scope)}`);
        }
      }),
      { ...runs, numRuns: 60 },
    );
  });

  it('keeps the order of what stands side by side when a module opens', () => {
    fc.assert(
      fc.property(randomGraph(60), fc.nat(), (model, bits) => {
        const closed = layOut(model, new Set());
        const open = layOut(model, someScopes(model, bits));
        assert.deepEqual(rowsFromLeft(closed, open), rowsFromLeft(open, closed));
      }),
      runs,
    );
  });
});

/** Per drawn edge: producer's and reader's box, and the value. */
function drawn({ edges }: LayoutResult): string[] {
  return Array.from({ length: edges.count }, (_unused, edge) =>
    key(edges.from[edge], edges.to[edge], edges.value[edge]),
  ).sort();
}

function key(...parts: readonly (number | undefined)[]): string {
  return parts.join(' ');
}

/** The same from the model itself: each edge between the innermost boxes shown, inner edges of a closed module left out. */
function expected(model: GraphModel, { boxes }: LayoutResult): string[] {
  const ofNode = new Map<number, number>();
  const ofScope = new Map<number, number>();
  for (let box = 0; box < boxes.count; box++)
    (boxes.kind[box] === BoxKind.Node ? ofNode : ofScope).set(boxes.ref[box] ?? 0, box);
  const boxOf = (node: number): number => {
    const own = ofNode.get(node);
    if (own !== undefined) return own;
    let found = -1;
    for (let scope = model.nodes.scope[node] ?? 0; scope > 0; scope = model.scopes.parent[scope] ?? 0) {
      const box = ofScope.get(scope);
      if (box !== undefined && boxes.kind[box] === BoxKind.Scope) found = box;
    }
    return found;
  };
  const keys = new Set<string>();
  for (let row = 0; row < model.edges.count; row++) {
    const from = boxOf(model.edges.from[row] ?? 0);
    const to = boxOf(model.edges.to[row] ?? 0);
    if (from !== to) keys.add(key(from, to, model.edges.value[row]));
  }
  return [...keys].sort();
}

/** Top-level boxes that share a rank in both drawings, left to right. */
function rowsFromLeft(one: LayoutResult, other: LayoutResult): string[] {
  const name = (result: LayoutResult, box: number): string => {
    const isNode = result.boxes.kind[box] === BoxKind.Node;
    return `${isNode ? 'n' : 's'}${String(result.boxes.ref[box])}`;
  };
  const top = (result: LayoutResult): number[] =>
    [...result.boxes.ref.keys()].filter((box) => result.boxes.parent[box] === -1);
  const middle = (result: LayoutResult, box: number): number =>
    (result.boxes.x[box] ?? 0) + (result.boxes.w[box] ?? 0) / 2;
  const beside = (result: LayoutResult, a: number, b: number): boolean =>
    (result.boxes.y[a] ?? 0) < (result.boxes.y[b] ?? 0) + (result.boxes.h[b] ?? 0) &&
    (result.boxes.y[b] ?? 0) < (result.boxes.y[a] ?? 0) + (result.boxes.h[a] ?? 0);
  const pairs: string[] = [];
  const inOther = new Map(top(other).map((box) => [name(other, box), box]));
  for (const a of top(one)) {
    for (const b of top(one)) {
      const oa = inOther.get(name(one, a));
      const ob = inOther.get(name(one, b));
      if (a === b || oa === undefined || ob === undefined || !beside(one, a, b) || !beside(other, oa, ob))
        continue;
      if (middle(one, a) < middle(one, b)) pairs.push(`${name(one, a)} < ${name(one, b)}`);
    }
  }
  return pairs.sort();
}
