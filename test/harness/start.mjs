// `npm start`: sets up what is missing, builds, and opens VS Code on a copy of the sample workspace, or on your folder.
// Desktop VS Code where `code` is on PATH; otherwise, or with --no-desktop, the VS Code server, whose address it prints.
// Usage: npm start [-- [--folder DIR] [--port N] [--no-desktop]]. Ctrl-C ends everything it started.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { cacheDir, root } from './lib/paths.mjs';
import { endAll, freePort, isStopping, must, plainEnv, run } from './lib/proc.mjs';
import { Plain, report, say, step } from './lib/say.mjs';
import { startServer } from './lib/server.mjs';
import { ensureCache, ensurePackages, ensureServer } from './lib/setup.mjs';

const usualPort = 8091;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        folder: { type: 'string' },
        port: { type: 'string' },
        'no-desktop': { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new Plain(`${error.message}\nUsage: npm start [-- [--folder DIR] [--port N] [--no-desktop]]`);
  }
}

/** A copy of the sample to work in, so that the clone stays as it is; kept, with what you changed, once it is there. */
function sampleWorkspace() {
  const folder = path.join(cacheDir, 'workspaces/digits');
  if (!fs.existsSync(folder)) fs.cpSync(path.join(root, 'media/samples/digits'), folder, { recursive: true });
  return folder;
}

function findOnPath(name) {
  const names = process.platform === 'win32' ? [`${name}.cmd`, `${name}.exe`] : [name];
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .flatMap((folder) => names.map((each) => path.join(folder, each)))
    .find((file) => fs.existsSync(file));
}

async function openDesktop(code, folder) {
  await step('Building', () =>
    must(process.execPath, ['esbuild.mjs'], { cwd: root, env: plainEnv(), why: 'The build' }),
  );
  say(`Opening ${folder} in VS Code (${code}); close its window to end.`);
  const windows = process.platform === 'win32';
  const args = [`--extensionDevelopmentPath=${root}`, '--new-window', '--wait', folder];
  const { code: status } = windows
    ? await run('cmd.exe', ['/c', code, ...args], { env: plainEnv() })
    : await run(code, args, { env: plainEnv() });
  if (status !== 0) throw new Plain(`VS Code ended with code ${status}. Try: npm start -- --no-desktop`);
}

async function portFor(wanted) {
  if (wanted !== undefined) {
    const port = Number(wanted);
    if (!Number.isInteger(port) || port < 1 || port > 65535)
      throw new Plain(`--port ${wanted} is not a port number.`);
    return freePort(port);
  }
  return freePort(usualPort).catch(() => freePort());
}

async function openServer(folder, ownFolder, wantedPort) {
  const port = await portFor(wantedPort);
  const server = await ensureServer();
  const { packageExtension } = await import('./lib/package.mjs');
  const { extensions } = await step('Building and packaging the extension', () => packageExtension());
  const running = await step('Starting the VS Code server', () =>
    startServer(server, {
      port,
      dataDir: path.join(cacheDir, 'vscode-data'),
      extensionsDir: extensions,
      trust: ownFolder,
    }),
  );
  say('VS Code is ready; open this address in a browser on this machine. Ctrl-C ends it.');
  process.stdout.write(`${running.url(folder)}\n`);
  const status = await running.exited;
  if (isStopping()) return;
  throw new Plain(`The VS Code server ended by itself, with code ${status}.`);
}

async function main() {
  const options = readOptions();
  const ownFolder = options.folder !== undefined;
  // npm runs scripts in the clone; INIT_CWD is where the person typed the command.
  const asked = ownFolder ? path.resolve(process.env.INIT_CWD ?? process.cwd(), options.folder) : undefined;
  if (asked !== undefined && !fs.statSync(asked, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Plain(`--folder ${options.folder} is not a folder.`);
  }
  ensureCache();
  await ensurePackages();
  const folder = asked ?? sampleWorkspace();
  const code = options['no-desktop'] ? undefined : findOnPath('code');
  if (code !== undefined) return openDesktop(code, folder);
  say(
    options['no-desktop']
      ? 'Using the VS Code server, as asked.'
      : 'No `code` on PATH: using the VS Code server.',
  );
  return openServer(folder, ownFolder, options.port);
}

await main()
  .catch((error) => {
    report(error);
    process.exitCode = 1;
  })
  .finally(endAll);
if (!isStopping()) process.exit();
