/** A drawing or a table as a file, where the person wants it. */
import * as vscode from 'vscode';
import { modelFiles } from './modelStamp';
import type { OpenModel } from './openModel';
import { writeBeside } from './writeBeside';

/** Asks where to; false when the person decided not to. */
export async function saveFile(model: OpenModel, name: string, content: Uint8Array): Promise<boolean> {
  const stem = model.name.replace(/\.onnx$/i, '');
  const extension = name.slice(name.lastIndexOf('.') + 1);
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(model.uri, '..', `${stem}.${name}`),
    filters: { [extension.toUpperCase()]: [extension] },
  });
  if (target === undefined) return false;
  await writeBeside(target, modelFiles(model), [content]);
  return true;
}
