/**
 * What a person waits for in the page, each in a browser of its own that has come to rest after its start: the first picture
 * of a model, opening all of a large one, the work of a frame, a keystroke of a search. As in the editor, the layout worker
 * is there before the model; only the time from the page's start holds its own. Wall time as the page sees it, so a quiet
 * machine is needed; memory is what the page's process alone holds (private pages), as the operating system counts it.
 */
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { Searching } from '../../webview/graph/searching';
import { transformer } from '../fixtures/layout/zoo';
import { chromiumArguments } from '../harness/lib/chromium.mjs';
import { ensureChromium } from '../harness/lib/setup.mjs';
import type { BenchPage } from './graphPage';

interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly bound?: string;
  readonly ok: boolean;
}

declare const page: BenchPage;

const ROOT = join(import.meta.dirname, '..', '..');

export async function pageRows(): Promise<Row[]> {
  const files = await bundles();
  const server = createServer((request, response) => {
    const name = (request.url ?? '/').slice(1).split('?')[0] ?? '';
    const script = files.get(name);
    response.setHeader('content-type', script === undefined ? 'text/html' : 'text/javascript');
    response.end(script ?? HTML);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
  try {
    return [
      ...(await inBrowser(url, firstPicture)),
      ...(await inBrowser(url, large)),
      ...(await inBrowser(url, manyBoxes)),
      ...search(),
    ];
  } finally {
    server.close();
  }
}

const HTML = `<!doctype html><style>html, body { margin: 0; height: 100% } pc-graph { display: block; height: 100% }</style>
<body><script src="page.js"></script>`;

async function bundles(): Promise<ReadonlyMap<string, string>> {
  const made = new Map<string, string>();
  for (const [name, entry] of [
    ['page.js', 'test/bench/graphPage.ts'],
    ['worker.js', 'webview/graph/worker.ts'],
  ] as const) {
    const { outputFiles } = await build({
      entryPoints: [join(ROOT, entry)],
      bundle: true,
      minify: true,
      write: false,
      platform: 'browser',
      target: 'chrome120',
      format: 'iife',
      loader: { '.ttf': 'empty', '.svg': 'text' },
      tsconfig: join(ROOT, 'webview/tsconfig.json'),
      define: { 'process.env.NODE_ENV': '"production"' },
      logLevel: 'warning',
    });
    made.set(name, outputFiles[0]?.text ?? '');
  }
  return made;
}

async function inBrowser(
  url: string,
  measure: (opened: Page, browser: Browser) => Promise<Row[]>,
): Promise<Row[]> {
  const executablePath = await ensureChromium();
  const browser = await chromium.launch({ executablePath, args: chromiumArguments });
  try {
    const opened = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    opened.setDefaultTimeout(120_000);
    await settled(browser);
    await opened.goto(url);
    return await measure(opened, browser);
  } finally {
    await browser.close();
  }
}

/**
 * Waits until the browser has started: until its processes take less than a tenth of a core. The one that a page of
 * VS Code is opened in has been running for long.
 */
async function settled(browser: Browser): Promise<void> {
  const session = await browser.newBrowserCDPSession();
  const spent = async (): Promise<number> => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  };
  for (let before = await spent(), turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const now = await spent();
    if (now - before < 0.025) break;
    before = now;
  }
  await session.detach();
}

async function firstPicture(opened: Page, browser: Browser): Promise<Row[]> {
  const { picture, fromStart, boxes } = await opened.evaluate(() => page.show('transformer', 45));
  const rows = [
    row(`2,300 nodes with fan: first picture (${String(boxes)} boxes)`, picture / 1000, 's', 0.5),
    row(
      '2,300 nodes with fan: first picture, from the page’s start in a browser at rest',
      fromStart / 1000,
      's',
      0.5,
    ),
  ];
  for (const key of ['r', 'p']) await opened.evaluate((pressed) => page.press(pressed), key);
  const all = await opened.evaluate(() => page.press('E'));
  const megabytes = await privateMegabytes(browser);
  return [
    ...rows,
    row('2,300 nodes with fan: all open in the page', all / 1000, 's', 0.5),
    row('2,300 nodes with fan, all open: memory of the page’s process', megabytes, 'MB', 150),
  ];
}

async function large(opened: Page): Promise<Row[]> {
  const { picture } = await opened.evaluate(() => page.show('transformer', 1063));
  for (const key of ['r', 'p']) await opened.evaluate((pressed) => page.press(pressed), key);
  const all = await opened.evaluate(() => page.press('E'));
  return [
    row('54,000 nodes: first picture in the page', picture / 1000, 's', 0.8),
    row('54,000 nodes: all open in the page, to the picture', all / 1000, 's', 1.5),
  ];
}

async function manyBoxes(opened: Page): Promise<Row[]> {
  await opened.evaluate(() => page.show('star', 50_000));
  const times = await opened.evaluate(() => page.panning(61));
  const at = (part: number): number => times[Math.floor(part * (times.length - 1))] ?? Number.NaN;
  return [
    row(`50,000 visible boxes: a frame's own work, median of ${String(times.length)}`, at(0.5), 'ms', 4),
    row("50,000 visible boxes: a frame's own work, nine of ten", at(0.9), 'ms', 4),
  ];
}

/** Every keystroke of what people type, in the process that runs this: the finder and its list are all there is to it. */
function search(): Row[] {
  const model = transformer(1063, true);
  const rows: Row[] = [];
  for (const text of ['softmax', 'layers\\.10\\d.*mlp', 'e', '.']) {
    // Each as in a page just opened; the key that opens the search is the first stroke.
    const searching = new Searching();
    searching.use(model);
    let worst = strokeTime(() => searching.begin());
    for (let end = 1; end <= text.length; end++)
      worst = Math.max(
        worst,
        strokeTime(() => searching.search(text.slice(0, end))),
      );
    rows.push(row(`54,000 nodes: search for "${text}", slowest keystroke, CPU`, worst, 'ms', 30));
  }
  return rows;
}

function strokeTime(stroke: () => void): number {
  const before = process.cpuUsage();
  stroke();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function row(what: string, value: number, unit: string, most: number): Row {
  return { what, value, unit, bound: `< ${String(most)} ${unit}`, ok: value < most };
}

/** Private memory of the largest renderer; 0 where the system does not tell. */
async function privateMegabytes(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const sizes = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => {
      const text = readFileSync(`/proc/${String(id)}/smaps_rollup`, 'utf8');
      const of = (name: string): number =>
        Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
      return (of('Private_Clean') + of('Private_Dirty')) / 1024;
    });
  return Math.max(0, ...sizes);
}
