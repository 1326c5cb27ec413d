/**
 * *Run Model…*: every input and every guess in one list. *Run* stands first, so that Enter runs; any other line changes
 * that part and comes back.
 */
import * as vscode from 'vscode';
import type { FeedChoice } from '../contract/hostApi';
import type { FeedBook } from './feedBook';
import type { OpenModel } from './openModel';

interface ReviewItem extends vscode.QuickPickItem {
  readonly act: 'run' | (() => Promise<unknown>);
}

/** True when the person chose to run. */
export async function reviewFeeds(feeds: FeedBook, model: OpenModel): Promise<boolean> {
  await feeds.prepared(model);
  for (;;) {
    const picked = await vscode.window.showQuickPick(itemsOf(feeds, model), {
      title: vscode.l10n.t('Run {0}', model.name),
      placeHolder: vscode.l10n.t('Enter runs; choose a line to change it'),
      matchOnDescription: true,
      ignoreFocusOut: true,
    });
    if (picked === undefined) return false;
    if (picked.act === 'run') return true;
    await picked.act();
  }
}

function itemsOf(feeds: FeedBook, model: OpenModel): ReviewItem[] {
  const { feeds: choices, dims } = feeds.state(model);
  const guess = (from: string | null): string => (from === null ? '' : vscode.l10n.t('guess: {0}', from));
  const items: ReviewItem[] = [{ label: vscode.l10n.t('$(play) Run'), act: 'run', alwaysShow: true }];
  for (const choice of choices) {
    if (choice.optional && choice.parts.length === 0) continue;
    items.push({ label: choice.name, kind: vscode.QuickPickItemKind.Separator, act: 'run' });
    for (const part of choice.parts) {
      items.push({
        label: part.text,
        description: [part.label, guess(part.guess)].filter((text) => text !== '').join(' · '),
        act: () => feeds.change(model, choice.name, part.id),
        ...(part.id === 'source' && choice.problem !== null ? { detail: choice.problem } : {}),
      });
    }
  }
  const left = choices.filter(({ optional, parts }) => optional && parts.length === 0);
  if (left.length > 0) {
    items.push({ label: vscode.l10n.t('Optional'), kind: vscode.QuickPickItemKind.Separator, act: 'run' });
    items.push({
      label: vscode.l10n.t('$(add) Feed an optional input…'),
      description: vscode.l10n.t('{0} use the model’s own values', left.length),
      act: () => feedOptional(feeds, model, left),
    });
  }
  if (dims.length > 0)
    items.push({ label: vscode.l10n.t('Model'), kind: vscode.QuickPickItemKind.Separator, act: 'run' });
  for (const part of dims) {
    items.push({
      label: part.text,
      description: [part.label, guess(part.guess)].filter((text) => text !== '').join(' · '),
      act: () => feeds.changeDim(model, part.id),
    });
  }
  return items;
}

/** One of the inputs that the model has a value for. */
async function feedOptional(feeds: FeedBook, model: OpenModel, left: readonly FeedChoice[]): Promise<void> {
  const items = left.map(({ name, type }) => ({ label: name, description: type }));
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder: vscode.l10n.t('Which input?'),
    matchOnDescription: true,
    ignoreFocusOut: true,
  });
  if (picked !== undefined) await feeds.change(model, picked.label, 'source');
}
