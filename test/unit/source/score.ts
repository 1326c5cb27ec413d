/** Prints the confusion table by hand: `npx tsx test/unit/source/score.ts [--wrong] [FOLDER…]`. */
import { join } from 'node:path';
import { casesIn, lineOf, tally } from './truth';

async function main(args: readonly string[]): Promise<void> {
  const wrong = args.includes('--wrong');
  const only = args.filter((arg) => !arg.startsWith('--'));
  for (const [folder, name] of await casesIn('test/fixtures/links')) {
    if (only.length > 0 && !only.some((part) => join(folder, name).includes(part))) continue;
    const made = await tally(folder, name);
    console.log(lineOf(made));
    if (wrong) for (const line of made.wrong) console.log(`    ${line}`);
  }
}

void main(process.argv.slice(2));
