/**
 * CodeLens above classes whose modules a known model holds: how many, how large, and what the shown run gave. A class
 * is matched by the name the exporter wrote, and only in a file the model links to.
 */
import * as vscode from 'vscode';
import type { Scope } from '../contract/scopes';
import { formatCount } from '../tensor/format';
import type { Models } from './models';
import type { OpenModel } from './openModel';
import { modelsOf } from './sourceFacts';

const CLASS_LINE = /^[ \t]*class[ \t]+([A-Za-z_]\w*)/gm;

export class ModuleLenses implements vscode.CodeLensProvider {
  constructor(private readonly models: Models) {}

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    if (!vscode.workspace.getConfiguration('patchclamp', document).get<boolean>('codeLens.enabled', true))
      return [];
    const linked = modelsOf(this.models, document).shown;
    if (linked.length === 0) return [];
    const lenses: vscode.CodeLens[] = [];
    for (const match of document.getText().matchAll(CLASS_LINE)) {
      const name = match[1] ?? '';
      const position = document.positionAt(match.index + match[0].indexOf('class'));
      const range = new vscode.Range(position, position);
      for (const { model, file } of linked) {
        // One that is only known by its links is read now; lenses are asked for again when it has been.
        if (model.content === undefined) void model.ready();
        const scopes = instancesOf(model, name, file);
        if (scopes.length > 0) lenses.push(...this.#lenses(range, model, scopes));
      }
    }
    return lenses;
  }

  #lenses(range: vscode.Range, model: OpenModel, scopes: readonly Scope[]): vscode.CodeLens[] {
    const parameters = formatCount(scopes.reduce((sum, scope) => sum + scope.parameters, 0));
    const [first] = scopes;
    const whole = first?.id === 0;
    const title = whole
      ? vscode.l10n.t('{0}: {1} parameters', model.name, parameters)
      : scopes.length === 1
        ? vscode.l10n.t('{0}: {1}, {2} parameters', model.name, first?.path ?? '', parameters)
        : vscode.l10n.t('{0}: {1} modules, {2} parameters', model.name, scopes.length, parameters);
    const target = {
      model: model.uri.toString(),
      selections: whole ? [{ kind: 'none' }] : scopes.map(({ path }) => ({ kind: 'scope', path })),
    };
    const lenses = [
      new vscode.CodeLens(range, {
        title: `$(type-hierarchy-sub) ${title}`,
        tooltip: vscode.l10n.t('Reveal in Graph'),
        command: 'patchclamp.revealInGraph',
        arguments: [target],
      }),
    ];
    if (whole && vscode.workspace.isTrusted) {
      lenses.push(
        new vscode.CodeLens(range, {
          title: vscode.l10n.t('$(play) Run…'),
          command: 'patchclamp.runModel',
          arguments: [model.uri],
        }),
      );
    }
    return lenses;
  }
}

/** Modules of a class, by the last part of its dotted name; by its module too, where that tells two files apart. */
function instancesOf(model: OpenModel, name: string, file: string): readonly Scope[] {
  const named = (model.content?.scopes.scopes ?? []).filter(
    ({ className }) => className !== null && className.slice(className.lastIndexOf('.') + 1) === name,
  );
  const here = named.filter(({ className }) => isIn(className ?? '', file));
  return here.length > 0 || named.some(({ className }) => fileFits(className ?? '', model)) ? here : named;
}

function isIn(className: string, file: string): boolean {
  const module = className.slice(0, Math.max(0, className.lastIndexOf('.'))).replaceAll('.', '/');
  return module !== '' && `/${file}`.replace(/(?:\/__init__)?\.py$/, '').endsWith(`/${module}`);
}

/** Some file that the model links to is the one its class's name means. */
function fileFits(className: string, model: OpenModel): boolean {
  return [...model.index.files].some((file) => isIn(className, file));
}
