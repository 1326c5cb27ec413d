// Runs test/host inside a real extension host: desktop VS Code through @vscode/test-electron where it can be had,
// otherwise the VS Code server with a headless Chromium as its window (VS Code's own way of running browser tests).
import { build } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { cacheDir, outDir, root } from './paths.mjs';
import { onStop } from './proc.mjs';
import { Plain, say } from './say.mjs';
import { chromiumArguments } from './chromium.mjs';
import { startServer } from './server.mjs';
import { ensureChromium, ensureServer } from './setup.mjs';

const results = path.join(outDir, 'results/host.jsonl');
const suite = path.join(outDir, 'test/host');
const timeLimit = 8 * 60_000;

async function bundle() {
  fs.rmSync(suite, { recursive: true, force: true });
  const files = fs
    .readdirSync(path.join(root, 'test/host'))
    .filter((file) => file === 'index.ts' || file.endsWith('.test.ts'));
  await build({
    entryPoints: files.map((file) => path.join(root, 'test/host', file)),
    outdir: suite,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: 'inline',
    external: ['vscode', 'mocha', 'onnxruntime-node'],
    logLevel: 'warning',
  });
}

function freshWorkspace() {
  const folder = path.join(cacheDir, 'workspaces', `host-${process.pid}`);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.cpSync(path.join(root, 'media/samples/digits'), folder, { recursive: true });
  return folder;
}

/** The desktop VS Code to use, or undefined where only the server is to be had. */
async function desktop() {
  const named = process.env.PATCHCLAMP_VSCODE;
  if (named) {
    if (!fs.existsSync(named)) throw new Plain(`PATCHCLAMP_VSCODE names ${named}, which does not exist.`);
    return named;
  }
  const display = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (!display) {
    say('host: no display here, so the suite runs inside the VS Code server.');
    return undefined;
  }
  const { downloadAndUnzipVSCode } = await import('@vscode/test-electron');
  const slow = new Promise((_, reject) =>
    setTimeout(() => reject(new Error('no answer in two minutes')), 120_000).unref(),
  );
  try {
    return await Promise.race([
      downloadAndUnzipVSCode({ version: 'stable', cachePath: path.join(root, '.vscode-test') }),
      slow,
    ]);
  } catch (error) {
    say(
      `host: desktop VS Code cannot be downloaded (${error.message}), so the suite runs inside the VS Code server.`,
    );
    return undefined;
  }
}

/** @returns {Promise<{passed: string[], failed: {name: string, error: string}[]}>} */
export async function runHostSuite(extension, grep) {
  await bundle();
  fs.mkdirSync(path.dirname(results), { recursive: true });
  fs.rmSync(results, { force: true });
  const env = { PATCHCLAMP_HOST_RESULTS: results, ...(grep === undefined ? {} : { PATCHCLAMP_GREP: grep }) };
  const folder = freshWorkspace();
  let trouble;
  try {
    const code = await desktop();
    if (code !== undefined) await inDesktop(code, extension, folder, env);
    else await inServer(extension, folder, env);
  } catch (error) {
    trouble = error;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  return readResults(trouble);
}

function readResults(trouble) {
  const lines = fs.existsSync(results)
    ? fs
        .readFileSync(results, 'utf8')
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];
  const passed = lines.filter((line) => line.passed !== undefined).map((line) => line.passed);
  const failed = lines
    .filter((line) => line.failed !== undefined)
    .map((line) => ({ name: line.failed, error: line.error }));
  if (!lines.some((line) => line.done)) {
    const stopped = lines.find((line) => line.stopped !== undefined)?.stopped;
    failed.push({
      name: 'the suite in the extension host did not finish',
      error: stopped ?? trouble?.stack ?? 'no results were written',
    });
  } else if (passed.length + failed.length === 0) {
    failed.push({ name: 'the suite in the extension host', error: 'no test ran' });
  }
  return { passed, failed };
}

async function inDesktop(vscodeExecutablePath, extension, folder, extensionTestsEnv) {
  const { runTests } = await import('@vscode/test-electron');
  const rootFlags = process.platform === 'linux' && process.getuid() === 0 ? ['--no-sandbox'] : [];
  await runTests({
    vscodeExecutablePath,
    extensionDevelopmentPath: extension,
    extensionTestsPath: path.join(suite, 'index.js'),
    extensionTestsEnv,
    launchArgs: [folder, '--disable-extensions', '--disable-workspace-trust', ...rootFlags],
  });
}

async function inServer(extension, folder, env) {
  const [server, chromium] = [await ensureServer(), await ensureChromium()];
  const dataDir = path.join(cacheDir, 'host-data', String(process.pid));
  const running = await startServer(server, {
    dataDir,
    extensionsDir: path.join(dataDir, 'extensions'),
    tests: true,
    env,
  });
  const { chromium: launcher } = await import('playwright-core');
  const browser = await launcher.launch({
    executablePath: chromium,
    args: chromiumArguments,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  onStop(() => browser.close());
  let timer;
  try {
    const page = await browser.newPage();
    const exit = new Promise((resolve, reject) => {
      timer = setTimeout(
        () => reject(new Error(`The suite did not end within ${timeLimit / 60_000} minutes.`)),
        timeLimit,
      );
      void page.exposeFunction('codeAutomationExit', resolve);
      page.on('crash', () => reject(new Error('Chromium crashed.')));
    });
    exit.catch(() => undefined); // awaited below, after the page is up
    await page.exposeFunction('codeAutomationLog', () => undefined);
    const at = (file) => `vscode-remote://127.0.0.1:${running.port}${file}`;
    const payload = JSON.stringify([
      ['extensionDevelopmentPath', at(extension)],
      ['extensionTestsPath', at(path.join(suite, 'index.js'))],
    ]);
    await page.goto(`${running.url(folder)}&payload=${encodeURIComponent(payload)}`);
    await exit;
  } finally {
    clearTimeout(timer);
    await browser.close();
    await running.stop();
    fs.rmSync(dataDir, { recursive: true, force: true });
  }
}
