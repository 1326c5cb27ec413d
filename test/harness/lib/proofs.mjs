// The committed results of the heavy proofs, and whether the code they prove has changed since: by content, so that
// it works in a clone without history.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';

export const proofFolder = path.join(root, 'test/prove');
export const resultFolder = path.join(proofFolder, 'results');

/** A hash over every file at or under `paths` (relative to the clone). */
export function codeHash(paths) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap((each) => filesAt(each)).sort()) {
    hash.update(`${file}\0`).update(fs.readFileSync(path.join(root, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

function filesAt(place) {
  const stat = fs.statSync(path.join(root, place), { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (stat.isFile()) return [place];
  return fs
    .readdirSync(path.join(root, place), { recursive: true })
    .map((file) => path.posix.join(place, file.split(path.sep).join('/')))
    .filter((file) => fs.statSync(path.join(root, file)).isFile());
}

/** Proofs without results, or whose code changed since: [{name, reason}]. */
export function oldProofs() {
  if (!fs.existsSync(proofFolder)) return [];
  const old = [];
  for (const file of fs.readdirSync(proofFolder)) {
    if (!file.endsWith('.prove.ts')) continue;
    const name = file.slice(0, -'.prove.ts'.length);
    const at = path.join(resultFolder, `${name}.json`);
    if (!fs.existsSync(at)) {
      old.push({ name, reason: 'never completed' });
      continue;
    }
    const { paths, code, commit } = JSON.parse(fs.readFileSync(at, 'utf8'));
    if (codeHash(paths) !== code)
      old.push({ name, reason: `the code it proves changed since its results were made, at ${commit}` });
  }
  return old;
}
