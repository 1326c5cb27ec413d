/** What a model says in the source that defines it: hovers, lenses, shapes, and the way to and fro. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { closeAll, hoverText, openModel, openSource, patchclamp, until, workspaceFile } from './helpers';

const SOURCE = 'model.py';

async function lineOf(text: string): Promise<number> {
  const document = await vscode.workspace.openTextDocument(workspaceFile(SOURCE));
  const line = Array.from({ length: document.lineCount }, (_, i) => i).find((i) =>
    document.lineAt(i).text.includes(text),
  );
  assert.ok(line !== undefined, `${SOURCE} has a line with ${text}`);
  return line;
}

async function linked(): Promise<void> {
  await openModel('digits.onnx');
  await openSource(SOURCE);
  const line = await lineOf('return self.norm(self.conv(x))');
  await until('the model is linked', async () => {
    const text = await hoverText(workspaceFile(SOURCE), line, 'self.conv');
    return text.includes('stem.conv');
  });
}

function lenses(): Thenable<vscode.CodeLens[]> {
  return vscode.commands.executeCommand<vscode.CodeLens[]>(
    'vscode.executeCodeLensProvider',
    workspaceFile(SOURCE),
  );
}

function hints(): Thenable<vscode.InlayHint[]> {
  const all = new vscode.Range(0, 0, 1000, 0);
  return vscode.commands.executeCommand<vscode.InlayHint[]>(
    'vscode.executeInlayHintProvider',
    workspaceFile(SOURCE),
    all,
  );
}

function labelOf({ label }: vscode.InlayHint): string {
  return typeof label === 'string' ? label : label.map(({ value }) => value).join('');
}

describe('a model in its source', () => {
  before(async () => {
    await patchclamp();
    await linked();
  });
  after(closeAll);

  it('tells module, class, parameters and shape in a hover', async () => {
    const text = await hoverText(
      workspaceFile(SOURCE),
      await lineOf('return self.pool(F.relu(self.conv(image)))'),
      'pool',
    );
    assert.match(text, /`stem.*`/);
    assert.match(text, /16×14×14/);
  });

  it('lists all modules that share a line', async () => {
    const text = await hoverText(
      workspaceFile(SOURCE),
      await lineOf('return self.norm(self.conv(x))'),
      'conv(x)',
    );
    for (const path of ['stem.conv', 'stages.0.first', 'stages.1.second', 'stages.2.shortcut'])
      assert.ok(text.includes(path), path);
  });

  it('trusts its own commands in a hover and no others', async () => {
    const line = await lineOf('return self.norm(self.conv(x))');
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      workspaceFile(SOURCE),
      new vscode.Position(line, 20),
    );
    const contents = hovers
      .flatMap((hover) => hover.contents)
      .filter((content) => content instanceof vscode.MarkdownString);
    const commands = contents.flatMap(({ value }) =>
      [...value.matchAll(/\(command:([\w.]+)/g)].map((match) => match[1] ?? ''),
    );
    assert.ok(commands.length > 0);
    for (const { isTrusted, supportHtml } of contents) {
      assert.ok(typeof isTrusted === 'object', 'only listed commands are trusted');
      assert.notEqual(supportHtml, true);
      for (const command of commands) assert.ok(isTrusted.enabledCommands.includes(command), command);
    }
  });

  it('puts a lens above every class of the model', async () => {
    const found = await lenses();
    const lines = new Map(found.map((lens) => [lens.range.start.line, lens.command?.title ?? '']));
    assert.match(lines.get(await lineOf('class ResidualBlock')) ?? '', /3 modules, 77\.9 k parameters/);
    assert.match(found.map((lens) => lens.command?.title).join('\n'), /78\.8 k parameters/);
  });

  it('shows shapes after calls, and none when switched off', async () => {
    const shown = await until('shapes are there', async () => {
      const found = await hints();
      return found.length > 0 && found;
    });
    assert.ok(
      shown.map(labelOf).some((label) => label.includes('16×14×14')),
      shown.map(labelOf).join(),
    );
    const config = vscode.workspace.getConfiguration('patchclamp');
    await config.update('inlayHints.enabled', false, vscode.ConfigurationTarget.Workspace);
    try {
      assert.deepEqual((await hints()).map(labelOf), []);
    } finally {
      await config.update('inlayHints.enabled', undefined, vscode.ConfigurationTarget.Workspace);
    }
  });

  it('goes from a node to the line that calls it', async () => {
    await vscode.commands.executeCommand('patchclamp.goToCall', {
      model: workspaceFile('digits.onnx').toString(),
      selection: { kind: 'node', id: 0 },
    });
    const wanted = await lineOf('return self.norm(self.conv(x))');
    await until(
      'the cursor is there',
      () => vscode.window.activeTextEditor?.selection.active.line === wanted,
    );
  });

  it('follows edits: a line moves and its link with it', async () => {
    const editor = await openSource(SOURCE);
    const before = await lineOf('return self.norm(self.conv(x))');
    await editor.edit((edit) => {
      edit.insert(new vscode.Position(0, 0), '# one more line\n');
    });
    try {
      await until('the link has moved', async () => {
        const text = await hoverText(workspaceFile(SOURCE), before + 1, 'self.conv');
        return text.includes('stem.conv');
      });
    } finally {
      await vscode.commands.executeCommand('workbench.action.files.revert');
    }
  });
});
