/** The CodeLens *Run* over experiment files. */
import { posix } from 'node:path';
import * as vscode from 'vscode';
import { findingsFile } from '../study/experiment';

export class ExperimentLens implements vscode.CodeLensProvider {
  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    return [
      new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), {
        title: vscode.l10n.t('$(play) Run'),
        tooltip: vscode.l10n.t(
          'Runs this experiment and writes {0}',
          posix.basename(findingsFile(document.uri.path)),
        ),
        command: 'patchclamp.runExperiment',
        arguments: [document.uri],
      }),
    ];
  }
}
