/** Drawings of small models that were trained and exported, held against dagre's of the same boxes. */
import assert from 'node:assert/strict';
import { countCrossings } from '../../../src/layout/crossings';
import { GraphLayout } from '../../../src/layout/layout';
import { openLocal } from '../../../src/onnx/files';
import { buildGraphModel } from '../../../src/onnx/graphModel';
import { buildScopes } from '../../../src/onnx/scopes';
import type { GraphModel } from '../../../src/contract/graphModel';
import { byDagre, mostCrossings } from '../../fixtures/layout/dagre';
import { bareInception, searchedCells, splits, streams } from '../../fixtures/layout/zoo';

/** As the bench asks of the whole zoo. */
function judge(model: GraphModel): void {
  const result = new GraphLayout(model).layout({ expanded: 'all', foldRepeats: false, foldPlumbing: false });
  const peer = byDagre(result);
  const crossings = countCrossings(result.edges);
  assert.ok(
    crossings <= mostCrossings(peer.crossings),
    `${String(crossings)} against ${String(peer.crossings)}`,
  );
  assert.ok(result.width <= 1.5 * peer.width, `${result.width.toFixed(0)} against ${peer.width.toFixed(0)}`);
  assert.ok(result.tags <= 0.05 * result.edges.count, `${String(result.tags)} tags`);
}

describe('the drawing of a sample', () => {
  for (const name of [
    'induction/induction.onnx',
    'induction/induction.torchscript.onnx',
    'modular-addition/modular-addition.torchscript.onnx',
    'indirect-object/indirect-object.onnx',
    'gridworld/gridworld.onnx',
  ]) {
    it(`${name} has no more crossings than dagre's, and is not much wider`, async () => {
      const { skeleton, source } = await openLocal(`media/samples/${name}`);
      await source.close();
      judge(buildGraphModel(skeleton, buildScopes(skeleton)));
    });
  }
});

describe('the drawing of a known shape', () => {
  for (const [name, model] of [
    ['inception without modules', bareInception(4)],
    ['searched cells', searchedCells(4)],
    ['streams', streams(3, 3)],
    ['splits', splits(4)],
  ] as const) {
    it(`${name} has no more crossings than dagre's, and is not much wider`, () => {
      judge(model);
    });
  }
});
