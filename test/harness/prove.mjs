// `npm run prove [-- NAME…] [--fresh]`: the heavy proofs, too long for npm test. Each test/prove/NAME.prove.ts exports
//   title: string            what is proved, as a sentence
//   paths: string[]          the files and folders whose code it proves; results go stale when their content changes
//   cases: number            how many cases make it complete
//   run(context): Promise<void>   context: {from, cases, signal, save(done, details)}
// `run` goes through the cases from `from` on, calls `save(done, details)` now and then, throws on a counterexample and
// returns early when `signal` aborts. Ctrl-C keeps what is done; the same command goes on there (unless the code has
// changed, or with --fresh). A complete proof writes test/prove/results/NAME.json, which is committed.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { cacheDir, root } from './lib/paths.mjs';
import { onStop, plainEnv, run } from './lib/proc.mjs';
import { codeHash, proofFolder, resultFolder } from './lib/proofs.mjs';
import { Plain, report, say, seconds } from './lib/say.mjs';

const { values, positionals } = parseArgs({
  options: { fresh: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const stop = new AbortController();
let finished = () => undefined;
const ended = new Promise((resolve) => (finished = resolve));
onStop(() => {
  stop.abort();
  return Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 10_000).unref())]);
});

async function commitOf(paths) {
  const { lines } = await run('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: root, env: plainEnv() });
  const changed = await run('git', ['status', '--porcelain', '--', ...paths], { cwd: root, env: plainEnv() });
  return changed.lines.length === 0 ? lines[0] : `${lines[0]} with changes`;
}

async function prove(file) {
  const name = file.slice(0, -'.prove.ts'.length);
  const proof = await import(pathToFileURL(path.join(proofFolder, file)).href);
  const { title, paths, cases } = proof;
  const code = codeHash(paths);
  const stateFile = path.join(cacheDir, 'prove', `${name}.json`);
  fs.mkdirSync(path.dirname(stateFile), { recursive: true });
  const saved =
    !values.fresh && fs.existsSync(stateFile) ? JSON.parse(fs.readFileSync(stateFile, 'utf8')) : undefined;
  const state =
    saved?.code === code && saved.cases === cases
      ? saved
      : { code, cases, done: 0, ms: 0, details: undefined };
  say(`${name}: ${title} (${state.done} of ${cases} done)`);
  const begin = Date.now() - state.ms;
  const save = (done, details) => {
    Object.assign(state, { done, details: details ?? state.details, ms: Date.now() - begin });
    fs.writeFileSync(stateFile, JSON.stringify(state));
  };
  if (state.done < cases)
    await proof.run({ from: state.done, cases, signal: stop.signal, save, details: state.details });
  if (state.done < cases) {
    if (stop.signal.aborted) return say(`${name}: stopped after ${state.done} of ${cases}`);
    throw new Plain(`${name} ended after ${state.done} of ${cases} cases without saying why.`);
  }
  fs.mkdirSync(resultFolder, { recursive: true });
  const result = {
    name,
    title,
    paths,
    code,
    commit: await commitOf(paths),
    date: new Date().toISOString(),
    cases,
    seconds: Math.round(state.ms / 1000),
    details: state.details,
  };
  fs.writeFileSync(path.join(resultFolder, `${name}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
  say(`${name}: all ${cases} cases, in ${seconds(state.ms)}`);
}

let failures = 0;
const files = fs.existsSync(proofFolder)
  ? fs.readdirSync(proofFolder).filter((file) => file.endsWith('.prove.ts'))
  : [];
for (const unknown of positionals.filter((name) => !files.includes(`${name}.prove.ts`))) {
  report(new Plain(`There is no proof "${unknown}": test/prove/${unknown}.prove.ts does not exist.`));
  failures++;
}
for (const file of files) {
  if (stop.signal.aborted) break;
  if (positionals.length > 0 && !positionals.includes(file.slice(0, -'.prove.ts'.length))) continue;
  try {
    await prove(file);
  } catch (error) {
    failures++;
    say(`${file}: failed`);
    report(error);
  }
}
finished();
if (!stop.signal.aborted) process.exit(failures === 0 ? 0 : 1);
