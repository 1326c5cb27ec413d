/**
 * The form of a method: its parameters in one list, *Run* first, each line changed by choosing it. Made from the
 * method's own description, so that a new method has its form by being in the list.
 */
import * as vscode from 'vscode';
import { describe } from '../base/errors';
import type { Method, Params, ParamSpec, ParamValue } from '../contract/method';
import { checkParams, describeValues, fromText } from '../methods/params';

interface FormItem extends vscode.QuickPickItem {
  readonly act: 'run' | 'feeds' | ParamSpec;
}

/** Asks which method. Undefined when the person backs out. */
export async function pickMethod(methods: readonly Method[]): Promise<Method | undefined> {
  const items = methods.map((method) => ({
    label: method.title,
    description: method.id,
    detail: method.paper === null ? method.summary : `${method.summary} ${method.paper.title}`,
    method,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder: vscode.l10n.t('What do you want to ask?'),
    matchOnDetail: true,
  });
  return picked?.method;
}

/** Reviews parameters and inputs; the parameters to run with, or undefined when the person backs out. */
export async function reviewParams(
  method: Method,
  first: Params,
  inputs: () => string,
  changeInputs: () => Promise<unknown>,
): Promise<Params | undefined> {
  let params = first;
  for (;;) {
    const items: FormItem[] = [
      { label: vscode.l10n.t('$(play) Run'), act: 'run', alwaysShow: true },
      { label: inputs(), description: vscode.l10n.t('Inputs'), act: 'feeds' },
      { label: vscode.l10n.t('Parameters'), kind: vscode.QuickPickItemKind.Separator, act: 'run' },
      ...method.params.map((spec) => ({
        label: shown(params[spec.name] ?? spec.default),
        description: spec.name,
        detail: [spec.description, describeValues(spec)].filter((text) => text !== '').join(' '),
        act: spec,
      })),
    ];
    const picked = await vscode.window.showQuickPick(items, {
      title: method.title,
      placeHolder: vscode.l10n.t('Enter runs; choose a line to change it'),
      matchOnDescription: true,
      ignoreFocusOut: true,
    });
    if (picked === undefined) return undefined;
    if (picked.act === 'run') return params;
    if (picked.act === 'feeds') await changeInputs();
    else params = await changed(method, params, picked.act);
  }
}

/** The parameters with one asked for anew; the same when the person backs out. */
async function changed(method: Method, params: Params, spec: ParamSpec): Promise<Params> {
  const before = params[spec.name] ?? spec.default;
  const given = await askValue(method, spec, before);
  return given === undefined ? params : checkParams(method, { ...params, [spec.name]: given });
}

async function askValue(method: Method, spec: ParamSpec, before: ParamValue): Promise<unknown> {
  const choices =
    spec.type === 'choice' ? spec.choices : spec.type === 'boolean' ? ['true', 'false'] : undefined;
  if (choices !== undefined) {
    const picked = await vscode.window.showQuickPick([...choices], { placeHolder: spec.description });
    return picked === undefined ? undefined : fromText(spec, picked);
  }
  const text = await vscode.window.showInputBox({
    value: Array.isArray(before) ? before.join(', ') : String(before),
    prompt: [spec.description, describeValues(spec)].filter((part) => part !== '').join(' '),
    validateInput: (typed) => {
      try {
        checkParams(method, { [spec.name]: fromText(spec, typed) });
        return undefined;
      } catch (error) {
        return describe(error);
      }
    },
  });
  return text === undefined ? undefined : fromText(spec, text);
}

function shown(value: ParamValue): string {
  const text = Array.isArray(value) ? value.join(', ') : String(value);
  return text === '' ? vscode.l10n.t('(chosen by the method)') : text;
}
