/** Reading: how fast a model opens, how much of it is read, what it costs in memory; against a full decode. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { generate } from './generate';

interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio?: number;
  readonly bound?: string;
  readonly ok: boolean;
}

interface Opened {
  readonly ms: number;
  /** With scopes and graph model: ready to be drawn. */
  readonly viewMs: number;
  readonly scopesMs: number;
  readonly added: number;
  readonly bytesRead: number;
  readonly nodes: number;
  readonly warnings: number;
}

interface Decoded {
  readonly ms: number;
  readonly bytes: number;
  readonly nodes: number;
}

export const name = 'read';

const ROOT = join(__dirname, '..', '..');
const MB = 1e6;
const TURNS = 5;

export async function run(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-bench-'));
  try {
    return [...(await large(folder)), ...(await many(folder)), ...(await beyond(folder))];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs a script of this folder, bundled as the product is, in a fresh process. */
async function fresh<T>(script: string, file: string): Promise<T> {
  const outfile = join(ROOT, '.cache', 'bench', `${script}.js`);
  buildSync({
    entryPoints: [join(__dirname, `${script}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    logLevel: 'error',
  });
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-old-space-size=8192',
    outfile,
    file,
  ]);
  return JSON.parse(stdout) as T;
}

function median<T>(list: readonly T[], by: (item: T) => number): T {
  const middle = [...list].sort((a, b) => by(a) - by(b))[list.length >> 1];
  if (middle === undefined) throw new Error('There is nothing to take the median of.');
  return middle;
}

async function opened(file: string): Promise<{ readonly cold: Opened; readonly warm: Opened }> {
  const turns: { first: Opened; second: Opened }[] = [];
  for (let turn = 0; turn < TURNS; turn++) turns.push(await fresh('readModel', file));
  return {
    cold: median(turns, ({ first }) => first.ms).first,
    warm: median(turns, ({ second }) => second.ms).second,
  };
}

/** 1.1 GB of weights inside the file, against protobufjs on the same file. */
async function large(folder: string): Promise<Row[]> {
  const file = join(folder, 'large.onnx');
  const { nodes, bytes } = generate(file, { nodes: 2100, weightBytes: 1.1e9 });
  const { cold, warm } = await opened(file);
  const peer = await fresh<Decoded>('protobufjsDecode', file);
  if (cold.nodes !== nodes || peer.nodes !== nodes)
    throw new Error(`${cold.nodes}, ${peer.nodes} and ${nodes} nodes.`);
  rmSync(file);
  const what = `${(bytes / 1e9).toFixed(2)} GB, ${nodes} nodes`;
  return [
    {
      what: `${what}: opened in a fresh process`,
      value: cold.ms,
      unit: 'ms',
      ratio: cold.ms / peer.ms,
      bound: '< 300 ms',
      ok: cold.ms < 300,
    },
    { what: `${what}: opened again`, value: warm.ms, unit: 'ms', ratio: warm.ms / peer.ms, ok: true },
    { what: `${what}: ready to be drawn, fresh process`, value: cold.viewMs, unit: 'ms', ok: true },
    {
      what: `${what}: share of the file read`,
      value: (100 * cold.bytesRead) / bytes,
      unit: '%',
      bound: '< 2 %',
      ok: cold.bytesRead < 0.02 * bytes,
    },
    {
      what: `${what}: memory added at the peak`,
      value: cold.added / MB,
      unit: 'MB',
      ratio: cold.added / peer.bytes,
      bound: '< 50 MB',
      ok: cold.added < 50 * MB,
    },
    { what: `${what}: full decode by protobufjs`, value: peer.ms, unit: 'ms', ok: true },
    { what: `${what}: memory of that decode`, value: peer.bytes / MB, unit: 'MB', ok: true },
    { what: 'Netron 9.2 on a 1.19 GB file (measured elsewhere)', value: 4600, unit: 'ms', ok: true },
  ];
}

/** 50,000 nodes with the exporter's full metadata. */
async function many(folder: string): Promise<Row[]> {
  const file = join(folder, 'many.onnx');
  const { nodes } = generate(file, { nodes: 50_000 });
  const { cold } = await opened(file);
  const peer = await fresh<Decoded>('protobufjsDecode', file);
  rmSync(file);
  return [
    {
      what: `${nodes} nodes with metadata: opened in a fresh process`,
      value: cold.ms,
      unit: 'ms',
      ratio: cold.ms / peer.ms,
      ok: true,
    },
    {
      what: `${nodes} nodes: module scopes`,
      value: cold.scopesMs,
      unit: 'ms',
      bound: '< 500 ms',
      ok: cold.scopesMs < 500,
    },
  ];
}

/** More than protobuf's own 2 GB: nothing that decodes messages whole can open it. */
async function beyond(folder: string): Promise<Row[]> {
  const file = join(folder, 'beyond.onnx');
  const { nodes } = generate(file, { nodes: 1000, weightBytes: 2.3e9 });
  const size = statSync(file).size;
  const { cold } = await opened(file);
  rmSync(file);
  const right = cold.nodes === nodes && cold.warnings === 0 && size > 2 ** 31;
  return [
    {
      what: `${(size / 1e9).toFixed(2)} GB, beyond protobuf's limit: opened`,
      value: cold.ms,
      unit: 'ms',
      bound: 'opens',
      ok: right,
    },
  ];
}
