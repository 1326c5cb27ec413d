/** Files a person asks for: never over the model's own, whole or not at all. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { isFailure } from '../../src/base/errors';
import { writeBeside } from '../../src/editor/writeBeside';

async function* pieces(...texts: string[]): AsyncIterable<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(new TextEncoder().encode(text));
}

describe('exporting', () => {
  let folder: string;
  const at = (name: string): string => path.join(folder, name);
  const uri = (name: string): vscode.Uri => vscode.Uri.file(at(name));

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'patchclamp-export-'));
    writeFileSync(at('m.onnx'), 'the model');
    mkdirSync(at('data'));
    writeFileSync(at('data/w.bin'), 'its weights');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('refuses the model and its data files, also through a link', async () => {
    symlinkSync(at('m.onnx'), at('link.npy'));
    symlinkSync(at('data'), at('elsewhere'));
    const own = [uri('m.onnx'), uri('data/w.bin')];
    for (const name of ['m.onnx', 'data/w.bin', 'link.npy', 'elsewhere/w.bin', 'data/../m.onnx']) {
      await assert.rejects(writeBeside(uri(name), own, pieces('x')), (error) => {
        assert.ok(isFailure(error) && error.code === 'not-writable', String(error));
        assert.match(error.message, /never written to/);
        return true;
      });
    }
    assert.equal(readFileSync(at('m.onnx'), 'utf8'), 'the model');
    assert.equal(readFileSync(at('data/w.bin'), 'utf8'), 'its weights');
  });

  it('leaves what was there when it fails half-way, and nothing of its own', async () => {
    writeFileSync(at('old.npy'), 'the old export');
    const half = (async function* (): AsyncIterable<Uint8Array> {
      yield* pieces('half');
      throw new Error('cancelled');
    })();
    await assert.rejects(writeBeside(uri('old.npy'), [uri('m.onnx')], half), /cancelled/);
    assert.equal(readFileSync(at('old.npy'), 'utf8'), 'the old export');
    assert.deepEqual(readdirSync(folder).sort(), ['data', 'm.onnx', 'old.npy']);
  });

  it('writes pieces in order, over an earlier export', async () => {
    writeFileSync(at('old.npy'), 'a longer old export');
    await writeBeside(uri('old.npy'), [uri('m.onnx')], pieces('a', 'b', 'c'));
    assert.equal(readFileSync(at('old.npy'), 'utf8'), 'abc');
  });

  it('says which file cannot be written', async () => {
    await assert.rejects(
      writeBeside(uri('nowhere/x.npy'), [], pieces('x')),
      /nowhere.x\.npy cannot be written/,
    );
    assert.equal(existsSync(at('nowhere')), false);
  });
});
