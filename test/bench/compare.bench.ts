/**
 * The difference of two models of 5,000 nodes: time, and the share of unchanged nodes that are matched, against an editor
 * that keeps the truth. The last edits leave no name of any node, value or weight; then only structure and a few of the
 * weights' own bytes are left to go by. Times are the process's own: a loaded machine's wall clock tells only of its load.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { differenceOf } from '../../src/compare/difference';
import { fingerprintsOf } from '../../src/compare/fingerprints';
import { openLocal } from '../../src/onnx/files';
import { buildScopes } from '../../src/onnx/scopes';
import { WeightReader } from '../../src/onnx/weights';
import { edit, EDITS, type Edit } from '../unit/compare/editing';
import { score } from '../unit/compare/truth';
import { generate } from './generate';

interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly bound?: string;
  readonly ok: boolean;
}

export const name = 'compare';

const SEEDS = [1, 2, 3, 4, 5];
const LOCAL: readonly Edit[] = ['insert', 'quantise', 'remove', 'fuse', 'reorder', 'attribute', 'swap'];
const SETS: readonly (readonly [string, readonly Edit[]])[] = [
  ['nodes put in, quantised, taken out, fused, reordered', LOCAL],
  ['the same, nodes numbered anew', [...LOCAL, 'renumber']],
  ['every name gone', ['rename', 'renameWeights']],
  ['every name gone and all of these', EDITS],
];

export async function run(): Promise<Row[]> {
  const folder = join(__dirname, '..', '..', '.cache', 'bench');
  mkdirSync(folder, { recursive: true });
  const rows: Row[] = [];
  for (const fan of [true, false]) {
    const file = join(folder, 'compare.onnx');
    generate(file, { nodes: 5000, fan });
    const { skeleton, source, folder: beside } = await openLocal(file);
    const prints: ReadonlyMap<object, string> = await fingerprintsOf(
      skeleton,
      new WeightReader(source, beside),
    );
    await source.close();
    const kind = fan ? 'with fan' : 'without fan';
    for (const [what, edits] of SETS) {
      let [worst, slowest] = [1, 0];
      for (const seed of SEEDS) {
        const edited = edit(skeleton, edits, seed);
        const known = new Map(prints);
        for (const [before, after] of edited.renamedWeights) known.set(after, prints.get(before) ?? '');
        worst = Math.min(worst, score(skeleton, edited, known).share);
        const sides = [skeleton, edited.skeleton].map((each) => ({
          skeleton: each,
          scopes: buildScopes(each),
        }));
        const [a, b] = sides;
        if (a === undefined || b === undefined) continue;
        const start = process.cpuUsage();
        differenceOf(a, b, known);
        const { user, system } = process.cpuUsage(start);
        slowest = Math.max(slowest, (user + system) / 1000);
      }
      rows.push(
        {
          what: `5,000 nodes ${kind}, ${what}: matched, worst of ${String(SEEDS.length)} seeds`,
          value: 100 * worst,
          unit: '%',
          bound: '≥ 98 %',
          ok: worst >= 0.98,
        },
        {
          what: `5,000 nodes ${kind}, ${what}: slowest, CPU time`,
          value: slowest / 1000,
          unit: 's',
          bound: '< 1 s',
          ok: slowest < 1000,
        },
      );
    }
  }
  return rows;
}
