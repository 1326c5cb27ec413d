/** Links beyond an open model beside its file: models nobody has opened, notebooks' cells, unsaved text, exports' lenses. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { closeAll, hoverText, openSource, patchclamp, until, workspaceFile } from './helpers';

/** This suite is bundled into out/test/host of the clone. */
const FIXTURES = path.resolve(__dirname, '../../../test/fixtures');

async function lineIn(document: vscode.TextDocument, text: string): Promise<number> {
  return until(`${text} is in ${document.uri.path}`, () => {
    const line = document
      .getText()
      .split('\n')
      .findIndex((each) => each.includes(text));
    return line >= 0 ? line + 1 : undefined;
  }).then((line) => line - 1);
}

async function hoverOn(document: vscode.TextDocument, text: string, word: string): Promise<string> {
  return hoverText(document.uri, await lineIn(document, text), word);
}

describe('models that nobody has opened', () => {
  before(async () => {
    await patchclamp();
    await closeAll();
  });
  after(closeAll);

  it('speak in hovers, from the index alone', async () => {
    const { document } = await openSource('model.py');
    const text = await until('the index knows the line', async () => {
      const found = await hoverOn(document, 'return self.norm(self.conv(x))', 'self.conv');
      return found.includes('stem.conv') && found;
    });
    assert.match(text, /digits/);
    assert.deepEqual(
      vscode.window.tabGroups.all
        .flatMap(({ tabs }) => tabs)
        .filter(({ input }) => input instanceof vscode.TabInputCustom),
      [],
    );
  });

  it('tell the call of a module that holds others', async () => {
    const { document } = await openSource('model.py');
    const text = await hoverOn(document, 'x = self.stem(image)', 'stem');
    assert.match(text, /`stem`/);
    assert.match(text, /16×14×14/);
  });

  it('follow text that is not saved', async () => {
    const editor = await openSource('model.py');
    const line = await lineIn(editor.document, 'class ConvNorm');
    await editor.edit((edit) => {
      edit.insert(new vscode.Position(line, 0), '# moved\n# down\n');
    });
    try {
      await until('the links have moved', async () =>
        (await hoverOn(editor.document, 'return self.norm(self.conv(x))', 'self.conv')).includes('stem.conv'),
      );
      assert.equal(editor.document.isDirty, true);
    } finally {
      await vscode.commands.executeCommand('workbench.action.files.revert');
    }
  });
});

describe('a notebook whose cells define a model', () => {
  let notebook: vscode.NotebookDocument;
  before(async () => {
    await patchclamp();
    const folder = workspaceFile('notebook').fsPath;
    mkdirSync(folder, { recursive: true });
    for (const file of ['analysis.ipynb', 'analysis.onnx'])
      copyFileSync(path.join(FIXTURES, 'notebook', file), path.join(folder, file));
    // Opened by hand: the disk may be slow to tell of new files.
    await vscode.commands.executeCommand('patchclamp.openModel', workspaceFile('notebook/analysis.onnx'));
    notebook = await vscode.workspace.openNotebookDocument(workspaceFile('notebook/analysis.ipynb'));
    await vscode.window.showNotebookDocument(notebook);
  });
  after(closeAll);

  it('has hovers in the cell', async () => {
    const cell = notebook.cellAt(2).document;
    const text = await until('the cell is linked', async () => {
      const found = await hoverOn(cell, 'return x + F.gelu', 'norm');
      return found.includes('blocks.0.norm') && found;
    });
    assert.match(text, /3 modules|\*\*3/);
    assert.match(text, /inferred/);
  });

  it('is where a node of the model leads', async () => {
    const model = workspaceFile('notebook/analysis.onnx').toString();
    await vscode.commands.executeCommand('patchclamp.goToCall', {
      model,
      selection: { kind: 'node', id: 0 },
    });
    await until('the cell is selected', () => {
      const editor = vscode.window.activeNotebookEditor;
      return editor?.notebook.uri.toString() === notebook.uri.toString() && editor.selection.start > 0;
    });
  });
});

describe('lenses that write exports', () => {
  before(async () => {
    await patchclamp();
  });
  after(closeAll);

  it('stand above models and not above their parts', async () => {
    const { document } = await openSource('model.py');
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      document.uri,
    );
    const lines = lenses
      .filter(({ command }) => command?.command === 'patchclamp.writeExportScript')
      .map(({ range }) => document.lineAt(range.start.line).text);
    assert.deepEqual(lines, ['class Digits(nn.Module):']);
  });

  it('refuse to run a script that is not on this disk, with a sentence', async () => {
    const script = vscode.Uri.parse('untitled:export_digits.py');
    // Shown as a message, not thrown: a command of a person's never rejects.
    await vscode.commands.executeCommand('patchclamp.runExport', script);
    assert.equal(vscode.tasks.taskExecutions.length, 0);
  });
});

describe('a frame in a library', () => {
  const LINE = 'return self._conv_forward(input, self.weight, self.bias)';
  const venv = workspaceFile('.venv').fsPath;
  const conv = path.join(venv, 'lib/python3.12/site-packages/torch/nn/modules/conv.py');

  before(async () => {
    await patchclamp();
    mkdirSync(path.dirname(conv), { recursive: true });
    mkdirSync(path.join(venv, 'bin'));
    writeFileSync(path.join(venv, 'pyvenv.cfg'), 'home = /usr/bin\n');
    writeFileSync(path.join(venv, 'bin/python'), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(conv, `# another version\n\ndef forward(self, input):\n    ${LINE}\n`);
    await vscode.commands.executeCommand('patchclamp.openModel', workspaceFile('digits.onnx'));
  });
  after(async () => {
    await closeAll();
    rmSync(venv, { recursive: true });
  });

  it('is opened by a click in the packages of the workspace’s own Python, at the line that reads the same', async () => {
    await vscode.commands.executeCommand('patchclamp.openLibraryFrame', {
      model: workspaceFile('digits.onnx').toString(),
      selection: { kind: 'node', id: 0 },
      frame: 0,
    });
    const editor = await until('the file is open', () => {
      const active = vscode.window.activeTextEditor;
      return active?.document.uri.fsPath.endsWith('conv.py') === true && active;
    });
    assert.equal(realpathSync(editor.document.uri.fsPath), realpathSync(conv));
    assert.equal(editor.document.lineAt(editor.selection.active.line).text.trim(), LINE);
  });
});
