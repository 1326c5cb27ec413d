/**
 * A person at a real workbench: opens a folder in Chromium, on a VS Code server with the packaged extension, and gives
 * what hands and eyes need. Nothing here sleeps; everything waits for what it needs to see. The workbenches of one
 * process share a server and a browser; each is a window of its own, one open at a time.
 *
 *   const bench = await openWorkbench({ folder: sampleCopy('digits'), theme: 'Default Dark Modern' });
 *   await bench.openFile('digits.onnx');            double click in the explorer, waits for the editor's tab
 *   const graph = await bench.modelFrame();         the frame inside the model editor's webview
 *   await graph.locator('pc-app').waitFor();
 *   await bench.runCommand('Patchclamp: Show Log'); through the command palette
 *   const text = await bench.hover('self.stem = ', 'stem');   the mouse over a word of a line of the open editor
 *   await bench.screenshot('digits-dark');          out/screenshots/digits-dark.png
 *   await bench.close();                            always, in `after`: ends the window and its engine
 *
 * Options: `settings` (machine settings), `theme`, `trust` (true: VS Code asks before trusting the folder; the default
 * trusts), `size`. `bench.page` is Playwright's page. `bench.errors` has what the page's console called an error.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext, type Frame, type Page } from 'playwright-core';
import { chromiumArguments } from '../harness/lib/chromium.mjs';
import { outDir, root } from '../harness/lib/paths.mjs';
import { startServer, writeSettings } from '../harness/lib/server.mjs';
import { ensureChromium, ensureServer } from '../harness/lib/setup.mjs';
import { packageExtension } from '../harness/lib/package.mjs';
import { engines } from './engines';

export const themes = [
  'Default Light Modern',
  'Default Dark Modern',
  'Default High Contrast',
  'Default High Contrast Light',
] as const;

/** How VS Code marks its window, and the body of a webview. */
const themeClass = {
  'Default Light Modern': { window: 'vs', webview: 'vscode-light' },
  'Default Dark Modern': { window: 'vs-dark', webview: 'vscode-dark' },
  'Default High Contrast': {
    window: 'hc-black',
    webview: 'vscode-high-contrast:not(.vscode-high-contrast-light)',
  },
  'Default High Contrast Light': { window: 'hc-light', webview: 'vscode-high-contrast-light' },
} as const;

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

const usualSize = { width: 1400, height: 900 };
let sharedContext: Promise<BrowserContext> | undefined;
/** One profile of one browser for all workbenches of this process: what it compiled once, it need not compile again. */
async function launch(): Promise<BrowserContext> {
  const executablePath = await ensureChromium();
  const options = { executablePath, args: chromiumArguments, viewport: usualSize };
  return chromium.launchPersistentContext(temporary('profile'), options);
}

const temporaries: string[] = [];
function temporary(what: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), `patchclamp-${what}-`));
  temporaries.push(folder);
  return folder;
}

interface SharedServer {
  readonly dataDir: string;
  readonly running: Awaited<ReturnType<typeof startServer>>;
}
/** One server for all folders that are trusted, and one that asks. */
const sharedServers = new Map<boolean, Promise<SharedServer>>();

async function serve(trust: boolean): Promise<SharedServer> {
  const [server, extensionsDir] = await Promise.all([ensureServer(), extensionsFolder()]);
  const dataDir = temporary('server');
  return { dataDir, running: await startServer(server, { dataDir, extensionsDir, trust }) };
}

/** Ends the browser and the servers that workbenches share; test/e2e/shared.ts calls it after the last test. */
export async function closeShared(): Promise<void> {
  await (await sharedContext)?.close();
  for (const shared of sharedServers.values()) await (await shared).running.stop();
  sharedContext = undefined;
  sharedServers.clear();
  for (const folder of temporaries.splice(0)) rmSync(folder, { recursive: true, force: true });
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

/** The settings of a machine on which a workbench is opened: read by VS Code as they change. */
function settingsOf({ theme, settings }: WorkbenchOptions): Readonly<Record<string, unknown>> {
  return {
    'workbench.colorTheme': theme ?? 'Default Dark Modern',
    'window.autoDetectColorScheme': false,
    'window.autoDetectHighContrast': false,
    'window.dialogStyle': 'custom',
    'files.simpleDialog.enable': true,
    ...settings,
  };
}

export async function openWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  sharedContext ??= launch();
  const trust = options.trust ?? false;
  const serving = sharedServers.get(trust) ?? serve(trust);
  sharedServers.set(trust, serving);
  const [context, { running, dataDir }] = await Promise.all([sharedContext, serving]);
  writeSettings(dataDir, settingsOf(options));
  const page = await context.newPage();
  await page.setViewportSize(options.size ?? usualSize);
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.stack ?? error.message));
  const close = async (): Promise<void> => {
    // Leaving the page tells the server that the window is gone; its extensions and its engine end with it. What VS Code
    // keeps in the browser is thrown away, so that the next window is a first one.
    await page.goto(`http://127.0.0.1:${running.port}/version`);
    await page.evaluate(forgetAll);
    await page.close();
    await enginesEnd();
    if (options.folder.startsWith(path.join(tmpdir(), 'patchclamp-e2e-'))) {
      rmSync(path.dirname(options.folder), { recursive: true, force: true });
    }
  };
  const changeTheme = (theme: string): void =>
    writeSettings(dataDir, { ...settingsOf(options), 'workbench.colorTheme': theme });
  try {
    await page.goto(running.url(options.workspace ?? options.folder));
    const file = page.locator('.explorer-folders-view .monaco-list-row').first();
    // A window may read a workspace's file before it can reach the server's files, and then stands there without a
    // folder: a person reloads it. Once, and told.
    await file.waitFor({ timeout: 25_000 }).catch(async () => {
      console.log('    (a window came up without its folders: reloaded)');
      await page.reload();
      await file.waitFor({ timeout: 60_000 });
    });
    // The explorer is there before the workbench knows what extensions contribute; it marks the moment itself.
    await page.waitForFunction(
      `performance.getEntriesByName('code/didLoadExtensions').length > 0`,
      undefined,
      {
        timeout: 60_000,
      },
    );
    // Contributions are taken up point by point after that; where the container of our views stands, they have been.
    await page
      .locator('.activitybar .action-item', { has: page.locator('[aria-label^="Patchclamp"]') })
      .waitFor();
  } catch (error) {
    await page.screenshot({ path: path.join(outDir, 'screenshots', `failed-opening-${Date.now()}.png`) });
    await close();
    throw error;
  }
  return new Workbench(page, options.folder, errors, close, changeTheme);
}

/** Waits until the engines of a closed window are gone. */
async function enginesEnd(): Promise<void> {
  const until = Date.now() + 10_000;
  for (let left = engines(); left.length > 0; left = engines()) {
    if (Date.now() > until) throw new Error(`A closed window left its engine running: ${left.join(', ')}.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export class Workbench {
  #file = '';

  constructor(
    readonly page: Page,
    readonly folder: string,
    readonly errors: readonly string[],
    readonly close: () => Promise<void>,
    private readonly changeTheme: (theme: string) => void = () => undefined,
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
    const tab = this.page.locator(`.tab.active[data-resource-name="${file}"]`);
    await this.#explorerRow(file).dblclick();
    await tab.waitFor();
    const first = this.#file === '';
    this.#file = name;
    // A window that is still starting may not know yet who opens a model, and show it as text, or say that it is none: a
    // person closes that, and opens the file again. Once, with the window's first file, and told.
    const text = this.page.locator('.monaco-editor[data-uri$=".onnx"]:visible');
    const binary = this.page.locator('.monaco-editor-pane-placeholder:visible', { hasText: 'binary' });
    const asText = text.or(binary);
    const shown = this.page.locator('.webview, .monaco-editor:visible').or(asText);
    await shown.first().waitFor({ state: 'attached' });
    if (!first || !(await asText.first().isVisible())) return;
    console.log(`    (a starting window showed ${file} as text: opened again)`);
    await this.runCommand('View: Close Editor');
    await tab.waitFor({ state: 'detached' });
    await this.#explorerRow(file).dblclick();
    await tab.waitFor();
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

  /** Changes the theme of the open window, and waits until the window and the visible webviews have it. */
  async setTheme(theme: (typeof themes)[number]): Promise<void> {
    this.changeTheme(theme);
    await this.page.locator(`.monaco-workbench.${themeClass[theme].window}`).waitFor();
    for (const frame of this.page.frames()) {
      if (!(await hasVisible(frame, 'pc-app, pc-report, pc-compare'))) continue;
      await frame.locator(`body.${themeClass[theme].webview}`).waitFor();
    }
  }

  #explorerRow(name: string): ReturnType<Page['locator']> {
    const label = this.page.locator('.label-name', { hasText: new RegExp(`^${escape(name)}$`) });
    return this.page.locator('.explorer-folders-view .monaco-list-row').filter({ has: label });
  }

  tab(name: string): ReturnType<Page['locator']> {
    return this.page.locator(`.tabs-container .tab[data-resource-name="${name}"]`);
  }

  /**
   * Runs a command by its full title through the command palette, as a person would: once more where the palette closed
   * again, because a page that was still on its way took the focus.
   */
  async runCommand(title: string): Promise<void> {
    const widget = this.page.locator('.quick-input-widget:visible');
    const label = this.page.locator('.label-name', { hasText: new RegExp(`^${escape(title)}$`) });
    for (let attempt = 1; ; attempt++) {
      try {
        await this.page.keyboard.press('F1');
        await widget.locator('input[type="text"]').fill(`>${title}`, { timeout: 5000 });
        const row = widget.locator('.monaco-list-row').filter({ has: label }).first();
        await row.click({ timeout: 5000 });
        return;
      } catch (error) {
        if (attempt === 4) throw error;
        await this.page.keyboard.press('Escape');
      }
    }
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

  /** Answers VS Code's own dialog for a file to write with `target`, whose name may be another than the one it offers. */
  async saveAs(target: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget:visible input[type="text"]');
    // The dialog fills in where it stands, and then the name, by itself; whoever types before that types into it.
    await this.page.waitForFunction(() =>
      [...document.querySelectorAll<HTMLInputElement>('.quick-input-widget input')].some(({ value }) =>
        /^\/.*[^/]$/.test(value),
      ),
    );
    // It reads the folder first; until it has, it may put its own text back, and Enter does nothing.
    for (let tries = 0; tries < 60 && (await input.isVisible()); tries++) {
      const value = await input.inputValue({ timeout: 1000 }).catch(() => target);
      if (value !== target) await input.fill(target, { timeout: 1000 }).catch(() => undefined);
      else await this.page.keyboard.press('Enter');
      await this.page.waitForTimeout(250);
    }
    await input.waitFor({ state: 'hidden' });
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

/** Run in the page, so given as text. */
const forgetAll = `(async () => {
  localStorage.clear();
  sessionStorage.clear();
  for (const { name } of await indexedDB.databases())
    await new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(name);
      request.onsuccess = resolve;
      request.onerror = () => reject(request.error);
    });
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
