/**
 * Asks for a site of a model. What is typed is checked and completed as it grows: the text as it stands comes first with
 * what is wrong with it; choosing a completion puts it into the field, so that a unit or a position can follow.
 */
import * as vscode from 'vscode';
import { describe } from '../base/errors';
import type { OpenModel } from './openModel';

interface SiteItem extends vscode.QuickPickItem {
  /** The site, where this is what was typed and can be read. */
  readonly site?: string;
}

const MOST = 50;

/** Undefined when the person backs out, or the model cannot be read. */
export async function askSite(model: OpenModel, value: string): Promise<string | undefined> {
  const itemsFor = await completer(model);
  if (itemsFor === undefined) return undefined;
  return new Promise((resolve) => {
    const pick = vscode.window.createQuickPick<SiteItem>();
    pick.placeholder = vscode.l10n.t(
      'Which value? #3 after its name is one unit, @position=-1 one position.',
    );
    pick.value = value;
    pick.items = itemsFor(value);
    pick.onDidChangeValue((typed) => {
      pick.items = itemsFor(typed);
    });
    pick.onDidAccept(() => {
      const [item] = pick.activeItems;
      if (item?.site !== undefined) {
        resolve(item.site);
        pick.hide();
      } else if (item !== undefined && item.label !== pick.value) {
        pick.value = item.label;
        pick.items = itemsFor(item.label);
      }
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}

async function completer(model: OpenModel): Promise<((typed: string) => SiteItem[]) | undefined> {
  const { content } = model;
  if (content === undefined) return undefined;
  const { skeleton, types } = content;
  const [{ parseSite }, { completeSite }, { axisNames, layoutOf }] = await Promise.all([
    import('../onnx/site'),
    import('../onnx/siteCompletion'),
    import('../onnx/axes'),
  ]);
  const axesOf = (name: string): readonly string[] => {
    const rank = types.get(name)?.shape?.length;
    return rank === undefined ? [] : axisNames(layoutOf(skeleton.graph, name, rank), rank);
  };
  const own = (typed: string): SiteItem => {
    try {
      parseSite(skeleton, typed);
      return { label: typed, site: typed, description: vscode.l10n.t('Enter takes it'), alwaysShow: true };
    } catch (error) {
      return { label: typed, description: describe(error), alwaysShow: true };
    }
  };
  return (typed) => [
    ...(typed === '' ? [] : [own(typed)]),
    ...completeSite(skeleton, typed, MOST, axesOf).map((label) => ({ label, alwaysShow: true })),
  ];
}
