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
  [
    'lint',
    [
      bin('eslint/bin/eslint.js'),
      '--max-warnings',
      '0',
      '--cache',
      '--cache-strategy',
      'content',
      '--cache-location',
      path.join(cacheDir, 'eslint'),
      ...(fix ? ['--fix'] : []),
      '.',
    ],
  ],
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

/** Mocha over test/FOLDER. */
export async function mocha(part, { grep, flags = [], env = {} } = {}) {
  const files = testFiles(part);
  if (files.length === 0) return { passed: 0, failed: [`test/${part} holds no test`] };
  const results = path.join(outDir, 'results', `${part}.json`);
  fs.mkdirSync(path.dirname(results), { recursive: true });
  fs.rmSync(results, { force: true });
  const args = [
    bin('mocha/bin/mocha.js'),
    '--reporter',
    path.join(root, 'test/harness/reporter.cjs'),
    ...flags,
  ];
  if (grep !== undefined) args.push('--grep', grep);
  const { code } = await run(process.execPath, [...args, ...files], {
    cwd: root,
    env: plainEnv({ PATCHCLAMP_RESULTS: results, ...env }),
    onLine: (line) => print(part, line),
  });
  if (!fs.existsSync(results))
    return { passed: 0, failed: [`${part}: mocha ended with code ${code} before the tests did`] };
  const { passed, failed } = JSON.parse(fs.readFileSync(results, 'utf8'));
  if (failed.length === 0 && (code !== 0 || passed === 0)) {
    failed.push(passed === 0 ? `${part}: no test ran` : `${part}: mocha ended with code ${code}`);
  }
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
