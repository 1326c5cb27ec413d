// What has passed before on the very same files: checks, test files and the host suite, one record each in .cache/passed.
// Nothing is taken from it where any file of the clone, Node.js or a package differs; `npm test -- --fresh` takes
// nothing, nor does a run with CI in its environment, where the cache may be kept from another machine.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { cacheDir, root } from './paths.mjs';

const skipped = new Set(['node_modules', 'dist', 'out', '.cache', '.git', '.vscode-test']);

/** A hash of all that a test reads: every file of the clone that git would take, Node.js and the machine's kind. */
function treeHash() {
  const hash = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch}\0`);
  const visit = (folder) => {
    const entries = fs.readdirSync(folder, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (skipped.has(entry.name)) continue;
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) visit(file);
      else if (entry.isFile()) hash.update(`${path.relative(root, file)}\0`).update(fs.readFileSync(file));
    }
  };
  visit(root);
  return hash.digest('hex');
}

const folder = path.join(cacheDir, 'passed');
const recordOf = (name) => path.join(folder, `${name.replaceAll(/[^\w.-]+/g, '-')}.json`);
let state;

/** How many tests of `name` passed before on these very files; undefined where it must run. */
export function passedBefore(name, { fresh = false } = {}) {
  state ??= treeHash();
  const record = recordOf(name);
  if (fresh || process.env.CI !== undefined || !fs.existsSync(record)) return undefined;
  const told = JSON.parse(fs.readFileSync(record, 'utf8'));
  return told.state === state ? told.passed : undefined;
}

/** Remembers that all `passed` tests of each name passed, unless a file was changed while they ran. */
export function rememberPassed(counts) {
  const entries = Object.entries(counts);
  if (entries.length === 0 || treeHash() !== state) return;
  fs.mkdirSync(folder, { recursive: true });
  for (const [name, passed] of entries) fs.writeFileSync(recordOf(name), JSON.stringify({ state, passed }));
}
