// The parts of `npm test`, each resolving to {passed: number, failed: string[]}. What a part prints is prefixed with
// its name, because two run at a time.
import fs from 'node:fs';
import path from 'node:path';
import { passedBefore, rememberPassed } from './passed.mjs';
import { cacheDir, outDir, root } from './paths.mjs';
import { plainEnv, run } from './proc.mjs';
import { say, seconds } from './say.mjs';

const BEFORE = '(passed before on the very same files)';
const bin = (name) => path.join(root, 'node_modules', name);

function print(part, line) {
  process.stdout.write(`${part.padEnd(11)} | ${line}\n`);
}

const checks = (fix) => [
  ['types of src', [bin('typescript/bin/tsc'), '-p', '.']],
  ['types of webview', [bin('typescript/bin/tsc'), '-p', 'webview']],
  ['types of test', [bin('typescript/bin/tsc'), '-p', 'test']],
  ['floors', [bin('mocha/bin/mocha.js'), '--reporter', 'dot', 'test/unit/floors.test.ts']],
  [
    'format',
    [
      bin('prettier/bin/prettier.cjs'),
      fix ? '--write' : '--check',
      '--log-level',
      'warn',
      '--cache',
      '--cache-location',
      path.join(cacheDir, 'prettier'),
      '.',
    ],
  ],
  ['generated documents', ['--import', 'tsx', 'test/harness/generated.mjs', ...(fix ? ['--write'] : [])]],
  ['lint', [bin('eslint/bin/eslint.js'), '--max-warnings', '0', ...(fix ? ['--fix'] : []), '.']],
];

/**
 * Types, lint, format, floors, generated documents: each counts as one test. One that has passed on exactly these files
 * passes without being run again, and says so.
 */
export async function check({ fix = false, fresh = false } = {}) {
  const failed = [];
  let passed = 0;
  let before = 0;
  for (const [title, args] of checks(fix)) {
    const begin = Date.now();
    if (!fix && passedBefore(`check ${title}`, { fresh }) !== undefined) {
      passed++;
      before++;
      print('check', `✔ ${title} ${BEFORE}`);
      continue;
    }
    const { code, lines } = await run(process.execPath, args, { cwd: root, env: plainEnv() });
    if (code === 0) {
      passed++;
      print('check', `✔ ${title} (${seconds(Date.now() - begin)})`);
      if (!fix) rememberPassed({ [`check ${title}`]: 1 });
    } else {
      failed.push(title);
      print('check', `✘ ${title} (${seconds(Date.now() - begin)})`);
      for (const line of lines) print('check', `    ${line}`);
    }
  }
  return { passed, failed, before };
}

function testFiles(folder) {
  const at = path.join(root, 'test', folder);
  if (!fs.existsSync(at)) return [];
  return fs
    .readdirSync(at, { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => path.join('test', folder, file))
    .sort();
}

/**
 * Mocha over test/FOLDER in `jobs` processes at a time, which share the files out by their sizes. With `again`, a file in
 * which something failed is run once more by itself: a browser that was late is not a defect. What passes only then is
 * told, in `late`; what fails twice has failed. A file that has passed on the very same files of the clone passes without
 * being run again, and says so, unless all is to be `fresh`. `prepare` gives the environment, asked once something has to
 * run: `prepare(everything)`, whether all files do.
 */
export async function mocha(
  part,
  { grep, flags = [], prepare = () => ({}), jobs = 1, again = false, fresh = false } = {},
) {
  const all = testFiles(part);
  if (all.length === 0) return { passed: 0, failed: [`test/${part} holds no test`] };
  const before = new Map();
  for (const file of grep === undefined ? all : []) {
    const count = passedBefore(file, { fresh });
    if (count !== undefined) before.set(file, count);
  }
  for (const [file, count] of before) print(part, `✔ ${file}: ${count} tests ${BEFORE}`);
  const files = all.filter((file) => !before.has(file));
  const env = files.length === 0 ? {} : await prepare(before.size === 0 && grep === undefined);
  const shares = shareOut(files, jobs);
  const results = await Promise.all(
    shares.map((share, at) => {
      const name = shares.length === 1 ? part : `${part} ${at + 1}`;
      return mochaOn(name, share, { grep, flags, env });
    }),
  );
  if (grep === undefined) rememberPassed(Object.assign({}, ...results.map(wholePasses)));
  const total = {
    passed: [...before.values(), ...results.map(({ passed }) => passed)].reduce((sum, n) => sum + n, 0),
    failed: results.flatMap(({ failed }) => failed),
    late: [],
    before: [...before.values()].reduce((sum, n) => sum + n, 0),
  };
  for (const [file, first] of again ? results.flatMap(({ files = {} }) => Object.entries(files)) : []) {
    if (first.failed.length === 0) continue;
    say(`${part}: ${file} once more, since ${first.failed.length} of it failed`);
    const second = await mochaOn(`${part} again`, [file], { grep, flags, env });
    total.passed += second.passed - first.passed;
    total.failed = [...total.failed.filter((title) => !first.failed.includes(title)), ...second.failed];
    total.late.push(...first.failed.filter((title) => !second.failed.includes(title)));
  }
  if (total.passed === 0 && total.failed.length === 0) total.failed.push(`${part}: no test ran`);
  return total;
}

/** Tests by file, of the files in which all ran and passed; none where something failed that belongs to no file. */
function wholePasses({ failed, files = {} }) {
  const told = Object.values(files).reduce((sum, file) => sum + file.failed.length, 0);
  if (told !== failed.length || files[''] !== undefined) return {};
  const whole = Object.entries(files).filter(([, file]) => file.failed.length === 0);
  return Object.fromEntries(whole.map(([file, { passed }]) => [file, passed]));
}

/** `count` lists of files of about the same size together, the largest file first. */
function shareOut(files, count) {
  const size = (file) => fs.statSync(path.join(root, file)).size;
  const shares = Array.from({ length: Math.min(count, files.length) }, () => ({ files: [], size: 0 }));
  for (const file of [...files].sort((a, b) => size(b) - size(a))) {
    const least = shares.reduce((best, share) => (share.size < best.size ? share : best));
    least.files.push(file);
    least.size += size(file);
  }
  return shares.map((share) => share.files);
}

/** One Mocha process over `files`; what it prints is prefixed with `name`. */
async function mochaOn(name, files, { grep, flags, env }) {
  const results = path.join(outDir, 'results', `${name.replace(' ', '-')}.json`);
  fs.mkdirSync(path.dirname(results), { recursive: true });
  fs.rmSync(results, { force: true });
  const reporter = path.join(root, 'test/harness/reporter.cjs');
  const args = [bin('mocha/bin/mocha.js'), '--reporter', reporter, ...flags];
  if (grep !== undefined) args.push('--grep', grep);
  const { code } = await run(process.execPath, [...args, ...files], {
    cwd: root,
    env: plainEnv({ PATCHCLAMP_RESULTS: results, ...env }),
    onLine: (line) => print(name, line),
  });
  if (!fs.existsSync(results))
    return { passed: 0, failed: [`${name}: mocha ended with code ${code} before its tests did`] };
  const result = JSON.parse(fs.readFileSync(results, 'utf8'));
  if (result.failed.length === 0 && code !== 0) result.failed.push(`${name}: mocha ended with code ${code}`);
  return result;
}

export async function host(prepare, { grep, fresh = false } = {}) {
  const before = grep === undefined ? passedBefore('host', { fresh }) : undefined;
  if (before !== undefined) {
    print('host', `✔ ${before} tests ${BEFORE}`);
    return { passed: before, failed: [], before };
  }
  const { extension } = await prepare();
  const { runHostSuite } = await import('./hostSuite.mjs');
  const { passed, failed } = await runHostSuite(extension, grep);
  for (const name of passed) print('host', `✔ ${name}`);
  for (const { name, error } of failed) {
    print('host', `✘ ${name}`);
    for (const line of error.split('\n')) print('host', `    ${line}`);
  }
  if (grep === undefined && failed.length === 0) rememberPassed({ host: passed.length });
  return { passed: passed.length, failed: failed.map(({ name }) => name) };
}

/** Says which committed proofs are older than the code they prove. */
export async function warnOfOldProofs() {
  const { oldProofs } = await import('./proofs.mjs');
  for (const { name, reason } of oldProofs()) say(`prove: ${name}: ${reason}; run: npm run prove -- ${name}`);
}
