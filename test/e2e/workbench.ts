/**
 * A person at a real workbench: starts the VS Code server with the packaged extension, opens a folder in Chromium and
 * gives what hands and eyes need. Nothing here sleeps; everything waits for what it needs to see.
 *
 *   const bench = await openWorkbench({ folder: sampleCopy('digits'), theme: 'Default Dark Modern' });
 *   await bench.openFile('digits.onnx');            double click in the explorer, waits for the editor's tab
 *   const graph = await bench.modelFrame();         the frame inside the model editor's webview
 *   await graph.locator('pc-app').waitFor();
 *   await bench.runCommand('Patchclamp: Show Log'); through the command palette
 *   const text = await bench.hover('self.stem = ', 'stem');   the mouse over a word of a line of the open editor
 *   await bench.screenshot('digits-dark');          out/screenshots/digits-dark.png
 *   await bench.close();                            always, in `after`: ends the server and the page
 *
 * Options: `settings` (machine settings), `theme`, `trust` (true: VS Code asks before trusting the folder; the default
 * trusts), `size`. `bench.page` is Playwright's page. `bench.errors` has what the page's console called an error.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type Browser, type Frame, type Page } from 'playwright-core';
import { chromiumArguments } from '../harness/lib/chromium.mjs';
import { outDir, root } from '../harness/lib/paths.mjs';
import { startServer } from '../harness/lib/server.mjs';
import { ensureChromium, ensureServer } from '../harness/lib/setup.mjs';
import { packageExtension } from '../harness/lib/package.mjs';

export const themes = [
  'Default Light Modern',
  'Default Dark Modern',
  'Default High Contrast',
  'Default High Contrast Light',
] as const;

export interface WorkbenchOptions {
  readonly folder: string;
  /** A `.code-workspace` file to open in place of the folder: several roots. */
  readonly workspace?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly theme?: (typeof themes)[number];
  readonly trust?: boolean;
  readonly size?: { readonly width: number; readonly height: number };
}

/** A copy of a sample's folder in the temporary folder; the workbench that opens it removes it when closed. */
export function sampleCopy(name: string): string {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'patchclamp-e2e-')), name);
  cpSync(path.join(root, 'media/samples', name), folder, { recursive: true });
  return folder;
}

let sharedBrowser: Promise<Browser> | undefined;
async function launch(): Promise<Browser> {
  const executablePath = await ensureChromium();
  return chromium.launch({ executablePath, args: chromiumArguments });
}

/** Ends the browser that all workbenches share; test/e2e/shared.ts calls it after the last test. */
export async function closeBrowser(): Promise<void> {
  await (await sharedBrowser)?.close();
  sharedBrowser = undefined;
}

let packaged: Promise<string> | undefined;
/** The folder that holds the unpacked package: made by npm test, or here when a file is run by itself. */
function extensionsFolder(): Promise<string> {
  packaged ??=
    process.env['PATCHCLAMP_EXTENSIONS'] === undefined
      ? packageExtension().then(({ extensions }) => extensions)
      : Promise.resolve(process.env['PATCHCLAMP_EXTENSIONS']);
  return packaged;
}

export async function openWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  sharedBrowser ??= launch();
  const [browser, server, extensionsDir] = await Promise.all([
    sharedBrowser,
    ensureServer(),
    extensionsFolder(),
  ]);
  const dataDir = mkdtempSync(path.join(tmpdir(), 'patchclamp-server-'));
  const running = await startServer(server, {
    dataDir,
    extensionsDir,
    trust: options.trust ?? false,
    settings: {
      'workbench.colorTheme': options.theme ?? 'Default Dark Modern',
      'window.autoDetectColorScheme': false,
      'window.autoDetectHighContrast': false,
      'window.dialogStyle': 'custom',
      'files.simpleDialog.enable': true,
      ...options.settings,
    },
  });
  const context = await browser.newContext({ viewport: options.size ?? { width: 1400, height: 900 } });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.stack ?? error.message));
  const close = async (): Promise<void> => {
    await context.close();
    await running.stop();
    rmSync(dataDir, { recursive: true, force: true });
    if (options.folder.startsWith(path.join(tmpdir(), 'patchclamp-e2e-'))) {
      rmSync(path.dirname(options.folder), { recursive: true, force: true });
    }
  };
  try {
    await page.goto(running.url(options.workspace ?? options.folder));
    await page.locator('.explorer-folders-view .monaco-list-row').first().waitFor({ timeout: 60_000 });
    // The explorer is there before the workbench has read what extensions contribute: our icon says that it has.
    await page.locator('.activitybar .action-label[aria-label*="Patchclamp"]').waitFor({ timeout: 60_000 });
  } catch (error) {
    await close();
    throw error;
  }
  return new Workbench(page, options.folder, errors, close);
}

export class Workbench {
  #file = '';

  constructor(
    readonly page: Page,
    readonly folder: string,
    readonly errors: readonly string[],
    readonly close: () => Promise<void>,
  ) {
    page.setDefaultTimeout(20_000);
  }

  /** Opens a file of the explorer by double click, unfolding the folders on the way: `images/3.png`. */
  async openFile(name: string): Promise<void> {
    const steps = name.split('/');
    const file = steps.pop() ?? name;
    for (const folder of steps) {
      const row = this.#explorerRow(folder);
      await row.waitFor();
      if ((await row.getAttribute('aria-expanded')) !== 'true') await row.click();
    }
    await this.#explorerRow(file).dblclick();
    await this.tab(file).waitFor();
    this.#file = name;
  }

  /** Brings the first line of the file opened last that contains `text` into view, and puts the cursor there. */
  async goToLine(text: string): Promise<void> {
    const lines = readFileSync(path.join(this.folder, this.#file), 'utf8').split('\n');
    const at = lines.findIndex((line) => line.includes(text));
    if (at < 0) throw new Error(`${this.#file} has no line with ${text}.`);
    await this.page.locator('.editor-instance .view-line').first().waitFor();
    await this.page.keyboard.press('Control+g');
    await this.type(`:${at + 1}`);
  }

  #explorerRow(name: string): ReturnType<Page['locator']> {
    const label = this.page.locator('.label-name', { hasText: new RegExp(`^${escape(name)}$`) });
    return this.page.locator('.explorer-folders-view .monaco-list-row').filter({ has: label });
  }

  tab(name: string): ReturnType<Page['locator']> {
    return this.page.locator(`.tabs-container .tab[data-resource-name="${name}"]`);
  }

  /** Runs a command by its full title through the command palette, as a person would. */
  async runCommand(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    const input = this.page.locator('.quick-input-widget:visible input[type="text"]');
    await input.waitFor();
    await input.fill(`>${title}`);
    const label = this.page.locator('.label-name', { hasText: new RegExp(`^${escape(title)}$`) });
    await this.page.locator('.quick-input-list .monaco-list-row').filter({ has: label }).first().click();
  }

  /** Chooses the row of an open quick pick whose label is `label`. */
  async pick(label: string | RegExp): Promise<void> {
    const pattern = typeof label === 'string' ? new RegExp(`^${escape(label)}$`) : label;
    const name = this.page.locator('.label-name', { hasText: pattern });
    await this.page
      .locator('.quick-input-widget:visible .monaco-list-row')
      .filter({ has: name })
      .first()
      .click();
  }

  /** Types into an open input box or quick pick and accepts. */
  async type(text: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget:visible input[type="text"]');
    await input.fill(text);
    await input.press('Enter');
  }

  /** The frame inside the webview of the visible model editor: the innermost frame that holds `selector`. */
  async modelFrame(selector = 'pc-app', timeout = 30_000): Promise<Frame> {
    const deadline = Date.now() + timeout;
    for (;;) {
      for (const frame of this.page.frames()) {
        const outer = frame.parentFrame();
        if (outer === null) continue;
        const found = await hasVisible(frame, selector);
        if (found) return frame;
      }
      if (Date.now() > deadline) {
        const picture = await this.screenshot(`failed-${Date.now().toString(36)}`);
        const said = this.errors.length === 0 ? 'nothing' : this.errors.join('\n');
        throw new Error(
          `No visible webview shows ${selector} after ${timeout / 1000} s: see ${picture}. The console said ${said}.`,
        );
      }
      await this.page.waitForTimeout(50);
    }
  }

  /** Puts the focus on the graph in `frame`, once there is one to walk. */
  async focusGraph(frame: Frame): Promise<void> {
    const canvas = frame.locator('pc-graph canvas.view[aria-busy="false"]');
    await canvas.waitFor();
    await canvas.focus();
  }

  /** Reloads the window once VS Code has kept `text`: what it keeps of a workspace lags behind. */
  async reload(text: string): Promise<void> {
    const until = Date.now() + 20_000;
    while (!(await this.page.evaluate<string>(storedState)).includes(text)) {
      if (Date.now() > until) throw new Error(`VS Code has not kept ${text} after 20 s.`);
      await this.page.waitForTimeout(50);
    }
    await this.page.reload();
  }

  /** Puts the mouse on `word` in the first line containing `line` of the file opened last; gives the hover's text. */
  async hover(line: string, word: string): Promise<string> {
    await this.goToLine(line);
    const hover = this.page.locator('.monaco-hover:visible .hover-contents').first();
    // The text may still be on its way to where it was asked to be (lenses and hints arrive later): aim again, as a
    // person would.
    for (let attempt = 1; ; attempt++) {
      const box = await this.#boxOf(line, word);
      await this.page.mouse.move(box.x - 3, box.y - 40);
      await this.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 4 });
      const seen = await hover.waitFor({ timeout: attempt < 5 ? 4000 : 20_000 }).then(
        () => true,
        (error: unknown) => {
          if (attempt >= 5) throw error;
          return false;
        },
      );
      if (seen) break;
    }
    return (await this.page.locator('.monaco-hover:visible').allInnerTexts()).join('\n');
  }

  /** Puts the cursor on `word` in the first line containing `line` of the file opened last. */
  async placeCursor(line: string, word: string): Promise<void> {
    await this.goToLine(line);
    const box = await this.#boxOf(line, word);
    await this.page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  }

  /** Where `word` stands on the screen. Monaco draws spaces as no-break spaces; both are taken as one. */
  async #boxOf(line: string, word: string): Promise<{ x: number; y: number; width: number; height: number }> {
    const place = await this.page.waitForFunction(
      ([wantedLine, wantedWord]) => {
        for (const row of document.querySelectorAll('.monaco-editor .view-line')) {
          const text = row.textContent.replaceAll('\u00a0', ' ');
          const from = text.indexOf(wantedLine);
          const at = from < 0 ? -1 : text.indexOf(wantedWord, from);
          if (at < 0) continue;
          const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
          let passed = 0;
          for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
            const length = node.textContent?.length ?? 0;
            if (at < passed + length) {
              const range = document.createRange();
              range.setStart(node, at - passed);
              range.setEnd(node, Math.min(at - passed + wantedWord.length, length));
              const { x, y, width, height } = range.getBoundingClientRect();
              return { x, y, width, height };
            }
            passed += length;
          }
        }
        return undefined;
      },
      [line, word] as const,
    );
    const box = await place.jsonValue();
    if (box === undefined) throw new Error(`No visible line has ${line}.`);
    return box;
  }

  /** Answers VS Code's question whether the folder is trusted. */
  async answerTrust(trusted: boolean): Promise<void> {
    const name = trusted ? /^Yes, I trust/ : /^No, I don't trust/;
    await this.page.locator('.monaco-dialog-box').getByRole('button', { name }).click();
  }

  /** Keeps a picture in out/screenshots. */
  async screenshot(name: string): Promise<string> {
    const file = path.join(outDir, 'screenshots', `${name}.png`);
    mkdirSync(path.dirname(file), { recursive: true });
    await this.page.screenshot({ path: file });
    return file;
  }
}

/** Run in the page, so given as text: all that VS Code keeps of workspaces. */
const storedState = `(async () => {
  const done = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  let all = '';
  for (const { name } of await indexedDB.databases()) {
    if (!name.startsWith('vscode-web-state-db-')) continue;
    const database = await done(indexedDB.open(name));
    try {
      if (!database.objectStoreNames.contains('ItemTable')) continue;
      all += (await done(database.transaction('ItemTable').objectStore('ItemTable').getAll())).join('\\n');
    } finally {
      database.close();
    }
  }
  return all;
})()`;

async function hasVisible(frame: Frame, selector: string): Promise<boolean> {
  try {
    if (!(await frame.locator(selector).first().isVisible())) return false;
    const [own, outer] = await Promise.all([frame.frameElement(), frame.parentFrame()?.frameElement()]);
    return (await own.isVisible()) && (await outer?.isVisible()) !== false;
  } catch (error) {
    if (error instanceof Error && /detached|closed|destroyed|adopt element/i.test(error.message))
      return false; // went away meanwhile
    throw error;
  }
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
