/** Whether a model may run here: viewing always may, running waits for trust and for a file the engine can open. */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Failure } from '../base/errors';
import { Emitter } from '../base/event';
import type { CannotRun } from '../contract/hostApi';

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

  /** Why a model cannot be run and what to do about it, or null when it can. */
  cannotRun(uri: vscode.Uri): CannotRun | null {
    if (!this.trusted) {
      const reason = vscode.l10n.t(
        'This workspace is in Restricted Mode, so models can be viewed but not run. Trust it to run them.',
      );
      return { reason, action: 'trust' };
    }
    if (uri.scheme !== 'file') {
      const reason = vscode.l10n.t('This file is not on this machine’s disk. Make a local copy to run it.');
      return { reason, action: 'copy' };
    }
    if (process.platform === 'darwin' && process.arch === 'x64') {
      const reason = vscode.l10n.t(
        'ONNX Runtime has no library for Intel Macs since version 1.24, so models can be viewed here but not run.',
      );
      return { reason, action: null };
    }
    return null;
  }

  /** Throws `untrusted` or `unsupported`, with the sentence to show, unless a model may run. */
  check(uri: vscode.Uri): void {
    const refusal = this.cannotRun(uri);
    if (refusal === null) return;
    const code = refusal.action === 'trust' ? 'untrusted' : 'unsupported';
    throw new Failure({ code, message: refusal.reason, remedy: '' });
  }

  async manage(): Promise<void> {
    await vscode.commands.executeCommand('workbench.trust.manage');
  }

  dispose(): void {
    this.#store.dispose();
  }
}
