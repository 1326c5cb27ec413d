// Where the harness keeps things. Everything it writes lies in the clone (.cache, out, dist, node_modules), all of it
// ignored by git; temporary files lie in the system's temporary folder. PATCHCLAMP_CACHE moves .cache elsewhere, so
// that a hosted CI can keep it between runs.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const cacheDir = process.env.PATCHCLAMP_CACHE
  ? path.resolve(process.env.PATCHCLAMP_CACHE)
  : path.join(root, '.cache');
export const outDir = path.join(root, 'out');
export const serverHome = path.join(cacheDir, 'vscode-server');
