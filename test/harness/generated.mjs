// Checks the documents that are generated from code, or writes them with --write. Each test/generated/NAME.ts exports
// `file` (relative to the clone) and `generate(current: string): string | Promise<string>`, which gets the file's
// present text and gives what it should be, so that one section of a document can be generated too.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './lib/paths.mjs';

const folder = path.join(root, 'test/generated');
const write = process.argv.includes('--write');
for (const name of fs.existsSync(folder)
  ? fs.readdirSync(folder).filter((each) => each.endsWith('.ts'))
  : []) {
  const { file, generate } = await import(pathToFileURL(path.join(folder, name)).href);
  const at = path.join(root, file);
  const current = fs.existsSync(at) ? fs.readFileSync(at, 'utf8') : '';
  const wanted = await generate(current);
  if (current === wanted) continue;
  if (write) fs.writeFileSync(at, wanted);
  else {
    process.exitCode = 1;
    console.error(`${file} differs from what test/generated/${name} makes; run: npm run check -- --fix`);
  }
}
