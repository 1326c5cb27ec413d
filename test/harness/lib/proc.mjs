// Child processes that never outlive the harness. Each is the leader of its own process group; the group is ended when
// the command ends, on Ctrl-C, SIGTERM or SIGHUP, and (by leash.mjs) even when this process is killed outright.
import { spawn } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Plain } from './say.mjs';

const leash = path.join(path.dirname(fileURLToPath(import.meta.url)), 'leash.mjs');
const groups = new Set();
const onWindows = process.platform === 'win32';

/** The environment without what npm, VS Code and Electron put there for their own children. */
export function plainEnv(extra = {}) {
  const env = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (/^(npm_|VSCODE_|ELECTRON_)/i.test(name) || name === 'NODE_OPTIONS' || name === 'INIT_CWD') continue;
    env[name] = value;
  }
  return { ...env, ...extra };
}

function endGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    if (onWindows) child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Ends one started process with everything below it: politely, then by force after `graceMs`. */
export async function end(child, graceMs = 3000) {
  const gone = child.exitCode !== null || child.signalCode !== null;
  if (!gone) {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    endGroup(child, 'SIGTERM');
    const timer = setTimeout(() => endGroup(child, 'SIGKILL'), graceMs);
    await exited;
    clearTimeout(timer);
  }
  endGroup(child, 'SIGKILL');
  groups.delete(child);
}

let endingAll;
export function endAll() {
  endingAll ??= Promise.all([...groups].map((child) => end(child)));
  return endingAll;
}

let stopping = false;
/** True once a signal has asked this process to stop: what ends now was ended by us. */
export const isStopping = () => stopping;

const beforeExit = [];
/** Work to do before a signal ends this process (closing a browser, say). */
export function onStop(work) {
  beforeExit.push(work);
}

for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
]) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    void Promise.allSettled(beforeExit.map((work) => work(signal)))
      .then(endAll)
      .finally(() => process.exit(128 + number));
  });
}
if (process.env.npm_lifecycle_event !== undefined && !onWindows) {
  // npm killed outright forwards no signal: a changed parent is the only sign of it.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, 1000).unref();
}

/**
 * Starts a process on a leash. `onLine(line)` sees its stdout and stderr, line by line.
 * @returns the child process
 */
export function start(command, args, { cwd, env = plainEnv(), onLine } = {}) {
  const child = spawn(process.execPath, [leash, command, ...args], {
    cwd,
    env,
    detached: !onWindows,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined); // the leash may be gone first; its exit is what counts
  groups.add(child);
  child.once('exit', () => {
    if (endingAll === undefined) endGroup(child, 'SIGKILL');
    groups.delete(child);
  });
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine?.(line);
    });
    stream.on('end', () => {
      if (rest !== '') onLine?.(rest);
    });
  }
  return child;
}

/** Runs a command to its end. Resolves to `{code, lines}`; it is for the caller to judge the code. */
export function run(command, args, { onLine, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const lines = [];
    const child = start(command, args, {
      ...options,
      onLine(line) {
        lines.push(line);
        onLine?.(line);
      },
    });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: code ?? (signal ? 1 : 0), lines }));
  });
}

/** Runs a command that must succeed; a failure shows its last lines. */
export async function must(command, args, { why = `${command} ${args.join(' ')}`, ...options } = {}) {
  const { code, lines } = await run(command, args, options);
  if (code === 0) return lines;
  throw new Plain(
    `${why} failed (exit code ${code}):\n${lines
      .slice(-40)
      .map((l) => `    ${l}`)
      .join('\n')}`,
  );
}

/** A TCP port of 127.0.0.1 that is free now; `wanted` is refused with a sentence when taken. */
export function freePort(wanted = 0) {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', (error) => {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') reject(error);
      else reject(new Plain(`Port ${wanted} is not free; name another with -- --port N.`));
    });
    probe.listen(wanted, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
