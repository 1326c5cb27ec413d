/** One layout in a process of its own: `layoutProbe ENGINE BLOCKS fan|nofan WHAT`. Prints wall, CPU and peak memory. */
import { transformer } from '../fixtures/layout/zoo';
import { GraphLayout } from '../../src/layout/layout';
import type { GraphModel } from '../../src/contract/graphModel';

const [engine = 'ours', blocks = '1', fan = 'fan', what = 'all'] = process.argv.slice(2);
const size = { width: 80, height: 24 };

async function main(): Promise<void> {
  const model = transformer(Number(blocks), fan === 'fan');
  if (what === 'expandWorst') {
    const slowest = slowestExpand(model, 300);
    console.log(JSON.stringify({ ...slowest, peakMB: process.resourceUsage().maxRSS / 1024 }));
    return;
  }
  const work = await prepare(model);
  const before = process.cpuUsage();
  const start = performance.now();
  await work();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  const peakMB = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ wall, cpu: (user + system) / 1000, peakMB }));
}

/** Everything but the layout itself, so that only that is timed. */
async function prepare(model: GraphModel): Promise<() => unknown> {
  if (engine === 'ours') return prepareOurs(model);
  if (engine === 'dagre') return prepareDagre(model);
  return engine === 'elk' ? prepareElk(model) : prepareD3(model);
}

function prepareOurs(model: GraphModel): () => unknown {
  const layout = new GraphLayout(model);
  const open = { foldRepeats: false, foldPlumbing: false };
  if (what === 'all') return () => layout.layout({ expanded: 'all', ...open });
  if (what === 'first')
    return () => layout.layout({ expanded: new Set(), foldRepeats: true, foldPlumbing: true });
  if (what === 'unfolded') return () => layout.layout({ expanded: new Set(), ...open });
  const middle = Math.floor(model.scopes.count / 2);
  if (what === 'expandLast') {
    const most = new Set(Array.from({ length: model.scopes.count }, (_unused, scope) => scope));
    layout.layout({ expanded: most, ...open });
    most.delete(middle);
    layout.layout({ expanded: most, ...open });
    return () => layout.layout({ expanded: 'all', ...open });
  }
  layout.layout({ expanded: new Set(), ...open });
  const around = pathOf(model, middle);
  if (what === 'expandFirst') return () => layout.layout({ expanded: around, ...open });
  // As in a window that has been open for a moment: other modules have been opened before.
  for (let scope = 1; scope <= 12; scope++) layout.layout({ expanded: pathOf(model, scope), ...open });
  return () => layout.layout({ expanded: around, ...open });
}

/** Wall and CPU milliseconds of the slowest of `count` modules opened one by one, those around each open before. */
function slowestExpand(model: GraphModel, count: number): { readonly wall: number; readonly cpu: number } {
  const layout = new GraphLayout(model);
  const open = { foldRepeats: false, foldPlumbing: false };
  for (let scope = 1; scope <= 12; scope++) layout.layout({ expanded: pathOf(model, scope), ...open });
  let slowest = { wall: 0, cpu: 0 };
  for (let k = 1; k <= count; k++) {
    const scope = Math.floor((k * (model.scopes.count - 1)) / count);
    layout.layout({ expanded: pathOf(model, model.scopes.parent[scope] ?? 0), ...open });
    const before = process.cpuUsage();
    const start = performance.now();
    layout.layout({ expanded: pathOf(model, scope), ...open });
    const wall = performance.now() - start;
    const { user, system } = process.cpuUsage(before);
    const cpu = (user + system) / 1000;
    if (Math.min(wall, cpu) > Math.min(slowest.wall, slowest.cpu)) slowest = { wall, cpu };
  }
  return slowest;
}

/** A scope and those around it. */
function pathOf(model: GraphModel, scope: number): Set<number> {
  const path = new Set<number>();
  for (let at = scope; at > 0; at = model.scopes.parent[at] ?? 0) path.add(at);
  return path;
}

async function prepareDagre(model: GraphModel): Promise<() => unknown> {
  const { default: dagre } = await import('@dagrejs/dagre');
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ nodesep: 20, ranksep: 20, rankdir: 'TB' });
  graph.setDefaultEdgeLabel(() => ({}));
  for (let node = 0; node < model.nodes.count; node++) graph.setNode(String(node), { ...size });
  eachEdge(model, (from, to) => graph.setEdge(String(from), String(to), {}));
  return () => dagre.layout(graph);
}

async function prepareElk(model: GraphModel): Promise<() => unknown> {
  const { default: Elk } = await import('elkjs');
  const elk = new Elk();
  const children = Array.from({ length: model.nodes.count }, (_unused, node) => ({
    id: String(node),
    ...size,
  }));
  const edges: { id: string; sources: string[]; targets: string[] }[] = [];
  eachEdge(model, (from, to) =>
    edges.push({ id: `e${String(edges.length)}`, sources: [String(from)], targets: [String(to)] }),
  );
  const layoutOptions = { 'elk.algorithm': 'layered', 'elk.direction': 'DOWN' };
  return () => elk.layout({ id: 'root', children, edges, layoutOptions });
}

async function prepareD3(model: GraphModel): Promise<() => unknown> {
  const d3 = await import('d3-dag');
  const pairs: [string, string][] = [];
  eachEdge(model, (from, to) => pairs.push([String(from), String(to)]));
  const graph = d3.graphConnect()(pairs);
  const layout = d3
    .sugiyama()
    .layering(d3.layeringLongestPath())
    .decross(d3.decrossTwoLayer())
    .coord(d3.coordGreedy())
    .nodeSize([size.width, size.height]);
  return () => layout(graph);
}

function eachEdge({ edges }: GraphModel, see: (from: number, to: number) => void): void {
  for (let row = 0; row < edges.count; row++) see(edges.from[row] ?? 0, edges.to[row] ?? 0);
}

void main();
