// Builds everything that ships into dist/ (or --outdir), so that dist/ is complete by itself:
//   extension.js      the extension host's part: no native code; with --production in chunks, extension-HASH.js beside it
//   engine.js         the child process that runs models
//   cli.js            the command line
//   webview/NAME.js   one per webview/NAME/main.ts; webview/NAME.worker.js per webview/NAME/worker.ts; NAME.css beside
//   webview/codicon.* the icon font
//   node_modules/     onnxruntime-node with one target's library, and onnxruntime-common
// Usage: node esbuild.mjs [--watch] [--production] [--target linux-x64] [--outdir DIR]
import { build, context, transform } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = path.dirname(fileURLToPath(import.meta.url));

/** What onnxruntime-node needs at run time on each target; none exists for Intel Macs (there, viewing works). */
const libraries = {
  'linux-x64': ['libonnxruntime.so.1', 'onnxruntime_binding.node'],
  'linux-arm64': ['libonnxruntime.so.1', 'onnxruntime_binding.node'],
  // libonnxruntime.1.30.0.dylib is a second copy of the same bytes; the binding links @rpath/libonnxruntime.1.dylib.
  'darwin-arm64': ['libonnxruntime.1.dylib', 'onnxruntime_binding.node'],
  'darwin-x64': [],
  'win32-x64': ['onnxruntime.dll', 'DirectML.dll', 'dxcompiler.dll', 'dxil.dll', 'onnxruntime_binding.node'],
  'win32-arm64': [
    'onnxruntime.dll',
    'DirectML.dll',
    'dxcompiler.dll',
    'dxil.dll',
    'onnxruntime_binding.node',
  ],
};

const { values: options } = parseArgs({
  options: {
    watch: { type: 'boolean', default: false },
    production: { type: 'boolean', default: false },
    target: { type: 'string', default: `${process.platform}-${process.arch}` },
    outdir: { type: 'string', default: path.join(root, 'dist') },
  },
});
const outdir = path.resolve(options.outdir);
if (!Object.hasOwn(libraries, options.target)) {
  console.error(
    `There is no target "${options.target}"; the targets are ${Object.keys(libraries).join(', ')}.`,
  );
  process.exit(2);
}

/**
 * Every file's `import * as vscode` becomes one shared object. As it stands esbuild copies the whole API, name by name, for
 * each file that imports it: a third of the time that loading the extension takes.
 */
const oneVscode = {
  name: 'one vscode',
  setup(build) {
    const namespace = 'one-vscode';
    build.onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
      if (!file.startsWith(path.join(root, 'src'))) return undefined;
      const text = fs.readFileSync(file, 'utf8');
      const contents = text.replace(
        "import * as vscode from 'vscode';",
        "import vscode = require('vscode');",
      );
      return contents === text ? undefined : { contents, loader: 'ts' };
    });
    build.onResolve({ filter: /^vscode$/ }, ({ kind, namespace: from }) =>
      kind === 'require-call' && from !== namespace ? { path: 'vscode', namespace } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace }, () => ({ contents: "module.exports = require('vscode');" }));
  },
};

const shared = {
  bundle: true,
  minify: options.production,
  sourcemap: options.production ? false : 'linked',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  absWorkingDir: root,
};

const node = {
  ...shared,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  keepNames: true,
  external: ['vscode', 'onnxruntime-node', 'onnxruntime-common'],
  outdir,
  plugins: [oneVscode],
};

const browser = {
  ...shared,
  platform: 'browser',
  target: 'chrome120',
  format: 'iife',
  outdir: path.join(outdir, 'webview'),
  loader: { '.ttf': 'file', '.svg': 'text' },
  define: { 'process.env.NODE_ENV': '"production"' },
};

function webviewEntries() {
  const entries = {};
  for (const folder of fs.readdirSync(path.join(root, 'webview'), { withFileTypes: true })) {
    if (!folder.isDirectory()) continue;
    const at = (file) =>
      fs.existsSync(path.join(root, 'webview', folder.name, file))
        ? `webview/${folder.name}/${file}`
        : undefined;
    const main = at('main.ts');
    const worker = at('worker.ts');
    if (main !== undefined) entries[folder.name] = main;
    if (worker !== undefined) entries[`${folder.name}.worker`] = worker;
  }
  return entries;
}

/** Copies a file unless the same (by size and time) is there: the native library is 46 MB. */
function copy(from, to) {
  const source = fs.statSync(from);
  const target = fs.statSync(to, { throwIfNoEntry: false });
  if (target?.size === source.size && target.mtimeMs === source.mtimeMs) return;
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.copyFileSync(from, to);
  fs.utimesSync(to, source.atime, source.mtime);
}

function copyRuntime() {
  const modules = path.join(root, 'node_modules');
  const target = path.join(outdir, 'node_modules');
  const [os, arch] = options.target.split('-');
  const wanted = new Set();
  const take = (name, file) => {
    copy(path.join(modules, name, file), path.join(target, name, file));
    wanted.add(path.join(name, file));
  };
  const scripts = (name, folder) =>
    fs
      .readdirSync(path.join(modules, name, folder))
      .filter((file) => file.endsWith('.js'))
      .map((file) => path.join(folder, file));
  for (const file of scripts('onnxruntime-node', 'dist')) take('onnxruntime-node', file);
  for (const file of scripts('onnxruntime-common', 'dist/cjs')) take('onnxruntime-common', file);
  take('onnxruntime-common', 'dist/cjs/package.json');
  for (const file of libraries[options.target])
    take('onnxruntime-node', path.join('bin/napi-v6', os, arch, file));
  for (const [name, main] of [
    ['onnxruntime-node', 'dist/index.js'],
    ['onnxruntime-common', 'dist/cjs/index.js'],
  ]) {
    const { version, license } = JSON.parse(
      fs.readFileSync(path.join(modules, name, 'package.json'), 'utf8'),
    );
    const text = `${JSON.stringify({ name, version, license, main }, undefined, 2)}\n`;
    fs.writeFileSync(path.join(target, name, 'package.json'), text);
    wanted.add(path.join(name, 'package.json'));
  }
  for (const file of fs.readdirSync(target, { recursive: true })) {
    const full = path.join(target, file);
    if (fs.statSync(full, { throwIfNoEntry: false })?.isFile() && !wanted.has(file)) fs.rmSync(full); // another target's
  }
}

function copyAssets() {
  const codicons = path.join(root, 'node_modules/@vscode/codicons/dist');
  for (const file of ['codicon.css', 'codicon.ttf'])
    copy(path.join(codicons, file), path.join(outdir, 'webview', file));
}

/** The licence texts of every package whose code is in the bundles or beside them. */
function writeNotices(inputs) {
  const packages = new Map([
    ['onnxruntime-node', undefined],
    ['onnxruntime-common', undefined],
    ['@vscode/codicons', undefined],
  ]);
  for (const input of inputs) {
    const found = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) packages.set(found[1], input.slice(0, found[0].length));
  }
  const notices = [...packages]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, at]) => {
      const folder = path.join(root, at ?? `node_modules/${name}`);
      const { version, license } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
      const texts = fs
        .readdirSync(folder)
        .filter(
          (file) => /^(licen[cs]e|notice)/i.test(file) && fs.statSync(path.join(folder, file)).isFile(),
        );
      const body = texts.map((file) => fs.readFileSync(path.join(folder, file), 'utf8').trim()).join('\n\n');
      return `${name} ${version} (${license})\n\n${body || `Published under the ${license} licence, without its text.`}\n`;
    });
  fs.writeFileSync(
    path.join(outdir, 'NOTICES.txt'),
    `Patchclamp contains the following packages.\n\n${notices.join(`\n${'-'.repeat(80)}\n\n`)}`,
  );
}

/**
 * The extension in chunks, so that what is loaded on first use is compiled on first use: activation reads a fiftieth of
 * it. esbuild splits only ES modules, and VS Code requires CommonJS, so each chunk is turned into that one by one.
 */
async function buildInChunks() {
  for (const file of fs.readdirSync(outdir))
    if (/^extension-.*\.js$/.test(file)) fs.rmSync(path.join(outdir, file));
  const result = await build({
    ...node,
    entryPoints: { extension },
    format: 'esm',
    splitting: true,
    chunkNames: 'extension-[hash]',
    write: false,
  });
  const { platform, target, minify, legalComments } = node;
  const supported = { 'dynamic-import': false };
  for (const { path: file, text } of result.outputFiles) {
    const { code } = await transform(text, {
      format: 'cjs',
      platform,
      target,
      minify,
      legalComments,
      supported,
    });
    fs.writeFileSync(file, code);
  }
  return result;
}

const extension = 'src/extension.ts';
const chunked = options.production && !options.watch;
fs.mkdirSync(outdir, { recursive: true });
const contexts = await Promise.all([
  context({
    ...node,
    entryPoints: {
      ...(chunked ? {} : { extension }),
      engine: 'src/engine/child/main.ts',
      cli: 'src/cli.ts',
    },
  }),
  context({ ...browser, entryPoints: webviewEntries() }),
]);
copyRuntime();
copyAssets();
if (options.watch) {
  await Promise.all(contexts.map((each) => each.watch()));
  console.log('Watching src/ and webview/; Ctrl-C ends.');
} else {
  let failed = false;
  const inputs = [];
  const builds = contexts.map((each) => () => each.rebuild());
  if (chunked) builds.push(buildInChunks);
  for (const rebuild of builds) {
    try {
      const result = await rebuild();
      inputs.push(...Object.keys(result.metafile.inputs));
      if (result.warnings.length > 0) failed = true;
    } catch (error) {
      if (error.errors === undefined) throw error;
      failed = true; // esbuild has printed what and where
    }
  }
  await Promise.all(contexts.map((each) => each.dispose()));
  if (failed) process.exitCode = 1;
  else writeNotices(inputs);
}
