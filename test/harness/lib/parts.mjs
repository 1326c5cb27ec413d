// The parts of `npm test`, each resolving to {passed: number, failed: string[]}. What a part prints is prefixed with
// its name, because two run at a time.
import fs from 'node:fs';
import path from 'node:path';
import { cacheDir, outDir, root } from './paths.mjs';
import { plainEnv, run } from './proc.mjs';
import { say, seconds } from './say.mjs';

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

/** Types, lint, format, floors, generated documents: each counts as one test. */
export async function check({ fix = false } = {}) {
  const failed = [];
  let passed = 0;
  for (const [title, args] of checks(fix)) {
    const begin = Date.now();
    const { code, lines } = await run(process.execPath, args, { cwd: root, env: plainEnv() });
    if (code === 0) {
      passed++;
      print('check', `✔ ${title} (${seconds(Date.now() - begin)})`);
    } else {
      failed.push(title);
      print('check', `✘ ${title} (${seconds(Date.now() - begin)})`);
      for (const line of lines) print('check', `    ${line}`);
    }
  }
  return { passed, failed };
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

/** Mocha over test/FOLDER: in one process, or each file in its own, `jobs` at a time, the largest file first. */
export async function mocha(part, { grep, flags = [], env = {}, jobs } = {}) {
  const files = testFiles(part);
  if (files.length === 0) return { passed: 0, failed: [`test/${part} holds no test`] };
  if (jobs === undefined) return judged(part, await mochaOn(part, part, files, { grep, flags, env }));
  const size = (file) => fs.statSync(path.join(root, file)).size;
  const queue = files.sort((a, b) => size(b) - size(a));
  const total = { passed: 0, failed: [] };
  const work = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const name = path.basename(file, '.test.ts');
      const { passed, failed } = await mochaOn(part, name, [file], { grep, flags, env });
      total.passed += passed;
      total.failed.push(...failed);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return judged(part, total);
}

/** One Mocha process over `files`; what it prints is prefixed with `name`. */
async function mochaOn(part, name, files, { grep, flags, env }) {
  const results = path.join(outDir, 'results', `${part}-${name}.json`);
  fs.mkdirSync(path.dirname(results), { recursive: true });
  fs.rmSync(results, { force: true });
  const reporter = path.join(root, 'test/harness/reporter.cjs');
  const args = [bin('mocha/bin/mocha.js'), '--reporter', reporter, ...flags];
  if (grep !== undefined) args.push('--grep', grep);
  const { code } = await run(process.execPath, [...args, ...files], {
    cwd: root,
    env: plainEnv({ PATCHCLAMP_RESULTS: results, ...env }),
    onLine: (line) => print(name === part ? part : `${part} ${name}`, line),
  });
  if (!fs.existsSync(results))
    return { passed: 0, failed: [`${part}: mocha ended with code ${code} before the tests of ${name} did`] };
  const { passed, failed } = JSON.parse(fs.readFileSync(results, 'utf8'));
  if (failed.length === 0 && code !== 0) failed.push(`${part}: mocha ended with code ${code} over ${name}`);
  return { passed, failed };
}

function judged(part, { passed, failed }) {
  if (passed === 0 && failed.length === 0) failed.push(`${part}: no test ran`);
  return { passed, failed };
}

export async function host(extension, grep) {
  const { runHostSuite } = await import('./hostSuite.mjs');
  const { passed, failed } = await runHostSuite(extension, grep);
  for (const name of passed) print('host', `✔ ${name}`);
  for (const { name, error } of failed) {
    print('host', `✘ ${name}`);
    for (const line of error.split('\n')) print('host', `    ${line}`);
  }
  return { passed: passed.length, failed: failed.map(({ name }) => name) };
}

/** Says which committed proofs are older than the code they prove. */
export async function warnOfOldProofs() {
  const { oldProofs } = await import('./proofs.mjs');
  for (const { name, reason } of oldProofs()) say(`prove: ${name}: ${reason}; run: npm run prove -- ${name}`);
}
