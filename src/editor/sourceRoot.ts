/**
 * The Python of a workspace as the linker reads it: files are found by VS Code (its exclude settings hold), and a file
 * that is open is read as the person sees it, unsaved edits included. A model outside every workspace folder uses its
 * own folder.
 */
import * as vscode from 'vscode';
import { throwIfCancelled } from '../base/cancel';
import type { SourceRoot } from '../source/sources';

const FILE_LIMIT = 5000;
const NEVER = '**/{node_modules,site-packages,.git,.venv,venv,__pycache__,.tox,build,dist}/**';

export class WorkspaceRoot implements SourceRoot {
  constructor(readonly folder: vscode.Uri) {}

  /** The root that holds the source of this model. */
  static of(model: vscode.Uri): WorkspaceRoot {
    const folder = vscode.workspace.getWorkspaceFolder(model)?.uri;
    return new WorkspaceRoot(folder ?? vscode.Uri.joinPath(model, '..'));
  }

  async list(signal?: AbortSignal): Promise<readonly string[]> {
    const pattern = new vscode.RelativePattern(this.folder, '**/*.py');
    const found = await vscode.workspace.findFiles(pattern, NEVER, FILE_LIMIT);
    throwIfCancelled(signal);
    return found
      .map((uri) => this.relative(uri))
      .filter((file) => file !== undefined)
      .sort();
  }

  async read(file: string, signal?: AbortSignal): Promise<string | null> {
    const uri = this.uri(file);
    const open = vscode.workspace.textDocuments.find(
      (document) => document.uri.toString() === uri.toString(),
    );
    if (open !== undefined) return open.getText();
    try {
      const bytes = await vscode.workspace.fs.readFile(uri);
      throwIfCancelled(signal);
      return new TextDecoder('utf-8').decode(bytes);
    } catch (error) {
      if (error instanceof vscode.FileSystemError) return null;
      throw error;
    }
  }

  uri(file: string): vscode.Uri {
    return vscode.Uri.joinPath(this.folder, ...file.split('/'));
  }

  /** The path of a file below this root, with '/', or undefined for one outside. */
  relative(uri: vscode.Uri): string | undefined {
    const base = this.folder.path.endsWith('/') ? this.folder.path : `${this.folder.path}/`;
    if (uri.scheme !== this.folder.scheme || uri.authority !== this.folder.authority) return undefined;
    return uri.path.startsWith(base) ? uri.path.slice(base.length) : undefined;
  }
}
