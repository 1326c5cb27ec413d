// Set-up of a bare machine, step by step and only what is missing: npm packages, Debian packages, the VS Code server.
// Uses Node.js alone: it runs before anything is installed.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { must, plainEnv, run } from './proc.mjs';
import { cacheDir, root, serverHome } from './paths.mjs';
import { Plain, say, step } from './say.mjs';

const buildPackages = [
  'build-essential',
  'python3',
  'pkg-config',
  'libkrb5-dev',
  'libsecret-1-dev',
  'libx11-dev',
  'libxkbfile-dev',
];
const browserPackages = ['chromium', 'fonts-dejavu-core', 'fonts-liberation'];

export function checkNode() {
  if (Number(process.versions.node.split('.')[0]) >= 20) return;
  throw new Plain(
    `Patchclamp needs Node.js 20 or newer; this is ${process.versions.node}. Install it, then try again.`,
  );
}

function npmCommand() {
  const script = process.env.npm_execpath;
  return script?.endsWith('.js') ? [process.execPath, [script]] : ['npm', []];
}

/** True when node_modules holds what package-lock.json asks for (packages for other platforms aside). */
function installed() {
  const read = (file) => JSON.parse(fs.readFileSync(path.join(root, file), 'utf8')).packages;
  if (!fs.existsSync(path.join(root, 'node_modules/.package-lock.json'))) return false;
  const have = read('node_modules/.package-lock.json');
  return Object.entries(read('package-lock.json')).every(
    ([name, entry]) =>
      name === '' ||
      (have[name] === undefined
        ? entry.optional === true || entry.peer === true
        : have[name].version === entry.version),
  );
}

/** `npm ci`, when the installed packages differ from the lock file. */
export async function ensurePackages() {
  checkNode();
  if (installed()) return;
  const [npm, first] = npmCommand();
  await step('Installing the npm packages (npm ci)', () =>
    must(npm, [...first, 'ci', '--no-audit', '--no-fund'], { cwd: root, env: plainEnv(), why: 'npm ci' }),
  );
}

async function missingDebs(names) {
  const { lines } = await run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...names]);
  const have = new Set(lines.filter((line) => line.endsWith(' installed')).map((line) => line.split(' ')[0]));
  return names.filter((name) => !have.has(name));
}

async function ensureDebs(names, what) {
  if (process.platform !== 'linux' || !fs.existsSync('/usr/bin/dpkg-query')) {
    throw new Plain(`${what} needs these packages or your system's counterparts: ${names.join(' ')}.`);
  }
  const missing = await missingDebs(names);
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid() !== 0)
    throw new Plain(`${what} needs Debian packages that are missing. Run: sudo ${command}`);
  await step(`Installing Debian packages for ${what}: ${missing.join(' ')}`, async () => {
    const env = plainEnv({ DEBIAN_FRONTEND: 'noninteractive' });
    await must('apt-get', ['update'], { env });
    await must('apt-get', command.split(' ').slice(1), { env });
  });
}

const serverSource = path.join(root, 'test/harness/vscode-server');
const serverMain = path.join(serverHome, 'node_modules/code-server/lib/vscode/out/server-main.js');
const serverStamp = path.join(serverHome, 'installed.txt');

function serverLockHash() {
  return createHash('sha256')
    .update(fs.readFileSync(path.join(serverSource, 'package-lock.json')))
    .digest('hex');
}

function serverNode() {
  return path.join(serverHome, `node_modules/node-linux-${process.arch}`);
}

/** Installs the VS Code server (npm package code-server, with its own Node.js) unless it is there. */
export async function ensureServer() {
  const found = fs.existsSync(serverStamp) && fs.readFileSync(serverStamp, 'utf8') === serverLockHash();
  if (!found) {
    if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
      throw new Plain(
        `The VS Code server is set up on Linux x64 and arm64 only. Here, install desktop VS Code and put \`code\` on PATH ` +
          `(for the tests: set PATCHCLAMP_VSCODE to its executable).`,
      );
    }
    await ensureDebs(buildPackages, 'the VS Code server');
    await step(
      'Installing the VS Code server into .cache/vscode-server (about two minutes, 620 MB)',
      async () => {
        fs.rmSync(serverHome, { recursive: true, force: true });
        fs.mkdirSync(serverHome, { recursive: true });
        for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
          fs.copyFileSync(path.join(serverSource, name), path.join(serverHome, name));
        }
        const [npm, first] = npmCommand();
        const env = plainEnv({
          PATH: `${serverNode()}/bin${path.delimiter}${process.env.PATH}`,
          npm_config_nodedir: serverNode(),
          npm_config_jobs: '2',
        });
        // The packages' scripts want the Node.js that this very command unpacks (code-server's asks npm which Node.js
        // npm itself runs on), so they run in a second step, by an npm under that Node.js.
        const flags = ['--no-audit', '--no-fund', '--loglevel=error'];
        await must(npm, [...first, 'ci', '--ignore-scripts', ...flags], {
          cwd: serverHome,
          env,
          why: 'npm ci of code-server',
        });
        const newer = first.length > 0 ? path.join(serverNode(), 'bin/node') : npm;
        await must(newer, [...first, 'rebuild', ...flags], {
          cwd: serverHome,
          env,
          why: 'building the VS Code server',
        });
        if (!fs.existsSync(serverMain)) throw new Plain(`code-server was installed without ${serverMain}.`);
        fs.writeFileSync(serverStamp, serverLockHash());
      },
    );
  }
  return { node: path.join(serverNode(), 'bin/node'), main: serverMain };
}

/** The Chromium that the clicks run in: PATCHCLAMP_CHROMIUM, or the system's, installed on Debian as root. */
export async function ensureChromium() {
  const named = process.env.PATCHCLAMP_CHROMIUM;
  if (named) {
    if (fs.existsSync(named)) return named;
    throw new Plain(`PATCHCLAMP_CHROMIUM names ${named}, which does not exist.`);
  }
  const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  const there = () => places.find((place) => fs.existsSync(place));
  if (there() === undefined || (fs.existsSync('/usr/bin/dpkg-query') && process.getuid() === 0)) {
    await ensureDebs(browserPackages, 'Chromium');
  }
  const found = there();
  if (found === undefined)
    throw new Plain('No Chromium found: install one, or set PATCHCLAMP_CHROMIUM to its executable.');
  return found;
}

/** The models of ONNX's own test suite, as Debian packages them; the reference part reads them. */
export function ensureTestData() {
  return ensureDebs(['libonnx-testdata'], 'the reference tests');
}

export function ensureCache() {
  fs.mkdirSync(cacheDir, { recursive: true });
  say(`Working in ${root}`);
}
