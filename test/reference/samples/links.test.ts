/**
 * Every committed model of every sample, linked to the sample's own folder: what carries a trace has an exact link, and
 * no exact link is wrong. The truth is PyTorch's own, from Python frames inspected while the models were traced
 * (test/reference/links/make_sample_truth.py). What cannot be exact is told apart by its reason, and counted.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { openSourceFolder } from '../../../src/cli/sourceFolder';
import type { NodeLink, PlaceClaim } from '../../../src/contract/link';
import type { Node, Skeleton } from '../../../src/contract/skeleton';
import { openLocal } from '../../../src/onnx/files';
import { buildScopes } from '../../../src/onnx/scopes';
import { linkModel } from '../../../src/source/linkModel';
import { json, repository, samples } from './support';

/** Call and definition as `file:line:column`, or `file:line` where the tracer knows no columns; `?` is not known. */
type Place = readonly [call: string, definition: string | null];

interface Truth {
  /** By the name of the traced operation. */
  readonly operations: Readonly<Record<string, Place>>;
  /** TorchScript models by file: a place for each node. */
  readonly nodes?: Readonly<Record<string, readonly (Place | null)[]>>;
}

interface Row {
  readonly sample: string;
  readonly file: string;
  readonly nodes: number;
  readonly traced: number;
  readonly exact: number;
  /** Traced nodes without an exact link, by reason. */
  readonly excused: Readonly<Record<string, number>>;
  readonly loose: readonly string[];
  readonly wrong: readonly string[];
}

/** Why a traced node may be without an exact link: all there are. */
const REASONS: readonly (readonly [name: string, holds: (node: Node, truth: Place | null) => boolean])[] = [
  // PyTorch's own checks of dynamic sizes: the trace names no line of anybody's model.
  [
    'size asked for by PyTorch',
    (node, truth) => truth === null && (TRACE(node) ?? '').includes('runtime_assert.py'),
  ],
  // A convolution and the batch norm after it became one node: two calls of two modules, and no one line.
  ['fused with its batch norm', (node) => /\bFuseBatchNormIntoConv\b/.test(node.metadata[RULE] ?? '')],
];

const RULE = 'pkg.onnxscript.rewriter.rule_name';
const TRACE = (node: Node): string | undefined => node.metadata['pkg.torch.onnx.stack_trace'];

function operationOf(node: Node): string | undefined {
  return /^%(\S+) :/.exec(node.metadata['pkg.torch.onnx.fx_node'] ?? '')?.[1];
}

function truthOf(truth: Truth, file: string, node: Node, index: number): Place | null {
  const scripted = truth.nodes?.[path.basename(file)];
  if (scripted !== undefined) return scripted[index] ?? null;
  const operation = operationOf(node);
  return operation === undefined ? null : (truth.operations[operation] ?? null);
}

function placeOf({ place }: PlaceClaim, like: string): string {
  const short = `${place.file}:${String(place.line)}`;
  return like.split(':').length > 2 ? `${short}:${String(place.column)}` : short;
}

/** Whether an exact claim says what the truth says; a definition by its line, since a class may be made in many ways. */
function isRight(link: NodeLink, truth: Place | null): boolean {
  if (truth === null) return link.confidence !== 'exact' && link.call?.confidence !== 'exact';
  const [call, definition] = truth;
  const callHolds = link.call?.confidence !== 'exact' || placeOf(link.call, call) === call;
  const claimed = link.definition?.confidence === 'exact' ? placeOf(link.definition, definition ?? '') : null;
  const told = link.confidence === 'exact' && link.definition === null ? null : claimed;
  const mustHold = claimed !== null || link.confidence === 'exact';
  return callHolds && (!mustHold || definition === '?' || told === definition);
}

async function rowOf(sample: string, file: string): Promise<Row> {
  const truth = json(path.join(repository, 'test/reference/links/samples', `${sample}.json`)) as Truth;
  const { skeleton, source } = await openLocal(path.join(samples, sample, file));
  await source.close();
  const table = await linkModel(
    skeleton,
    buildScopes(skeleton),
    await openSourceFolder(path.join(samples, sample)),
  );
  const excused: Record<string, number> = {};
  const loose: string[] = [];
  const wrong: string[] = [];
  let traced = 0;
  skeleton.graph.nodes.forEach((node, index) => {
    const link = table.links[node.id];
    assert.ok(link !== undefined);
    const place = truthOf(truth, file, node, index);
    if (!isRight(link, place)) wrong.push(`${node.name} ${String(link.call?.place.line)} ${String(place)}`);
    if (!carriesTrace(skeleton, node)) return;
    traced++;
    if (link.confidence === 'exact') return;
    const reason = REASONS.find(([, holds]) => holds(node, place))?.[0];
    if (reason === undefined) loose.push(`${node.name}: ${link.evidence.join(' ')}`);
    else excused[reason] = (excused[reason] ?? 0) + 1;
  });
  return {
    sample,
    file,
    nodes: skeleton.nodes.length,
    traced,
    exact: table.counts.exact,
    excused,
    loose,
    wrong,
  };
}

function carriesTrace(_: Skeleton, node: Node): boolean {
  return (TRACE(node) ?? '') !== '' || node.doc !== '';
}

function modelsOf(sample: string): string[] {
  return readdirSync(path.join(samples, sample), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.onnx'))
    .sort();
}

describe('links of the sample models', function () {
  this.timeout(120_000);
  const rows: Row[] = [];

  before(async () => {
    const folders = readdirSync(samples, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const { name } of folders) for (const file of modelsOf(name)) rows.push(await rowOf(name, file));
    for (const { sample, file, nodes, traced, exact, excused } of rows) {
      const excuses = Object.entries(excused).map(([reason, count]) => `${String(count)} ${reason}`);
      console.log(
        `${sample}/${file}`.padEnd(48),
        `${String(nodes).padStart(4)} nodes ${String(traced).padStart(4)} traced ${String(exact).padStart(4)} exact`,
        excuses.join(', '),
      );
    }
  });

  it('covers every sample', () => {
    assert.ok(new Set(rows.map(({ sample }) => sample)).size >= 8);
    assert.ok(rows.length >= 60);
  });

  it('never calls a wrong link exact', () => {
    assert.deepEqual(
      rows.flatMap(({ sample, file, wrong }) => wrong.map((what) => `${sample}/${file}: ${what}`)),
      [],
    );
  });

  it('proves the link of every node that carries a trace, but for the reasons told', () => {
    assert.deepEqual(
      rows.flatMap(({ sample, file, loose }) => loose.map((what) => `${sample}/${file}: ${what}`)),
      [],
    );
  });

  it('excuses few', () => {
    for (const { sample, file, traced, excused } of rows) {
      const sizes = excused['size asked for by PyTorch'] ?? 0;
      const fused = excused['fused with its batch norm'] ?? 0;
      assert.ok(sizes <= 3, `${sample}/${file}: ${String(sizes)}`);
      assert.ok(fused === 0 || /fused/.test(file), `${sample}/${file}`);
      assert.ok(sizes + fused < traced);
    }
  });
});
