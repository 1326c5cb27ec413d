/** The short difference of two exports: what came, went and changed, by module and operator. */
import assert from 'node:assert/strict';
import { besideName, diffText, exportDiff, isSame, type Exported } from '../../../src/editor/exportDiff';
import { openLocal } from '../../../src/onnx/files';
import { buildGraphModel } from '../../../src/onnx/graphModel';
import { buildScopes } from '../../../src/onnx/scopes';
import { wire } from '../../../src/onnx/wiring';

async function exported(file: string): Promise<Exported> {
  const { skeleton, source } = await openLocal(file);
  await source.close();
  const wiring = wire(skeleton);
  return { skeleton, graph: buildGraphModel(skeleton, buildScopes(skeleton, wiring), wiring) };
}

const DIGITS = 'media/samples/digits/digits.onnx';

describe('the difference of two exports', () => {
  it('is nothing for the same file', async () => {
    const model = await exported(DIGITS);
    const diff = exportDiff(model, model);
    assert.equal(isSame(diff), true);
    assert.match(diffText('t', diff), /The same operators in the same modules/);
  });

  it('is nothing for other weights of the same model', async () => {
    const diff = exportDiff(
      await exported(DIGITS),
      await exported('media/samples/digits/variants/untrained.onnx'),
    );
    assert.equal(isSame(diff), true);
  });

  it('is told against the model that a first export was not to replace', () => {
    const names = ['net.export.onnx', 'net.export2.onnx', 'a.b.export12.onnx', 'net.onnx', '.export.onnx'];
    assert.deepEqual(names.map(besideName), ['net.onnx', 'net.onnx', 'a.b.onnx', undefined, undefined]);
  });

  it('counts what fusing took away, by module', async () => {
    const [before, after] = [
      await exported(DIGITS),
      await exported('media/samples/digits/variants/fused.onnx'),
    ];
    const diff = exportDiff(before, after);
    const norms = before.skeleton.nodes.filter(({ op }) => op === 'BatchNormalization').length;
    assert.ok(norms > 0);
    const gone = diff.rows.filter(({ op }) => op === 'BatchNormalization');
    assert.equal(
      gone.reduce((sum, row) => sum + row.removed, 0),
      norms,
    );
    assert.ok(gone.every(({ scope }) => scope.endsWith('norm')));
    assert.ok(diff.parameters.some(({ name, after: to }) => name === 'stem.conv.norm.weight' && to === ''));
    const back = exportDiff(after, before);
    assert.deepEqual([back.added, back.removed], [diff.removed, diff.added]);
  });

  it('tells a changed node from an added one, and parameters of another shape', async () => {
    const before = await exported(DIGITS);
    const conv = before.skeleton.nodes.find(({ op }) => op === 'Conv');
    assert.ok(conv !== undefined);
    const at = before.graph.nodes.id.indexOf(conv.id);
    const detail = before.graph.nodes.detail.slice();
    detail[at] = before.graph.strings.length;
    const strings = [...before.graph.strings, '32×1×5×5'];
    const initializers = new Map(before.skeleton.graph.initializers);
    const weight = initializers.get('stem.conv.conv.weight');
    assert.ok(weight !== undefined);
    initializers.set('stem.conv.conv.weight', { ...weight, dims: [32, 1, 5, 5] });
    const after: Exported = {
      skeleton: { ...before.skeleton, graph: { ...before.skeleton.graph, initializers } },
      graph: { ...before.graph, strings, nodes: { ...before.graph.nodes, detail } },
    };
    const diff = exportDiff(before, after);
    assert.deepEqual(diff.rows, [{ scope: 'stem.conv.conv', op: 'Conv', added: 0, removed: 0, changed: 1 }]);
    assert.deepEqual(diff.parameters, [
      { name: 'stem.conv.conv.weight', before: '16×1×3×3', after: '32×1×5×5' },
    ]);
    assert.match(diffText('t', diff), /stem\.conv\.conv\.weight {2}16×1×3×3 → 32×1×5×5/);
  });
});
