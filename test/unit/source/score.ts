/** Prints the confusion table by hand: `npx tsx test/unit/source/score.ts [--wrong] [NAME…]`. */
import { join } from 'node:path';
import { blindCases, tallyBlind } from './blindTruth';
import { casesIn, lineOf, tally } from './truth';

async function main(args: readonly string[]): Promise<void> {
  const wrong = args.includes('--wrong');
  const only = args.filter((arg) => !arg.startsWith('--'));
  const folders = ['', '/surgery', '/nasty'].map((group) => `test/fixtures/links${group}`);
  const groups = await Promise.all(folders.map((folder) => casesIn(folder)));
  for (const [cases, score] of [
    [groups.flat(), tally],
    [await blindCases(), tallyBlind],
  ] as const) {
    for (const [folder, name] of cases) {
      if (only.length > 0 && !only.some((part) => join(folder, name).includes(part))) continue;
      const made = await score(folder, name);
      console.log(lineOf(made));
      if (wrong) for (const line of made.wrong) console.log(`    ${line}`);
    }
  }
}

void main(process.argv.slice(2));
