/** What is loaded to activate the extension: little, and nothing that reads or runs models. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { build, type Metafile } from 'esbuild';

const root = path.resolve(__dirname, '../..');

/** The files of the outputs that an entry loads at once, with their bytes in it. */
function loadedAtOnce({ outputs }: Metafile, entry: string): Map<string, number> {
  const seen = new Set<string>();
  const bytes = new Map<string, number>();
  const visit = (name: string): void => {
    const output = outputs[name];
    if (output === undefined || seen.has(name)) return;
    seen.add(name);
    for (const [file, { bytesInOutput }] of Object.entries(output.inputs))
      if (bytesInOutput > 0) bytes.set(file, (bytes.get(file) ?? 0) + bytesInOutput);
    for (const { path: target, kind } of output.imports) if (kind === 'import-statement') visit(target);
  };
  visit(Object.keys(outputs).find((name) => outputs[name]?.entryPoint === entry) ?? '');
  return bytes;
}

describe('activation', () => {
  it('loads what registers, and leaves the parts to be loaded after it', async () => {
    const { metafile } = await build({
      entryPoints: ['src/extension.ts'],
      absWorkingDir: root,
      bundle: true,
      splitting: true,
      minify: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'esm',
      outdir: 'out/activation',
      external: ['vscode', 'onnxruntime-node', 'onnxruntime-common'],
    });
    const loaded = loadedAtOnce(metafile, 'src/extension.ts');
    const sum = [...loaded.values()].reduce((total, size) => total + size, 0);
    const list = [...loaded.keys()];
    assert.ok(list.includes('src/editor/providers.ts'), list.join(', '));
    assert.ok(sum < 20_000, `${String(sum)} bytes: ${list.join(', ')}`);
    assert.deepEqual(
      list.filter((file) => /node_modules|^src\/(onnx|data|engine|source|study|compare)\//.test(file)),
      [],
    );
    const whole = new Set(Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs)));
    assert.ok(whole.has('src/editor/parts.ts') && whole.has('src/onnx/skeleton.ts'));
  });
});
