/** Asks for a text as an input, and for each step from the text to numbers: tokenizer, field, special tokens, padding. */
import * as vscode from 'vscode';
import type { FeedSpec } from '../contract/run';
import type { FeedSource } from '../data/feed';
import { guessTokens } from '../data/guess';
import type { TokenField } from '../data/tokenField';
import { askFile, askWhole, type PartQuestion } from './asking';
import type { FeedFiles } from './feedFiles';

type TextSource = Extract<FeedSource, { kind: 'text' }>;

/** Whether an input may take a tokenizer's numbers: whole ones, in a row or a batch of rows. */
export function mayBeText({ dtype, shape }: FeedSpec): boolean {
  return /^int(32|64)$/.test(dtype) && (shape === null || shape.length === 1 || shape.length === 2);
}

/** A text and all that is not known yet about how it becomes numbers. Undefined when the person backed out. */
export async function askText(question: PartQuestion): Promise<TextSource | undefined> {
  const { spec, source } = question;
  const before = source?.kind === 'text' ? source : undefined;
  const text = await vscode.window.showInputBox({
    ignoreFocusOut: true,
    prompt: vscode.l10n.t('Text for {0}', spec.name),
    ...(before === undefined ? {} : { value: before.text }),
  });
  return text === undefined ? undefined : withText(question, text);
}

/** As `askText`, for a text that is known. */
export async function withText(
  { spec, source, files, guesses }: PartQuestion,
  text: string,
): Promise<TextSource | undefined> {
  const before = source?.kind === 'text' ? source : undefined;
  const tokenizer = before?.tokenizer ?? guesses.tokenizer?.value ?? (await askTokenizer(files));
  if (tokenizer === undefined) return undefined;
  const field = before?.field ?? guessTokens(spec)?.value ?? (await askField(spec));
  if (field === undefined) return undefined;
  const pad = before?.pad ?? guesses.padToken?.value ?? 0;
  return { kind: 'text', text, tokenizer, field, special: before?.special ?? true, pad };
}

/** The text with one step changed, or undefined when the person backed out. */
export async function askTextPart(
  spec: FeedSpec,
  source: TextSource,
  part: string,
  files: FeedFiles,
): Promise<TextSource | undefined> {
  switch (part) {
    case 'tokenizer': {
      const tokenizer = await askTokenizer(files);
      return tokenizer === undefined ? undefined : { ...source, tokenizer };
    }
    case 'field': {
      const field = await askField(spec);
      return field === undefined ? undefined : { ...source, field };
    }
    case 'special': {
      const special = await askSpecial();
      return special === undefined ? undefined : { ...source, special };
    }
    case 'pad': {
      const pad = await askWhole(vscode.l10n.t('Token that fills a row of fixed length'), source.pad);
      return pad === undefined ? undefined : { ...source, pad };
    }
    default:
      return undefined;
  }
}

async function askTokenizer(files: FeedFiles): Promise<string | undefined> {
  const near = (await files.nearby(['json'])).filter((file) => /tokenizer[^/]*\.json$/i.test(file));
  const tokenizers = near.filter((file) => !/config\.json$/i.test(file));
  const other = { label: vscode.l10n.t('Another file…') };
  const picked = await vscode.window.showQuickPick([...tokenizers.map((label) => ({ label })), other], {
    placeHolder: vscode.l10n.t('Which tokenizer.json turns the text into numbers?'),
    ignoreFocusOut: true,
  });
  if (picked === other) return askFile(files, ['json'], vscode.l10n.t('Tokenizer'));
  return picked?.label;
}

async function askField(spec: FeedSpec): Promise<TokenField | undefined> {
  const items: (vscode.QuickPickItem & { readonly field: TokenField })[] = [
    { label: 'ids', description: vscode.l10n.t('the tokens’ numbers'), field: 'ids' },
    { label: 'mask', description: vscode.l10n.t('1 for each token'), field: 'mask' },
    { label: 'types', description: vscode.l10n.t('which sentence each token is of'), field: 'types' },
    { label: 'positions', description: vscode.l10n.t('0, 1, 2, …'), field: 'positions' },
  ];
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder: vscode.l10n.t('What of the text does {0} take?', spec.name),
    ignoreFocusOut: true,
  });
  return picked?.field;
}

async function askSpecial(): Promise<boolean | undefined> {
  const yes = { label: vscode.l10n.t('With special tokens'), special: true };
  const no = { label: vscode.l10n.t('Without special tokens'), special: false };
  const picked = await vscode.window.showQuickPick([yes, no], {
    placeHolder: vscode.l10n.t('Does the tokenizer add its special tokens ([CLS], <s>, …)?'),
    ignoreFocusOut: true,
  });
  return picked?.special;
}
