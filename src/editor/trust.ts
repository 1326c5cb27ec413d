/** Whether a model may run here: viewing always may, running waits for trust and for a file the engine can open. */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter } from '../base/event';

export class Trust implements Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<void>());
  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#store.add(
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        this.#changed.fire();
      }),
    );
  }

  get trusted(): boolean {
    return vscode.workspace.isTrusted;
  }

  /** Why a model cannot be run, or null when it can. */
  cannotRun(uri: vscode.Uri): string | null {
    if (!this.trusted) {
      return vscode.l10n.t(
        'This workspace is in Restricted Mode, so models can be viewed but not run. Trust it to run them.',
      );
    }
    if (uri.scheme !== 'file') {
      return vscode.l10n.t('This file is not on this machine’s disk. Make a local copy to run it.');
    }
    if (process.platform === 'darwin' && process.arch === 'x64') {
      return vscode.l10n.t(
        'ONNX Runtime has no library for Intel Macs since version 1.24, so models can be viewed here but not run.',
      );
    }
    return null;
  }

  async manage(): Promise<void> {
    await vscode.commands.executeCommand('workbench.trust.manage');
  }

  dispose(): void {
    this.#store.dispose();
  }
}
