/**
 * CodeLens to write and to run export scripts: above the classes of a file that are models and not parts of one, and at
 * the top of the scripts themselves.
 */
import * as vscode from 'vscode';
import { classesOf } from './classesOf';
import type { ExportBook } from './exportBook';

export class ExportLenses implements vscode.CodeLensProvider {
  constructor(private readonly book: ExportBook) {}

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const config = vscode.workspace.getConfiguration('patchclamp', document);
    if (!config.get<boolean>('codeLens.enabled', true) || !isSaved(document)) return [];
    const own = this.book.byScript(document.uri);
    if (own !== undefined) return vscode.workspace.isTrusted ? [run(0, 0, document.uri)] : [];
    const text = document.getText();
    if (!/^\s*class\s/m.test(text)) return [];
    const classes = await classesOf(text);
    return classes
      .filter(({ outermost }) => outermost)
      .map(({ name, line, column }) => {
        const kept = this.book.of(document.uri, name);
        if (kept?.ran === true && vscode.workspace.isTrusted)
          return run(line - 1, column, vscode.Uri.parse(kept.script));
        return new vscode.CodeLens(new vscode.Range(line - 1, column, line - 1, column), {
          title: vscode.l10n.t('$(export) Write Export Script…'),
          tooltip: vscode.l10n.t('Write a Python script that exports {0} with all that links need', name),
          command: 'patchclamp.writeExportScript',
          arguments: [{ uri: document.uri.toString(), className: name }],
        });
      });
  }
}

function run(line: number, column: number, script: vscode.Uri): vscode.CodeLens {
  const name = script.path.slice(script.path.lastIndexOf('/') + 1);
  return new vscode.CodeLens(new vscode.Range(line, column, line, column), {
    title: vscode.l10n.t('$(play) Export'),
    tooltip: vscode.l10n.t('Run {0}', name),
    command: 'patchclamp.runExport',
    arguments: [script],
  });
}

function isSaved({ uri }: vscode.TextDocument): boolean {
  return uri.scheme !== 'untitled' && uri.scheme !== 'vscode-notebook-cell';
}
