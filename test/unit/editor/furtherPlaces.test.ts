/** Further places of a fused node: found from their lines, listed in the inspector, and told by `link --json`. */
import assert from 'node:assert/strict';
import { main } from '../../../src/cli';
import { openSourceFolder } from '../../../src/cli/sourceFolder';
import type { LinkTable } from '../../../src/contract/link';
import { LineIndex } from '../../../src/editor/lineIndex';
import { openLocal } from '../../../src/onnx/files';
import { linkRows } from '../../../webview/inspector/linkRows';
import { link } from '../source/fixtures';

const FOLDER = 'media/samples/digits';
const MODEL = `${FOLDER}/variants/fused.onnx`;

interface Linked {
  readonly op: string;
  readonly also?: readonly { readonly file: string; readonly line: number }[];
}

describe('further places of a fused node', () => {
  let table: LinkTable;
  let fused: LinkTable['links'];
  before(async () => {
    const { skeleton, source } = await openLocal(MODEL);
    await source.close();
    table = await link(skeleton, await openSourceFolder(FOLDER));
    fused = table.links.filter(({ also = [] }) => also.length > 0);
    assert.equal(fused.length, skeleton.nodes.filter(({ op }) => op === 'Conv').length);
  });

  it('lead to it from their own lines, as inferred', () => {
    const index = LineIndex.of(table);
    for (const { node, also = [] } of fused) {
      for (const claim of also.flatMap(({ call, definition }) => [call, definition])) {
        assert.ok(claim !== null);
        const { file, line, column } = claim.place;
        const entry = index.at(file, line, column).find(({ nodes }) => nodes.includes(node));
        assert.equal(entry?.confidence, 'inferred', `${file}:${String(line)}`);
        assert.deepEqual(
          entry.nodes,
          [...new Set(entry.nodes)].sort((a, b) => a - b),
        );
      }
    }
  });

  it('are listed in the inspector after the node’s own, marked inferred', () => {
    for (const link of fused) {
      const rows = linkRows(link);
      assert.deepEqual(
        rows.map(({ label }) => label),
        ['call', 'definition', 'alsoCall', 'alsoDefinition'],
      );
      assert.deepEqual(
        rows.slice(2).map(({ claim }) => [claim.place, claim.confidence]),
        link.also?.flatMap(({ call, definition }) => [
          [call.place, 'inferred'],
          [definition?.place, 'inferred'],
        ]),
      );
    }
    const plain = table.links.find(({ also }) => also === undefined);
    assert.ok(plain !== undefined && linkRows(plain).every(({ label }) => !label.startsWith('also')));
  });

  it('are in `link --json` where there are any, and the field is left out elsewhere', async () => {
    const lines: string[] = [];
    const io = {
      out: (line: string) => void lines.push(line),
      err: () => undefined,
      signal: new AbortController().signal,
    };
    assert.equal(await main(['link', MODEL, '--source', FOLDER, '--json'], io), 0);
    const told = lines.map((line) => JSON.parse(line) as Linked);
    const having = told.filter((each) => 'also' in each);
    assert.deepEqual(
      having.map(({ also }) => also),
      fused.map(({ also = [] }) =>
        also.map(({ call: { place } }) => ({ file: place.file, line: place.line })),
      ),
    );
    assert.ok(having.every(({ op }) => op === 'Conv') && having.length < told.length);
  });
});
