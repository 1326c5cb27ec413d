/** Every case of ONNX's own test data, of which npm test goes through one in five: see test/reference/share.ts. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const title =
  "ONNX's node tests (opsets up to 17, and 18 to 25) are unchanged by capturing everything and by identity, and their gradients agree with central differences";
export const paths = [
  'src/engine/child',
  'src/onnx/rewrite',
  'src/onnx/write.ts',
  'test/reference/share.ts',
  'test/reference/engine/packageRuns.ts',
  'test/reference/engine/testdata.test.ts',
  'test/reference/opsets',
  'test/reference/gradients/cases.ts',
  'test/reference/gradients/check.ts',
  'test/reference/gradients/opsetCases.ts',
  'test/reference/gradients/opsets.test.ts',
];
const files = ['engine/testdata', 'opsets/opsets', 'gradients/opsets'];
export const cases = files.length;

interface Context {
  readonly from: number;
  readonly signal: AbortSignal;
  readonly save: (done: number, details: unknown) => void;
  readonly details: unknown;
}

export async function run({ from, signal, save, details }: Context): Promise<void> {
  const seconds = { ...(details as Readonly<Record<string, number>> | undefined) };
  for (const [at, file] of files.entries()) {
    if (at < from) continue;
    const begin = Date.now();
    if (!(await passes(file, signal))) {
      if (signal.aborted) return;
      throw new Error(`A case of test/reference/${file}.test.ts fails; mocha says above which.`);
    }
    seconds[file] = Math.round((Date.now() - begin) / 1000);
    save(at + 1, seconds);
  }
}

/** Mocha over one file of reference tests with every case in it. */
function passes(file: string, signal: AbortSignal): Promise<boolean> {
  const root = join(__dirname, '..', '..');
  const mocha = join(root, 'node_modules/mocha/bin/mocha.js');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [mocha, `test/reference/${file}.test.ts`], {
      cwd: root,
      env: { ...process.env, PATCHCLAMP_EVERY_CASE: '1' },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const abort = (): boolean => child.kill();
    signal.addEventListener('abort', abort);
    child.once('error', reject);
    child.once('exit', (code) => {
      signal.removeEventListener('abort', abort);
      resolve(code === 0);
    });
  });
}
