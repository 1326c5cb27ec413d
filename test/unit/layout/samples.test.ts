/** Drawings of small models that were trained and exported, held against dagre's of the same boxes. */
import assert from 'node:assert/strict';
import { countCrossings } from '../../../src/layout/crossings';
import { GraphLayout } from '../../../src/layout/layout';
import { openLocal } from '../../../src/onnx/files';
import { buildGraphModel } from '../../../src/onnx/graphModel';
import { buildScopes } from '../../../src/onnx/scopes';
import { byDagre, mostCrossings } from '../../fixtures/layout/dagre';

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
      const model = buildGraphModel(skeleton, buildScopes(skeleton));
      const result = new GraphLayout(model).layout({
        expanded: 'all',
        foldRepeats: false,
        foldPlumbing: false,
      });
      const peer = byDagre(result);
      const crossings = countCrossings(result.edges);
      assert.ok(
        crossings <= mostCrossings(peer.crossings),
        `${String(crossings)} against ${String(peer.crossings)}`,
      );
      assert.ok(
        result.width <= 1.5 * peer.width,
        `${result.width.toFixed(0)} against ${peer.width.toFixed(0)}`,
      );
    });
  }
});
