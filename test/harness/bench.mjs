// `npm run bench [-- NAME…]`: each test/bench/NAME.bench.ts exports `name: string` and `run(): Promise<Row[]>`, where a
// Row is {what, value, unit, ratio?, bound?, ok}: `ratio` against a peer measured in the same run, `bound` the budget
// in words, `ok` whether it was kept. Prints one table, writes out/bench.json, fails when a bound is broken.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { outDir, root } from './lib/paths.mjs';
import { Plain, report, say } from './lib/say.mjs';

const folder = path.join(root, 'test/bench');
const wanted = process.argv.slice(2);
const files = fs.existsSync(folder)
  ? fs
      .readdirSync(folder)
      .filter((file) => file.endsWith('.bench.ts'))
      .sort()
  : [];
const rows = [];
let failed = files.length === 0;
if (failed) report(new Plain('test/bench holds no *.bench.ts.'));
for (const unknown of wanted.filter((id) => !files.includes(`${id}.bench.ts`))) {
  failed = true;
  report(new Plain(`There is no bench "${unknown}": test/bench/${unknown}.bench.ts does not exist.`));
}
for (const file of files) {
  const id = file.slice(0, -'.bench.ts'.length);
  if (wanted.length > 0 && !wanted.includes(id)) continue;
  try {
    const bench = await import(pathToFileURL(path.join(folder, file)).href);
    say(`${bench.name} …`);
    for (const row of await bench.run()) rows.push({ bench: bench.name, ...row });
  } catch (error) {
    failed = true;
    rows.push({ bench: id, what: 'did not finish', value: Number.NaN, unit: '', ok: false });
    report(error);
  }
}
const number = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));
const cells = rows.map((row) => [
  row.ok ? '✔' : '✘',
  row.bench,
  row.what,
  `${number(row.value)} ${row.unit}`,
  row.ratio === undefined ? '' : `${number(row.ratio)}×`,
  row.bound === undefined ? '' : String(row.bound),
]);
const table = [['', 'bench', 'what', 'value', 'ratio', 'bound'], ...cells];
const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)));
for (const line of table)
  process.stdout.write(
    `${line
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd()}\n`,
  );
fs.mkdirSync(outDir, { recursive: true });
const report_ = {
  date: new Date().toISOString(),
  node: process.version,
  cpus: (await import('node:os')).cpus().length,
  rows,
};
fs.writeFileSync(path.join(outDir, 'bench.json'), `${JSON.stringify(report_, undefined, 2)}\n`);
process.exit(failed || rows.some((row) => !row.ok) ? 1 : 0);
