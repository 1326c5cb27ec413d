/**
 * Links: how long an index of 200 Python files and ten models takes, and what a hover costs once it stands. The road is the
 * extension's own in the background (`editor/workspaceIndex.ts`) without VS Code: each model read, linked, made a `LineIndex`,
 * kept on disk and let go of, one after the other, over files on disk; then a second window that takes it all from there.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LineIndex, nodesWithin } from '../../src/editor/lineIndex';
import { LinkCache, pythonStamp, type LinkFiles, type StampedRoot } from '../../src/editor/linkCache';
import { Linker, type LinkRoot } from '../../src/editor/linker';
import { openLocal } from '../../src/onnx/files';
// The linker loads it when it is first needed; from source that would be a compilation.
import '../../src/source/workspaceIndex';
import { buildScopes } from '../../src/onnx/scopes';
import { openSourceFolder } from '../../src/cli/sourceFolder';

interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio?: number;
  readonly bound?: string;
  readonly ok: boolean;
}

export const name = 'links';

const FIXTURES = join(__dirname, '..', 'fixtures', 'links');
const MODELS = [
  'gpt',
  'hf_bert',
  'hf_gpt2',
  'hf_llama',
  'inherit',
  'library',
  'resnet',
  'timm_resnet',
  'unet',
  'zoo',
];
const FILES = 200;

export async function run(): Promise<Row[]> {
  const base = mkdtempSync(join(tmpdir(), 'patchclamp-bench-'));
  try {
    return await runIn(base);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

async function runIn(base: string): Promise<Row[]> {
  const folder = join(base, 'workspace');
  const files = workspace();
  for (const [file, text] of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const kept = keptIn(join(base, 'storage'));
  globalThis.gc?.();
  const heap = process.memoryUsage().heapUsed;
  const blocks = watchBlocks();
  const first = await measured(() => indexAll(folder, kept));
  const longest = blocks.stop();
  globalThis.gc?.();
  const memory = (process.memoryUsage().heapUsed - heap) / 2 ** 20;
  const second = await measured(() => restoreAll(folder, kept));
  const { indexes, linker, root } = first.made;
  const hovers: number[] = [];
  let hits = 0;
  for (let i = 0; i < 2000; i++) {
    const file = `unet/unet/${i % 2 === 0 ? 'model' : 'blocks'}.py`;
    const start = performance.now();
    for (const index of indexes.values()) hits += index.at(file, 1 + (i % 45), 12).length;
    hovers.push(performance.now() - start);
  }
  const worst = Math.max(...hovers);
  const edited = 'unet/unet/model.py';
  writeFileSync(join(folder, edited), `# edited\n${files.get(edited) ?? ''}`);
  const again = await measured(async () => {
    await linker.changed(edited, root);
    for (const model of MODELS)
      if ((await linker.isStale(model, root)) === true) await linkOne(linker, root, model);
  });
  const linked = [...indexes.values()].filter((index) => index.entries.length > 3).length;
  const same = MODELS.filter(
    (model) =>
      JSON.stringify(second.made.get(model)?.entries) === JSON.stringify(indexes.get(model)?.entries),
  ).length;
  return [
    row(`index ${String(files.size)} files and ${String(MODELS.length)} models`, first.wall, 'ms', 2000),
    row('of that, processor time', first.cpu, 'ms', 2000),
    row('the same in a second window, from disk', second.wall, 'ms', 500),
    {
      what: 'models linked, and the same from disk',
      value: Math.min(linked, same),
      unit: `of ${String(MODELS.length)}`,
      bound: 'all',
      ok: linked === MODELS.length && same === MODELS.length,
    },
    row('longest block of the event loop', longest, 'ms', 200),
    row('heap added', memory, 'MB', 200),
    {
      ...row(`hover, slowest of 2000 (${String(hits)} places)`, worst, 'ms', 50),
      ok: worst < 50 && hits > 0,
    },
    row('link again after an edit', again.wall, 'ms', 500),
  ];
}

type Indexes = Map<string, LineIndex>;

/** What the background index does when a workspace is opened for the first time. */
async function indexAll(
  folder: string,
  kept: LinkFiles,
): Promise<{ indexes: Indexes; linker: Linker; root: LinkRoot & StampedRoot }> {
  const root = await rootAt(folder);
  const linker = new Linker();
  const cache = new LinkCache(kept);
  const indexes: Indexes = new Map();
  const { signal } = new AbortController();
  const stamp = await pythonStamp(root, kept, signal);
  for (const model of MODELS) {
    const index = await linkOne(linker, root, model);
    indexes.set(model, index);
    const used = [...(await linker.filesOf(model, root))];
    await linker.release(model, root);
    await cache.set(addressOf(model), stamp, {
      entries: index.entries,
      root: String(root.folder),
      files: used,
    });
  }
  return { indexes, linker, root };
}

/** What it does when the workspace is opened again. */
async function restoreAll(folder: string, kept: LinkFiles): Promise<Indexes> {
  const root = await rootAt(folder);
  const cache = new LinkCache(kept);
  const stamp = await pythonStamp(root, kept, new AbortController().signal);
  const indexes: Indexes = new Map();
  for (const model of MODELS) {
    const links = await cache.get(addressOf(model), stamp);
    if (links !== undefined) indexes.set(model, LineIndex.from(links.entries));
  }
  return indexes;
}

async function linkOne(linker: Linker, root: LinkRoot, model: string): Promise<LineIndex> {
  const { skeleton, source } = await openLocal(fileURLToPath(addressOf(model)));
  await source.close();
  const scopes = buildScopes(skeleton);
  const { table } = await linker.linkAmong(model, { skeleton, scopes }, [root], new AbortController().signal);
  return LineIndex.of(table, (path) => nodesWithin(scopes, path));
}

function addressOf(model: string): string {
  return pathToFileURL(join(FIXTURES, model, 'dynamo.onnx')).href;
}

async function rootAt(folder: string): Promise<LinkRoot & StampedRoot> {
  const files = await openSourceFolder(folder);
  const address = pathToFileURL(folder).href;
  return {
    folder: { toString: () => address },
    list: (signal) => files.list(signal),
    read: (file, signal) => files.read(file, signal),
    uri: (file) => pathToFileURL(join(folder, file)),
  };
}

/** `linkFiles.ts` without VS Code. */
function keptIn(folder: string): LinkFiles {
  mkdirSync(folder);
  return {
    stamp: async (uri) => {
      const { size, mtimeMs } = await stat(fileURLToPath(uri));
      return `${String(size)}:${String(mtimeMs)}`;
    },
    read: (name) => readFile(join(folder, name), 'utf8').catch(() => undefined),
    write: async (name, text) => {
      await writeFile(join(folder, `${name}.new`), text);
      await rename(join(folder, `${name}.new`), join(folder, name));
    },
    delete: (name) => unlink(join(folder, name)),
  };
}

function watchBlocks(): { stop(): number } {
  let longest = 0;
  let last = performance.now();
  const ticker = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  return {
    stop: () => {
      clearInterval(ticker);
      return longest;
    },
  };
}

async function measured<T>(work: () => Promise<T>): Promise<{ made: T; wall: number; cpu: number }> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  const made = await work();
  const { user, system } = process.cpuUsage(before);
  return { made, wall: performance.now() - start, cpu: (user + system) / 1000 };
}

function row(what: string, value: number, unit: string, bound: number): Row {
  return { what, value, unit, bound: `under ${String(bound)} ${unit}`, ok: value < bound };
}

/** The fixtures' own sources, each in its folder, among files of a large project that have nothing to do with them. */
function workspace(): Map<string, string> {
  const files = new Map<string, string>();
  for (const model of MODELS) {
    for (const entry of readdirSync(join(FIXTURES, model), { recursive: true, encoding: 'utf8' })) {
      if (entry.endsWith('.py'))
        files.set(`${model}/${entry}`, readFileSync(join(FIXTURES, model, entry), 'utf8'));
    }
  }
  for (let i = 0; files.size < FILES; i++)
    files.set(`project/part${String(i % 9)}/module${String(i)}.py`, filler(i));
  return files;
}

/** About 200 lines: a module class, functions, a table of constants, a script. */
function filler(i: number): string {
  const n = String(i);
  const blocks = Array.from(
    { length: 12 },
    (_, k) => `
def load_${n}_${String(k)}(path, *, limit=${String(k)}, **options):
    """Reads one part of the data."""
    rows = []
    with open(path) as file:
        for line in file:
            if len(rows) >= limit and limit > 0:
                break
            rows.append([float(cell) for cell in line.split(",")])
    return {"rows": rows, "options": options, "part": ${String(k)}}
`,
  ).join('\n');
  return `"""Part ${n} of a project."""
import json
import torch
from torch import nn
from project.part${String((i + 1) % 9)}.module${String(i + 1)} import load_${String(i + 1)}_0


class Head${n}(nn.Module):
    def __init__(self, width, depth=3):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, ${String((i % 7) + 2)}))

    def forward(self, x):
        for layer in self.layers:
            x = x + torch.relu(layer(x))
        return self.out(x)

${blocks}

if __name__ == "__main__":
    print(Head${n}(8)(torch.randn(1, 8)), json.dumps(load_${String(i + 1)}_0("x")))
`;
}
