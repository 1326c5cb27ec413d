/**
 * Reads every import of src/ and webview/ and fails on one that goes up, sideways or round in a circle.
 * The table is DESIGN's: a floor imports itself and the floors named here, nothing else. Packages that only one
 * floor may touch (vscode, onnxruntime-node, the component toolkit) are checked too, and the length of each file.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const root = path.resolve(__dirname, '../..');

const core = ['base', 'tensor', 'contract'];
const middle = ['source', 'data', 'compare', 'methods'];
const engineChild = [...core, 'onnx', ...middle, 'study'];
const everything = [...engineChild, 'layout', 'engine/client'];

/** Floor -> the floors below it that it may import. */
const below: Readonly<Record<string, readonly string[]>> = {
  base: [],
  tensor: ['base'],
  contract: ['base', 'tensor'],
  layout: core,
  onnx: core,
  source: [...core, 'onnx'],
  data: [...core, 'onnx'],
  compare: [...core, 'onnx'],
  methods: [...core, 'onnx'],
  study: [...core, 'onnx', ...middle],
  'engine/child': engineChild,
  'engine/client': core,
  editor: everything,
  cli: [...everything, 'engine/child'],
  extension: [...everything, 'editor'],
  'webview/kit': [...core, 'layout'],
  'webview/figures': [...core, 'layout', 'webview/kit'],
  webview: [...core, 'layout', 'webview/kit', 'webview/figures'],
};

/** Packages that only these floors may import. */
const ownedPackages: readonly { readonly name: RegExp; readonly floors: readonly string[] }[] = [
  { name: /^vscode$/, floors: ['editor', 'extension'] },
  { name: /^onnxruntime-(node|common)$/, floors: ['engine/child'] },
  { name: /^@vscode\/webview-ui-toolkit(\/|$)/, floors: ['webview/kit'] },
  { name: /^(lit|lit-html|@lit)(\/|$)/, floors: ['webview', 'webview/kit', 'webview/figures'] },
];

/** The floor a file of the repository belongs to, or undefined where the table has none for it. */
function floorOf(file: string): string | undefined {
  const parts = file.replace(/\.ts$/, '').split('/');
  if (parts[0] === 'webview') {
    const folder = `webview/${parts[1] ?? ''}`;
    return folder in below ? folder : 'webview';
  }
  const [, first, second] = parts;
  if (first === 'engine') return second === 'child' ? 'engine/child' : 'engine/client';
  return first !== undefined && first in below ? first : undefined;
}

function filesUnder(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => path.posix.join(folder, file.split(path.sep).join('/')))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
}

/** Every module named by an import, an export … from, an import() or an import type of `text`. */
function importsOf(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map((file) => file.fileName);
}

const files = [...filesUnder('src'), ...filesUnder('webview')];
const known = new Set(files);
const graph = new Map<string, { readonly local: string[]; readonly packages: string[] }>();
const unresolved: string[] = [];
for (const file of files) {
  const local: string[] = [];
  const packages: string[] = [];
  for (const name of importsOf(readFileSync(path.join(root, file), 'utf8'))) {
    if (!name.startsWith('.')) packages.push(name);
    else {
      const target = path.posix.join(path.posix.dirname(file), name);
      const found = [`${target}.ts`, `${target}/index.ts`, target].find((candidate) => known.has(candidate));
      if (found !== undefined) local.push(found);
      else if (!/\.(css|json|svg)$/.test(name)) unresolved.push(`${file} imports ${name}`);
    }
  }
  graph.set(file, { local, packages });
}

describe('floors', () => {
  it('reads real source files', () => {
    assert.ok(files.length > 20, `only ${files.length} files found`);
    assert.deepEqual(unresolved, []);
  });

  it('gives every file a floor', () => {
    assert.deepEqual(
      files.filter((file) => floorOf(file) === undefined),
      [],
    );
  });

  it('lets a file import only from its own floor and those below', () => {
    const wrong: string[] = [];
    for (const [file, { local }] of graph) {
      const floor = floorOf(file);
      if (floor === undefined) continue;
      const allowed = new Set([floor, ...(below[floor] ?? [])]);
      for (const target of local) {
        const theirs = floorOf(target);
        if (theirs === undefined || !allowed.has(theirs)) wrong.push(`${file} imports ${target}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it('keeps each special package on the floor that owns it', () => {
    const wrong: string[] = [];
    for (const [file, { packages }] of graph) {
      const floor = floorOf(file) ?? '';
      for (const name of packages) {
        const owned = ownedPackages.find((each) => each.name.test(name));
        if (owned && !owned.floors.includes(floor)) wrong.push(`${file} imports ${name}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it('has no circle of imports', () => {
    const circles: string[] = [];
    const state = new Map<string, 'open' | 'done'>();
    const visit = (file: string, trail: readonly string[]): void => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        circles.push([...trail.slice(trail.indexOf(file)), file].join(' -> '));
        return;
      }
      state.set(file, 'open');
      for (const target of graph.get(file)?.local ?? []) visit(target, [...trail, file]);
      state.set(file, 'done');
    };
    for (const file of files) visit(file, []);
    assert.deepEqual(circles, []);
  });

  it('keeps every file under 400 lines', () => {
    const long = files
      .map((file) => ({ file, lines: readFileSync(path.join(root, file), 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > 400);
    assert.deepEqual(long, []);
  });

  it('would notice a violation', () => {
    assert.deepEqual(
      importsOf(`import type { A } from '../editor/x';\nexport * from './y';\nvoid import('./z');`),
      ['../editor/x', './y', './z'],
    );
    assert.equal(floorOf('src/engine/child/main.ts'), 'engine/child');
    assert.equal(floorOf('src/engine/client.ts'), 'engine/client');
    assert.equal(floorOf('src/cli.ts'), 'cli');
    assert.equal(floorOf('webview/kit/button.ts'), 'webview/kit');
    assert.equal(floorOf('webview/graph/main.ts'), 'webview');
    assert.equal(floorOf('src/stray.ts'), undefined);
  });
});
