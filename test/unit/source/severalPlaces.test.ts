/** Nodes that more than one place had a part in: joined by rewrites, or without any evidence of their own. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { openSourceFolder } from '../../../src/cli/sourceFolder';
import type { LinkTable } from '../../../src/contract/link';
import type { Skeleton } from '../../../src/contract/skeleton';
import { openLocal } from '../../../src/onnx/files';
import { LineTable, nodesAtLine } from '../../../src/source/lines';
import { link, withMetadata } from './fixtures';

async function linked(
  sample: string,
  model: string,
): Promise<{ readonly skeleton: Skeleton; readonly table: LinkTable }> {
  const { skeleton, source } = await openLocal(`media/samples/${sample}/${model}`);
  await source.close();
  return { skeleton, table: await link(skeleton, await openSourceFolder(`media/samples/${sample}`)) };
}

/** What PyTorch itself says of an operation: [call, definition] as file:line:column. */
function truth(sample: string, operation: string): readonly [string, string | null] {
  const told = JSON.parse(readFileSync(`test/reference/links/samples/${sample}.json`, 'utf8')) as {
    readonly operations: Readonly<Record<string, readonly [string, string | null]>>;
  };
  const place = told.operations[operation];
  assert.ok(place !== undefined);
  return place;
}

describe('nodes of several places', () => {
  it('are a convolution and the batch norm that was fused into it', async () => {
    const { skeleton, table } = await linked('digits', 'variants/fused.onnx');
    const fused = table.links.filter(
      ({ node }) => skeleton.nodes[node]?.op === 'Conv' && (table.links[node]?.also?.length ?? 0) > 0,
    );
    assert.equal(fused.length, skeleton.nodes.filter(({ op }) => op === 'Conv').length);
    const norm = truth('digits', '_native_batch_norm_legit_no_training');
    const conv = truth('digits', 'conv2d');
    for (const { call, definition, also, confidence } of fused) {
      const say = (claim: typeof call): string =>
        claim === null ? '' : [claim.place.file, claim.place.line, claim.place.column].join(':');
      assert.deepEqual([say(call), say(definition)], norm);
      assert.deepEqual([say(also?.[0]?.call ?? null), say(also?.[0]?.definition ?? null)], conv);
      assert.equal(confidence, 'inferred');
      assert.ok(also?.every((place) => place.call.confidence === 'inferred') === true);
    }
    // The line that makes the convolutions leads to the nodes they became part of.
    const [file = '', line = ''] = conv[1]?.split(':') ?? [];
    assert.equal(nodesAtLine(table, file, Number(line)).length, fused.length);
    const [place] = new LineTable(table).at(file, Number(line));
    assert.deepEqual([place?.kind, place?.nodes.length], ['definition', fused.length]);
  });

  it('are two transpositions that became one', async () => {
    const { skeleton, table } = await linked('capitals', 'capitals.onnx');
    const joined = table.links.filter(
      ({ node }) =>
        (skeleton.nodes[node]?.metadata['pkg.onnxscript.rewriter.rule_name'] ?? '') === 'TransposeTranspose',
    );
    assert.equal(joined.length, 4);
    const [call] = truth('capitals', 'transpose_3');
    const lines = readFileSync('media/samples/capitals/model.py', 'utf8').split('\n');
    for (const entry of joined) {
      assert.equal(`model.py:${String(entry.call?.place.line)}:${String(entry.call?.place.column)}`, call);
      assert.match(lines[(entry.also?.[0]?.call.place.line ?? 0) - 1] ?? '', /\.transpose\(1, 2\)/);
    }
  });

  it('are nodes without metadata between others, never exact', async () => {
    const { skeleton, table } = await linked('digits', 'digits.onnx');
    const silent = skeleton.graph.nodes.findIndex(({ op }) => op === 'MaxPool');
    const without = withMetadata(skeleton, ({ id, metadata }) =>
      id === skeleton.graph.nodes[silent]?.id ? {} : metadata,
    );
    const bare = {
      ...without,
      nodes: without.nodes.map((node) => (node.op === 'MaxPool' ? { ...node, name: '' } : node)),
    };
    const again = await link(bare, await openSourceFolder('media/samples/digits'));
    const node = skeleton.graph.nodes[silent]?.id ?? -1;
    assert.equal(table.links[node]?.confidence, 'exact');
    const { confidence, call, also = [] } = again.links[node] ?? {};
    assert.equal(confidence, 'inferred');
    const places = [call ?? null, ...also.map((place) => place.call)].map((claim) => claim?.place.line);
    assert.ok(places.length >= 1 && new Set(places).size === places.length, places.join());
  });
});
