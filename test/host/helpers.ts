/**
 * Helpers of the suite inside the extension host. The open workspace is a fresh copy of media/samples/digits.
 *   workspaceFile('model.py')             its Uri
 *   await patchclamp()                    the extension, activated
 *   await openModel('digits.onnx')        its custom editor's tab
 *   await openSource('model.py')          a text editor
 *   await hoverText(uri, line, word)      what hovers say over the first `word` of that line (from 0)
 *   await until('a sentence', probe)      waits until `probe` gives something that is neither false nor undefined
 *   await closeAll()                      closes every editor
 */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';

export const EXTENSION = 'patchclamp.patchclamp';

export function workspaceFile(name: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, 'a workspace folder is open');
  return vscode.Uri.joinPath(folder.uri, ...name.split('/'));
}

export async function patchclamp(): Promise<vscode.Extension<unknown>> {
  const extension = vscode.extensions.getExtension<unknown>(EXTENSION);
  assert.ok(extension, `${EXTENSION} is installed`);
  await extension.activate();
  return extension;
}

export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  ms = 20_000,
): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`Waited ${ms / 1000} s in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export async function openModel(name: string): Promise<vscode.Tab> {
  const uri = workspaceFile(name);
  await vscode.commands.executeCommand('vscode.open', uri);
  return until(`${name} is open in its editor`, () =>
    vscode.window.tabGroups.all
      .flatMap((group) => group.tabs)
      .find(({ input }) => input instanceof vscode.TabInputCustom && input.uri.toString() === uri.toString()),
  );
}

export async function openSource(name: string): Promise<vscode.TextEditor> {
  return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(workspaceFile(name)));
}

export async function hoverText(uri: vscode.Uri, line: number, word: string): Promise<string> {
  const document = await vscode.workspace.openTextDocument(uri);
  const column = document.lineAt(line).text.indexOf(word);
  assert.ok(column >= 0, `line ${line} of ${uri.path} has ${word}`);
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
    'vscode.executeHoverProvider',
    uri,
    new vscode.Position(line, column),
  );
  return hovers
    .flatMap(({ contents }) => contents)
    .map((content) => (content instanceof vscode.MarkdownString ? content.value : JSON.stringify(content)))
    .join('\n');
}

export async function closeAll(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}
