/** Failures as the editor shows them: a page, a banner or a notification, one sentence each and what to do. */
import * as vscode from 'vscode';
import { isCancelled } from '../base/cancel';
import { isFailure } from '../base/errors';
import type { Trouble } from '../contract/hostApi';

/** What a person reads of anything thrown; programming errors point to the log instead of a stack. */
export function toTrouble(error: unknown): Trouble {
  if (isFailure(error)) return { what: error.what, remedy: error.remedy, code: error.code };
  const text = error instanceof Error ? error.message : String(error);
  return {
    what: vscode.l10n.t('Something went wrong inside Patchclamp: {0}', text),
    remedy: vscode.l10n.t('The log has the details; please report it.'),
    code: 'internal',
  };
}

/** Logs in full, shows one sentence with *Show Log*. Cancellation is neither logged nor shown. */
export function report(log: vscode.LogOutputChannel, doing: string, error: unknown): void {
  if (isCancelled(error)) return;
  log.error(`${doing}:`, error instanceof Error ? (error.stack ?? error.message) : String(error));
  const { what, remedy } = toTrouble(error);
  const showLog = vscode.l10n.t('Show Log');
  void vscode.window.showErrorMessage(remedy === '' ? what : `${what} ${remedy}`, showLog).then((choice) => {
    if (choice === showLog) log.show();
  });
}
