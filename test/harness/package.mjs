// `npm run package [-- --target linux-x64] [--out FILE]`: makes the platform-specific .vsix, prints what it weighs, part
// by part, and fails when it is too heavy.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { megabytes, packageExtension, printSizes } from './lib/package.mjs';
import { root } from './lib/paths.mjs';
import { Plain, report, say, step } from './lib/say.mjs';
import { ensurePackages } from './lib/setup.mjs';

const limits = { 'linux-x64': 30e6 };
const samplesLimit = 6e6;

async function main() {
  const { values } = parseArgs({ options: { target: { type: 'string' }, out: { type: 'string' } } });
  const target = values.target ?? `${process.platform}-${process.arch}`;
  await ensurePackages();
  const { vsix } = await step(`Packaging for ${target}`, () => packageExtension(target));
  const out = path.resolve(root, values.out ?? path.basename(vsix));
  fs.copyFileSync(vsix, out);
  const { samples } = printSizes(out);
  const { size } = fs.statSync(out);
  say(`${path.relative(root, out)}: ${megabytes(size)}`);
  if (samples.packed > samplesLimit) {
    throw new Plain(
      `The samples weigh ${megabytes(samples.packed)} in it; their limit is ${megabytes(samplesLimit)}.`,
    );
  }
  const limit = limits[target];
  if (limit !== undefined && size > limit)
    throw new Plain(`That is over the limit of ${megabytes(limit)} for ${target}.`);
}

await main().catch((error) => {
  report(error);
  process.exitCode = 1;
});
