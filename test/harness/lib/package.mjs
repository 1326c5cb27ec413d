// Makes the platform-specific .vsix: a production build, the samples' files that ship, and one target's onnxruntime
// library, gathered in a staging folder and packed by vsce.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { cacheDir, root } from './paths.mjs';
import { must, plainEnv } from './proc.mjs';
import { Plain, say } from './say.mjs';

const filesUnder = (folder) =>
  fs
    .readdirSync(folder, { recursive: true })
    .filter((file) => fs.statSync(path.join(folder, file)).isFile())
    .map((file) => file.split(path.sep).join('/'))
    .sort();

/** Copies media/ into the stage: everything but the samples, and of each sample what its sample.json says ships. */
function stageMedia(stage) {
  const samples = path.join(root, 'media/samples');
  for (const file of filesUnder(path.join(root, 'media'))) {
    if (!file.startsWith('samples/')) copyInto(stage, `media/${file}`);
  }
  if (!fs.existsSync(samples)) return;
  for (const name of fs.readdirSync(samples)) {
    const card = path.join(samples, name, 'sample.json');
    if (!fs.existsSync(card)) continue;
    const { ships } = JSON.parse(fs.readFileSync(card, 'utf8'));
    for (const entry of ['sample.json', ...(ships ?? [])]) {
      const from = path.join(samples, name, entry);
      if (!fs.existsSync(from))
        throw new Plain(`media/samples/${name}/sample.json ships ${entry}, which does not exist.`);
      const files = fs.statSync(from).isDirectory()
        ? filesUnder(from).map((file) => `${entry}/${file}`)
        : [entry];
      for (const file of files) copyInto(stage, `media/samples/${name}/${file}`);
    }
  }
}

function copyInto(stage, file) {
  const to = path.join(stage, file);
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.copyFileSync(path.join(root, file), to);
}

function hashOf(folder) {
  const hash = createHash('sha256');
  for (const file of filesUnder(folder))
    hash.update(`${file}\0`).update(fs.readFileSync(path.join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}

/** The entries of a zip file with their packed sizes, from its central directory. */
function zipEntries(file) {
  const bytes = fs.readFileSync(file);
  let at = bytes.readUInt32LE(bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1')) + 16);
  const entries = [];
  while (bytes.readUInt32LE(at) === 0x02014b50) {
    const [name, extra, comment] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset));
    entries.push({
      name: bytes.toString('utf8', at + 46, at + 46 + name),
      packed: bytes.readUInt32LE(at + 20),
      size: bytes.readUInt32LE(at + 24),
    });
    at += 46 + name + extra + comment;
  }
  return entries;
}

export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;

const parts = [
  ['onnxruntime', /^extension\/dist\/node_modules\//],
  ['webview', /^extension\/dist\/webview\//],
  ['extension, engine, command line', /^extension\/dist\/[^/]+\.js$/],
  ['samples', /^extension\/media\/samples\//],
  ['media', /^extension\/media\//],
  ['the rest', /./],
];

/** Says what each part of a package weighs; gives the parts. */
export function printSizes(vsix) {
  const totals = new Map(parts.map(([part]) => [part, { files: 0, packed: 0, size: 0 }]));
  for (const entry of zipEntries(vsix)) {
    const total = totals.get(parts.find(([, pattern]) => pattern.test(entry.name))[0]);
    total.files++;
    total.packed += entry.packed;
    total.size += entry.size;
  }
  for (const [part, { files, packed, size }] of totals) {
    say(
      `  ${part.padEnd(34)}${String(files).padStart(5)} files ${megabytes(packed).padStart(10)} packed ${megabytes(size).padStart(11)} unpacked`,
    );
  }
  return Object.fromEntries(totals);
}

/** What must be inside: a package without these would install and then fail. */
function checkContents(vsix, target) {
  const names = new Set(zipEntries(vsix).map((entry) => entry.name));
  const binding = `extension/dist/node_modules/onnxruntime-node/bin/napi-v6/${target.replace('-', '/')}/onnxruntime_binding.node`;
  const needed = [
    'extension/package.json',
    'extension/dist/extension.js',
    'extension/dist/engine.js',
    'extension/dist/cli.js',
  ];
  needed.push('extension/dist/node_modules/onnxruntime-common/dist/cjs/index.js');
  if (target !== 'darwin-x64') needed.push(binding);
  const missing = needed.filter((name) => !names.has(name));
  if (missing.length > 0) throw new Plain(`The package lacks ${missing.join(', ')}.`);
  const foreign = [...names].filter(
    (name) => name.includes('/napi-v6/') && !name.includes(`/napi-v6/${target.replace('-', '/')}/`),
  );
  if (foreign.length > 0)
    throw new Plain(`The package carries another target's library: ${foreign.join(', ')}.`);
}

/**
 * Builds and packs. What was packed from the same files before is used again.
 * @returns {Promise<{vsix: string, extensions: string, extension: string}>} the package, a folder of extensions that
 *   holds it unpacked (for --extensions-dir), and the unpacked extension itself
 */
export async function packageExtension(target = `${process.platform}-${process.arch}`) {
  const home = path.join(cacheDir, 'package', target);
  const stage = path.join(home, `stage-${process.pid}`);
  fs.rmSync(stage, { recursive: true, force: true });
  fs.mkdirSync(stage, { recursive: true });
  try {
    const build = ['esbuild.mjs', '--production', '--target', target, '--outdir', path.join(stage, 'dist')];
    await must(process.execPath, build, { cwd: root, env: plainEnv(), why: 'The production build' });
    stageMedia(stage);
    for (const file of fs.readdirSync(root)) {
      if (/^(package(\.nls.*)?\.json|README\.md|CHANGELOG\.md|LICENSE|\.vscodeignore)$/.test(file))
        copyInto(stage, file);
    }
    const hash = hashOf(stage);
    const kept = path.join(home, hash);
    const { publisher, name, version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
    const result = {
      vsix: path.join(kept, `${name}-${target}-${version}.vsix`),
      extensions: path.join(kept, 'extensions'),
      extension: path.join(kept, 'extensions', `${publisher}.${name}-${version}`),
    };
    if (!fs.existsSync(path.join(kept, 'complete'))) {
      fs.rmSync(kept, { recursive: true, force: true });
      fs.mkdirSync(kept, { recursive: true });
      await pack(stage, target, result.vsix);
      await unpack(result.vsix, result.extension);
      fs.writeFileSync(path.join(kept, 'complete'), '');
    }
    checkContents(result.vsix, target);
    forgetOld(home, hash);
    return result;
  } finally {
    fs.rmSync(stage, { recursive: true, force: true });
  }
}

async function pack(stage, target, vsix) {
  const vsce = path.join(root, 'node_modules/@vscode/vsce/vsce');
  const flags = [
    '--no-dependencies',
    '--no-rewrite-relative-links',
    '--allow-missing-repository',
    '--no-update-package-json',
  ];
  const args = [vsce, 'package', '--target', target, '--out', vsix, ...flags];
  const lines = await must(process.execPath, args, { cwd: stage, env: plainEnv(), why: 'vsce package' });
  for (const line of lines) if (/warn/i.test(line)) say(`vsce: ${line.trim()}`);
}

async function unpack(vsix, folder) {
  const { unzipSync } = await import('fflate');
  const files = unzipSync(fs.readFileSync(vsix), {
    filter: ({ name }) => name.startsWith('extension/') && !name.endsWith('/'),
  });
  for (const [name, bytes] of Object.entries(files)) {
    const to = path.join(folder, name.slice('extension/'.length));
    fs.mkdirSync(path.dirname(to), { recursive: true });
    fs.writeFileSync(to, bytes);
  }
}

/** Keeps the three newest packages, so that one in use by another window stays. */
function forgetOld(home, current) {
  const old = fs
    .readdirSync(home)
    .filter((name) => name !== current && /^[0-9a-f]{16}$/.test(name))
    .map((name) => ({ name, time: fs.statSync(path.join(home, name)).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  for (const { name } of old.slice(4)) fs.rmSync(path.join(home, name), { recursive: true, force: true });
}
