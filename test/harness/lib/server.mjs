// Starts the VS Code server on 127.0.0.1 and waits until it answers. Ending it ends everything below it.
import fs from 'node:fs';
import path from 'node:path';
import { end, freePort, plainEnv, start } from './proc.mjs';
import { Plain } from './say.mjs';

/** A quiet first start: no welcome tab, no chat, nothing that would look outside the machine. */
export const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'workbench.enableExperiments': false,
  'workbench.settings.enableNaturalLanguageSearch': false,
  'npm.fetchOnlinePackageInfo': false,
};

/**
 * @param {{node: string, main: string}} server what ensureServer() found
 * @param {{dataDir: string, extensionsDir: string, port?: number, settings?: object, trust?: boolean, tests?: boolean,
 *   env?: Record<string, string>, onLine?: (line: string) => void}} options `trust`: ask before trusting a folder;
 *   `tests`: accept the payload that runs a test suite in the extension host
 * @returns {Promise<{port: number, url: (folder: string) => string, stop: () => Promise<void>, exited: Promise<number>}>}
 */
export async function startServer(server, options) {
  const port = await freePort(options.port ?? 0);
  writeSettings(options.dataDir, options.settings);
  fs.mkdirSync(options.extensionsDir, { recursive: true });
  const args = [server.main, '--host', '127.0.0.1', '--port', String(port), '--without-connection-token'];
  args.push('--accept-server-license-terms', '--disable-telemetry', '--server-data-dir', options.dataDir);
  args.push('--extensions-dir', options.extensionsDir);
  if (options.trust !== true) args.push('--disable-workspace-trust');
  if (options.tests === true) args.push('--enable-smoke-test-driver');
  const lines = [];
  const child = start(server.node, args, {
    env: plainEnv(options.env),
    onLine(line) {
      lines.push(line);
      if (lines.length > 200) lines.shift();
      options.onLine?.(line);
    },
  });
  let code;
  const exited = new Promise((resolve) => child.once('exit', (status) => resolve((code = status ?? 1))));
  const url = (folder) => {
    const kind = folder.endsWith('.code-workspace') ? 'workspace' : 'folder';
    return `http://127.0.0.1:${port}/?${kind}=${encodeURI(folder)}`;
  };
  const deadline = Date.now() + 60_000;
  while (!(await answers(`http://127.0.0.1:${port}/`))) {
    if (code !== undefined || Date.now() > deadline) {
      await end(child);
      const why = code === undefined ? 'did not answer within a minute' : `ended with code ${code}`;
      throw new Plain(`The VS Code server ${why}:\n${lines.slice(-20).join('\n')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { port, url, stop: () => end(child), exited };
}

/** Writes the machine's settings, which a running server reads again. */
export function writeSettings(dataDir, settings) {
  const file = path.join(dataDir, 'data/Machine/settings.json');
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, JSON.stringify({ ...quietSettings, ...settings }, undefined, 2));
}

async function answers(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch (error) {
    if (error instanceof TypeError || error.name === 'TimeoutError') return false; // nothing listens yet
    throw error;
  }
}
