// `npm run check [-- --fix]`: types, lint, format, floors, generated documents. The same as the first part of npm test.
import { check } from './lib/parts.mjs';
import { report } from './lib/say.mjs';
import { ensurePackages } from './lib/setup.mjs';

try {
  await ensurePackages();
  const { passed, failed } = await check({ fix: process.argv.includes('--fix') });
  process.stdout.write(`${passed} passed, ${failed.length} failed\n`);
  process.exitCode = failed.length === 0 ? 0 : 1;
} catch (error) {
  report(error);
  process.exitCode = 1;
}
