/** Matching against what a seeded editor knows: every kind of edit alone, all of them together, and worse. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { differenceOf } from '../../../src/compare/difference';
import { factsOf } from '../../../src/compare/facts';
import { fingerprintsOf } from '../../../src/compare/fingerprints';
import { matchNodes } from '../../../src/compare/match';
import { openLocal, type LocalModel } from '../../../src/onnx/files';
import { buildScopes } from '../../../src/onnx/scopes';
import { WeightReader } from '../../../src/onnx/weights';
import type { Skeleton } from '../../../src/contract/skeleton';
import { generate } from '../../bench/generate';
import { read as readBytes } from '../onnx/memory';
import { modelOf, node, seeds } from '../onnx/seeds';
import { edit, EDITS, randomFrom, type Edit } from './editing';
import { score } from './truth';

const ENOUGH = 0.98;

describe('matching two models', () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-compare-'));
  let model: LocalModel;
  let prints: ReadonlyMap<object, string>;

  before(async () => {
    const file = join(folder, 'model.onnx');
    generate(file, { nodes: 1000, metadata: false });
    model = await openLocal(file);
    prints = await fingerprintsOf(model.skeleton, new WeightReader(model.source, model.folder));
  });

  after(async () => {
    await model.source.close();
    rmSync(folder, { recursive: true });
  });

  for (const kind of EDITS) {
    it(`finds the unchanged nodes after "${kind}" alone, by structure and names`, () => {
      for (const seed of [1, 2, 3]) check(model.skeleton, [kind], seed, new Map());
    });
  }

  it('finds them after every edit at once, with nothing left of any name', () => {
    for (let seed = 1; seed <= 12; seed++) check(model.skeleton, EDITS, seed, prints);
  });

  it('finds them after any edits in any order', () => {
    const random = randomFrom(99);
    for (let seed = 1; seed <= 12; seed++) {
      const some = [...EDITS].sort(() => random() - 0.5).slice(0, 2 + Math.floor(random() * 5));
      check(model.skeleton, some, seed, prints, 0.01 + 0.03 * random());
    }
  });

  it('believes no counters: names that moved by one mislead nobody', () => {
    check(model.skeleton, ['insert', 'renumber'], 5, new Map());
  });

  function check(
    original: Skeleton,
    edits: readonly Edit[],
    seed: number,
    fingerprints: ReadonlyMap<object, string>,
    rate = 0.02,
  ): void {
    const edited = edit(original, edits, seed, rate);
    const known = new Map(fingerprints);
    for (const [before, after] of edited.renamedWeights) known.set(after, fingerprints.get(before) ?? '');
    const { share, wrong, missed, unchanged } = score(original, edited, known);
    const what = `${edits.join(', ')} (seed ${String(seed)}): ${String(wrong)} wrong, ${String(missed)} missed`;
    assert.ok(unchanged > 700, `${what}: only ${String(unchanged)} nodes were left alone`);
    assert.ok(share >= ENOUGH, what);
  }

  it('finds a model in itself, node by node, and calls nothing changed', async () => {
    for (const { name, bytes } of seeds()) {
      const skeleton = await readBytes(bytes);
      const side = { skeleton, scopes: buildScopes(skeleton) };
      const { counts, pairs } = differenceOf(side, side);
      assert.deepEqual(counts, { same: skeleton.nodes.length, changed: 0, added: 0, removed: 0 }, name);
      // Copies that nothing tells apart may change places; what is paired is the same all the same.
      for (const { a, b } of pairs) assert.equal(skeleton.nodes[a]?.op, skeleton.nodes[b]?.op);
    }
  });

  it('takes equal names and operators elsewhere for what they are: another place', async () => {
    const before = await read(modelOf(chain(['Relu', 'Tanh', 'Relu', 'Sigmoid', 'Relu'])));
    const after = await read(modelOf(chain(['Relu', 'Tanh', 'Sigmoid', 'Relu'])));
    const { counts } = differenceOf(before, after);
    assert.equal(counts.removed, 1);
    assert.equal(counts.added, 0);
  });

  it('invents little where two models have nothing in common', async () => {
    const random = randomFrom(4);
    const ops = ['Relu', 'Tanh', 'Sigmoid', 'Neg', 'Abs', 'Exp'];
    const noise = (): string[] =>
      Array.from({ length: 4000 }, () => ops[Math.floor(random() * ops.length)] ?? 'Relu');
    const [a, b] = [await read(modelOf(chain(noise()))), await read(modelOf(chain(noise())))];
    const { ofA } = matchNodes(factsOf(a.skeleton, a.scopes), factsOf(b.skeleton, b.scopes));
    const seen = new Set(ofA.filter((found) => found !== -1));
    assert.equal(seen.size, ofA.filter((found) => found !== -1).length, 'a node has two counterparts');
  });
});

function chain(ops: readonly string[]): Parameters<typeof modelOf>[0] {
  return {
    name: 'chain',
    node: ops.map((op, index) => node(op, [`v${String(index)}`], [`v${String(index + 1)}`])),
    input: [{ name: 'v0' }],
    output: [{ name: `v${String(ops.length)}` }],
  };
}

async function read(bytes: Uint8Array): Promise<Parameters<typeof differenceOf>[0]> {
  const skeleton = await readBytes(bytes);
  return { skeleton, scopes: buildScopes(skeleton) };
}
