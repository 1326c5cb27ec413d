// `npm test`: sets up what is missing, then runs every part. The last line printed is "N passed, N failed".
//   check      types, lint, format, floors, generated documents
//   unit       test/unit, in Mocha
//   reference  test/reference: numbers against other tools
//   host       test/host, inside a real extension host
//   e2e        test/e2e, a person's clicks in a real workbench, on the packaged extension; pictures in out/screenshots
// Usage: npm test [-- [--only unit,host] [--grep TEXT] [--jobs 1] [--fresh]]
// What has passed on the very same files is not run again, and says so; with --fresh everything runs.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { check, host, mocha, warnOfOldProofs } from './lib/parts.mjs';
import { outDir } from './lib/paths.mjs';
import { endAll, isStopping } from './lib/proc.mjs';
import { Plain, report, say, seconds, step } from './lib/say.mjs';
import { ensureCache, ensureChromium, ensurePackages, ensureServer, ensureTestData } from './lib/setup.mjs';

const names = ['check', 'unit', 'reference', 'host', 'e2e'];

function readOptions() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        only: { type: 'string' },
        grep: { type: 'string' },
        jobs: { type: 'string', default: '2' },
        fresh: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw new Plain(
      `${error.message}\nUsage: npm test [-- [--only PART,…] [--grep TEXT] [--jobs 1] [--fresh]]`,
    );
  }
  const only = values.only?.split(',').map((name) => name.trim());
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new Plain(`There is no part "${unknown}"; the parts are ${names.join(', ')}.`);
  return { parts: only ?? names, grep: values.grep, jobs: Number(values.jobs), fresh: values.fresh };
}

const totals = [];

/** Runs one part; one that cannot run is a failure that says why. */
async function part(name, work) {
  const begin = Date.now();
  let result;
  try {
    result = await work();
  } catch (error) {
    report(error);
    result = { passed: 0, failed: [`${name} could not run: ${error.message.split('\n')[0]}`] };
  }
  const ms = Date.now() - begin;
  totals.push({ name, ...result, ms });
  say(`${name}: ${result.passed} passed, ${result.failed.length} failed in ${seconds(ms)}`);
}

async function main() {
  const { parts, grep, jobs, fresh } = readOptions();
  const has = (name) => parts.includes(name);
  ensureCache();
  await ensurePackages();
  if (parts.length < names.length) say(`Only ${parts.join(', ')}, as asked.`);

  // The server compiles while the parts that need no browser run; a failure is told by the parts that need it.
  const setUp = (async () => {
    if (has('reference')) await ensureTestData();
    if (!has('host') && !has('e2e')) return;
    await ensureChromium();
    await ensureServer();
  })();
  setUp.catch(() => undefined);

  const checking = async () => {
    if (has('check')) await part('check', () => check({ fresh }));
  };
  const unit = async () => {
    if (has('unit')) await part('unit', () => mocha('unit', { grep, fresh }));
  };
  const reference = async () => {
    if (!has('reference')) return;
    await part('reference', async () => {
      await ensureTestData();
      return mocha('reference', { grep, fresh, jobs });
    });
  };
  const inVsCode = async () => {
    if (!has('host') && !has('e2e')) return;
    let packaged;
    const prepare = async () => {
      await setUp;
      packaged ??= await step('Packaging the extension', async () =>
        (await import('./lib/package.mjs')).packageExtension(),
      );
      return packaged;
    };
    if (has('host')) await part('host', async () => host(prepare, { grep, fresh }));
    if (has('e2e')) {
      await part('e2e', async () => {
        const flags = ['--require', 'test/e2e/shared.ts', '--timeout', '60000'];
        const extensions = async (everything) => {
          const packaged = await prepare();
          if (everything) fs.rmSync(path.join(outDir, 'screenshots'), { recursive: true, force: true });
          return { PATCHCLAMP_EXTENSIONS: packaged.extensions };
        };
        return mocha('e2e', { grep, flags, prepare: extensions, jobs, again: true, fresh });
      });
    }
  };
  if (jobs > 1) await Promise.all([unit(), checking()]);
  else {
    await unit();
    await checking();
  }
  await reference();
  // What runs in VS Code has the machine to itself: a page that waits for its turn is a test that fails for nothing.
  await inVsCode();
  await warnOfOldProofs();
}

try {
  await main();
} catch (error) {
  report(error);
  totals.push({ name: 'npm test', passed: 0, failed: [error.message], ms: 0 });
}
await endAll();
if (!isStopping()) {
  for (const { name, passed, failed, late = [], before = 0, ms } of totals) {
    process.stdout.write(
      `${name.padEnd(12)}${String(passed).padStart(6)} passed ${String(failed.length).padStart(5)} failed  ${seconds(ms)}\n`,
    );
    if (before > 0) {
      process.stdout.write(`    ${before} of them passed before on the very same files; --fresh runs all\n`);
    }
    for (const title of late) process.stdout.write(`    passed at a second attempt: ${title}\n`);
    for (const title of failed) process.stdout.write(`    ✘ ${title}\n`);
  }
  const passed = totals.reduce((sum, each) => sum + each.passed, 0);
  const failed = totals.reduce((sum, each) => sum + each.failed.length, 0);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}
