/** A model's folder behind `workspace.fs`: the external data of a model in a virtual workspace. */
import * as vscode from 'vscode';
import { Failure } from '../base/errors';
import type { ModelFolder } from '../onnx/folder';
import { openUri } from './uriSource';

export function uriFolder(folder: vscode.Uri): ModelFolder {
  const at = (location: string): vscode.Uri => vscode.Uri.joinPath(folder, ...location.split(/[\\/]/));
  const size = async (location: string): Promise<number> => {
    let stat: vscode.FileStat;
    try {
      stat = await vscode.workspace.fs.stat(at(location));
    } catch (error) {
      throw refused(location, vscode.l10n.t('cannot be found beside the model'), error);
    }
    if ((stat.type & vscode.FileType.SymbolicLink) !== 0)
      throw refused(location, vscode.l10n.t('is a symbolic link'));
    if ((stat.type & vscode.FileType.File) === 0) throw refused(location, vscode.l10n.t('is not a file'));
    return stat.size;
  };
  return {
    size,
    open: async (location) => {
      await size(location);
      return openUri(at(location));
    },
  };
}

function refused(location: string, why: string, cause?: unknown): Failure {
  return new Failure({
    code: 'bad-external-data',
    message: vscode.l10n.t('The external data file "{0}" {1}.', location, why),
    remedy: vscode.l10n.t(
      'Put the model and its data files into one folder, under the names they were saved with.',
    ),
    cause,
  });
}
