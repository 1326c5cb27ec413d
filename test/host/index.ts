/**
 * Entry of the suite that runs inside a real extension host. VS Code calls `run()` (the contract of
 * `@vscode/test-electron`; the VS Code server's payload calls the same), which runs every `*.test.ts` of this folder,
 * bundled beside this file by test/harness/host.mjs. What happens is written to the file PATCHCLAMP_HOST_RESULTS as
 * one JSON object a line, because not every launcher shows an extension host's console.
 */
import { appendFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

export async function run(): Promise<void> {
  const results = process.env['PATCHCLAMP_HOST_RESULTS'];
  if (results === undefined)
    throw new Error('PATCHCLAMP_HOST_RESULTS is not set: run this suite with npm test.');
  const write = (line: object): void => appendFileSync(results, `${JSON.stringify(line)}\n`);
  try {
    const { default: Mocha } = await import('mocha');
    const mocha = new Mocha({
      ui: 'bdd',
      timeout: 30_000,
      forbidOnly: true,
      forbidPending: true,
      reporter: 'min',
      ...(process.env['PATCHCLAMP_GREP'] === undefined ? {} : { grep: process.env['PATCHCLAMP_GREP'] }),
    });
    for (const file of readdirSync(__dirname)) {
      if (file.endsWith('.test.js')) mocha.addFile(path.join(__dirname, file));
    }
    await mocha.loadFilesAsync();
    const failures = await new Promise<number>((resolve) => {
      const runner = mocha.run(resolve);
      runner.on('pass', (test) => write({ passed: test.fullTitle(), ms: test.duration ?? 0 }));
      runner.on('fail', (test, error: unknown) =>
        write({
          failed: test.fullTitle(),
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        }),
      );
    });
    write({ done: true });
    if (failures > 0) throw new Error(`${failures} failed`);
  } catch (error) {
    write({ stopped: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    throw error;
  }
}
