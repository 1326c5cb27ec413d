/** What is asked about inputs, and the questions that every kind of input shares: a file, a whole number. */
import * as vscode from 'vscode';
import type { FeedSpec } from '../contract/run';
import type { FeedSource } from '../data/feed';
import type { Guesses } from '../data/guess';
import type { FeedFiles } from './feedFiles';

export interface PartQuestion {
  readonly spec: FeedSpec;
  readonly source: FeedSource | undefined;
  readonly part: string;
  readonly files: FeedFiles;
  readonly guesses: Guesses;
}

/** A recipe; nothing to be fed; or undefined when the person backed out. */
export type Answer = FeedSource | 'left out' | undefined;

/** A file from VS Code's own dialog, as recipes name it. */
export async function askFile(
  files: FeedFiles,
  extensions: readonly string[],
  title: string,
): Promise<string | undefined> {
  const [uri] =
    (await vscode.window.showOpenDialog({
      canSelectMany: false,
      title,
      defaultUri: files.folder,
      filters: { [title]: [...extensions] },
    })) ?? [];
  return uri === undefined ? undefined : files.name(uri);
}

/** A whole number, or undefined when the person backed out. */
export async function askWhole(
  prompt: string,
  value: number | undefined,
  from = 0,
): Promise<number | undefined> {
  const text = await vscode.window.showInputBox({
    ignoreFocusOut: true,
    prompt,
    value: String(value ?? from),
    validateInput: (typed) =>
      /^\d+$/.test(typed.trim()) && Number(typed) >= from && Number.isSafeInteger(Number(typed))
        ? undefined
        : vscode.l10n.t('A whole number from {0}.', from),
  });
  return text === undefined ? undefined : Number(text);
}
