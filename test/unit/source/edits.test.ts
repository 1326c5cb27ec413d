/**
 * Edits made after the export, one line at a time and anywhere: links may become humbler, and no exact one may be wrong.
 * TorchScript traces name lines without their text, so a shifted line has to be noticed by what stands on it.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Skeleton } from '../../../src/contract/skeleton';
import { openLocal } from '../../../src/onnx/files';
import { link, rootOf } from './fixtures';

type Place = readonly [call: string, definition: string | null];

interface Truth {
  readonly operations: Readonly<Record<string, Place>>;
  readonly nodes: Readonly<Record<string, readonly (Place | null)[]>>;
}

const SAMPLE = 'media/samples/digits';
const MODEL = readFileSync(`${SAMPLE}/model.py`, 'utf8').split('\n');
const TRUTH = JSON.parse(readFileSync('test/reference/links/samples/digits.json', 'utf8')) as Truth;

async function open(
  file: string,
): Promise<{ readonly skeleton: Skeleton; readonly truth: readonly (Place | null)[] }> {
  const { skeleton, source } = await openLocal(`${SAMPLE}/${file}`);
  await source.close();
  const operation = (text = ''): string => /^%(\S+) :/.exec(text)?.[1] ?? '';
  const truth =
    TRUTH.nodes[file] ??
    skeleton.graph.nodes.map(
      ({ metadata }) => TRUTH.operations[operation(metadata['pkg.torch.onnx.fx_node'])] ?? null,
    );
  return { skeleton, truth };
}

const lineOf = (place: string): number => Number(place.split(':')[1]);

/** Exact links after an edit that moved each line, or removed it; fails where one is wrong. */
async function exactAfter(
  { skeleton, truth }: Awaited<ReturnType<typeof open>>,
  lines: readonly string[],
  moved: (line: number) => number | null,
): Promise<number> {
  const table = await link(skeleton, rootOf({ 'model.py': lines.join('\n') }));
  skeleton.graph.nodes.forEach((node, i) => {
    const { call, definition } = table.links[node.id] ?? {};
    const [at, made] = truth[i] ?? ['', null];
    if (call?.confidence === 'exact')
      assert.equal(call.place.line, moved(lineOf(at)), `${node.name} of ${at}`);
    if (definition?.confidence === 'exact')
      assert.equal(
        definition.place.line,
        made === null ? null : moved(lineOf(made)),
        `${node.name} made at ${String(made)}`,
      );
  });
  return table.counts.exact;
}

describe('links after an edit', function () {
  this.timeout(120_000);

  for (const [file, stride] of [
    ['digits.onnx', 3],
    ['digits.torchscript.onnx', 1],
  ] as const) {
    it(`are never wrong and exact when a line is added anywhere: ${file}`, async () => {
      const model = await open(file);
      const all = await exactAfter(model, MODEL, (line) => line);
      assert.equal(all, model.skeleton.nodes.length);
      let humbled = 0;
      for (let at = 1; at <= MODEL.length; at += stride) {
        const indent = /^\s*/.exec(MODEL[at - 1] ?? '')?.[0] ?? '';
        const added = [...MODEL.slice(0, at - 1), `${indent}# an added line`, ...MODEL.slice(at - 1)];
        if ((await exactAfter(model, added, (line) => (line >= at ? line + 1 : line))) < all) humbled++;
      }
      assert.ok(humbled > MODEL.length / stride / 2, String(humbled));
    });

    it(`are never wrong and exact when a call is added before a line: ${file}`, async () => {
      const model = await open(file);
      for (let at = 1; at <= MODEL.length; at++) {
        const text = MODEL[at - 1] ?? '';
        const match = /^(\s+)(?:x|y|\w+) = .*\(|^(\s+)return .*\(/.exec(text);
        if (match === null) continue;
        const added = [
          ...MODEL.slice(0, at - 1),
          `${match[1] ?? match[2] ?? ''}x = F.relu(x)`,
          ...MODEL.slice(at - 1),
        ];
        await exactAfter(model, added, (line) => (line >= at ? line + 1 : line));
      }
    });

    it(`are never wrong and exact when a line is taken out: ${file}`, async () => {
      const model = await open(file);
      for (let at = 1; at <= MODEL.length; at += stride) {
        const less = [...MODEL.slice(0, at - 1), ...MODEL.slice(at)];
        await exactAfter(model, less, (line) => (line === at ? null : line > at ? line - 1 : line));
      }
    });
  }
});
