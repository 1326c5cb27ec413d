/**
 * The node tests of pip's onnx whose own opset is 18 to 25 (cases.zip, written by generate.py), in the form of those of
 * libonnx-testdata: unpacked once per process into a temporary folder that goes with the process.
 */
import { unzipSync } from 'fflate';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestModel } from '../engine/testdata';

export interface OpsetModel extends TestModel {
  /** 18 to 25. */
  readonly opset: number;
}

let unpacked: readonly OpsetModel[] | undefined;

/** Every case, in the order of their names: `opset18/test_bitwise_and_i16_4d`, with its model and its data sets. */
export function opsetModels(): readonly OpsetModel[] {
  unpacked ??= unpack();
  return unpacked;
}

function unpack(): OpsetModel[] {
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-opsets-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const sets = new Map<string, Set<string>>();
  let opsets: Readonly<Record<string, number>> = {};
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(join(__dirname, 'cases.zip'))))) {
    if (name === 'opsets.json') {
      opsets = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, number>;
      continue;
    }
    const file = join(folder, name);
    const [test = '', set] = name.split('/');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
    const known = sets.get(test) ?? new Set<string>();
    sets.set(test, known);
    if (set?.startsWith('test_data_set_') === true) known.add(join(folder, test, set));
  }
  return Object.entries(opsets)
    .map(([test, opset]) => ({
      name: `opset${String(opset)}/${test}`,
      opset,
      file: join(folder, test, 'model.onnx'),
      sets: [...(sets.get(test) ?? [])].sort(),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
