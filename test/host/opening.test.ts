/** The extension in a real extension host: it activates, and a model opens in its own editor. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { closeAll, openModel, patchclamp } from './helpers';

interface Manifest {
  readonly contributes: { readonly commands: readonly { readonly command: string }[] };
}

describe('opening a model', () => {
  afterEach(closeAll);

  it('activates without loading native code', async () => {
    const extension = await patchclamp();
    assert.equal(extension.isActive, true);
    const report = process.report.getReport() as { readonly sharedObjects: readonly string[] };
    assert.deepEqual(
      report.sharedObjects.filter((file) => /onnxruntime/.test(file)),
      [],
    );
  });

  it('opens an .onnx file in the model editor', async () => {
    const tab = await openModel('digits.onnx');
    assert.ok(tab.input instanceof vscode.TabInputCustom);
    assert.equal(tab.input.viewType, 'patchclamp.model');
  });

  it('registers every command it contributes', async () => {
    const manifest = (await patchclamp()).packageJSON as Manifest;
    const { contributes } = manifest;
    const known = new Set(await vscode.commands.getCommands(true));
    assert.ok(contributes.commands.length > 0);
    assert.deepEqual(
      contributes.commands.map(({ command }) => command).filter((command) => !known.has(command)),
      [],
    );
  });
});
