/** What stays and what goes: a run that ends the engine, files that change under a model, models that are closed. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { externalTensor, modelOf, plain } from '../unit/onnx/seeds';
import { engines } from './engines';
import { closeAll, openModel, patchclamp, until, workspaceFile } from './helpers';

/** Files an engine process holds open. */
function openFiles(): string[] {
  return engines().flatMap((pid) =>
    readdirSync(`/proc/${String(pid)}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${String(pid)}/fd/${fd}`)];
      } catch {
        return []; // closed meanwhile
      }
    }),
  );
}

function write(name: string, bytes: Uint8Array): void {
  const file = workspaceFile(name).fsPath;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, bytes);
}

describe('closing a model', () => {
  before(async () => {
    await patchclamp();
    write(
      'external/model.onnx',
      modelOf({ ...plain(), initializer: [externalTensor('w', [3], 'data/w.bin')] }),
    );
    write('external/data/w.bin', new Uint8Array(Float32Array.of(1, 2, 3).buffer));
  });
  after(async () => {
    await closeAll();
    rmSync(workspaceFile('external').fsPath, { recursive: true });
  });

  it('makes the engine close its file', async function () {
    if (process.platform !== 'linux') throw new Error('This test reads /proc: run it on Linux.');
    this.timeout(60_000);
    const file = workspaceFile('external/model.onnx').fsPath;
    await openModel('external/model.onnx');
    await vscode.commands.executeCommand('patchclamp.runAgain', {
      model: workspaceFile('external/model.onnx').toString(),
    });
    await until('the engine has it open', () => openFiles().includes(file));
    await closeAll();
    await until('the engine has closed it', () => !openFiles().includes(file), 30_000);
    assert.ok(engines().length > 0, 'the engine itself stays');
  });
});
