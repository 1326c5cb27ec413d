/**
 * *Write Export Script…*: from a module class to a short script beside its source. Finds the class that is meant, plans,
 * writes, opens, and offers to run. Overwrites nothing that it was not told to.
 */
import * as vscode from 'vscode';
import { Failure } from '../base/errors';
import type { KnownInput } from '../source/exampleInputs';
import type { ModuleClass } from '../source/moduleClasses';
import { classesOf } from './classesOf';
import type { ExportBook } from './exportBook';
import { targetOf, type ExportRuns } from './exportRuns';
import type { Models } from './models';
import type { OpenModel } from './openModel';
import { WorkspaceRoot } from './sourceRoot';
import type { Targets } from './target';

interface Wanted {
  readonly source: vscode.Uri;
  readonly className: string;
}

export class ExportCommands {
  constructor(
    private readonly models: Models,
    private readonly targets: Targets,
    private readonly book: ExportBook,
    private readonly runs: ExportRuns,
  ) {}

  /** On `{uri, className}`, on a model, on the class under the cursor, or on one to choose. */
  async write(argument: unknown): Promise<void> {
    const wanted = await this.#wanted(argument);
    if (wanted === undefined) return;
    const { source, className } = wanted;
    if (source.scheme === 'untitled' || source.scheme === 'vscode-notebook-cell') throw notAFile(className);
    const { freeTarget, planExport, snakeName } = await import('../source/exportPlan');
    const { exportScript } = await import('../source/exportScript');
    const folder = vscode.Uri.joinPath(source, '..');
    const script = await this.#scriptFor(
      wanted,
      vscode.Uri.joinPath(folder, `export_${snakeName(className)}.py`),
    );
    if (script === undefined) return;
    const root = WorkspaceRoot.of(source);
    const file = root.relative(source);
    if (file === undefined) throw notAFile(className);
    const earlier = (await exists(script)) ? await targetOf(script) : undefined;
    const target =
      earlier === undefined
        ? await freeTarget(snakeName(className), (name) => exists(vscode.Uri.joinPath(folder, name)))
        : nameOf(earlier);
    const title = vscode.l10n.t('Reading what {0} needs', className);
    const plan = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
      planExport(root, {
        file,
        className,
        target,
        known: this.#knownInputs(className),
        script: nameOf(script),
      }),
    );
    await vscode.workspace.fs.writeFile(script, new TextEncoder().encode(exportScript(plan)));
    await this.book.keep({ script: script.toString(), source: source.toString(), className, ran: false });
    await vscode.window.showTextDocument(script, { preview: false });
    const guesses = [plan.model, ...plan.inputs].filter(({ why }) => why !== null).length;
    this.#offerRun(script, guesses);
  }

  /** *Run Export Script*: the given one, that of the active editor, else one to choose. */
  async run(argument: unknown): Promise<void> {
    const active = vscode.window.activeTextEditor?.document.uri;
    const named = argument instanceof vscode.Uri ? argument : uriIn(argument, 'script');
    const own = active !== undefined && this.book.byScript(active) !== undefined ? active : undefined;
    const script = named ?? own ?? (await this.#chooseScript());
    if (script !== undefined) await this.runs.run(script);
  }

  #offerRun(script: vscode.Uri, guesses: number): void {
    const text =
      guesses === 0
        ? vscode.l10n.t('Wrote {0}.', nameOf(script))
        : vscode.l10n.t('Wrote {0}. Guesses marked in it: {1}.', nameOf(script), guesses);
    if (!vscode.workspace.isTrusted) {
      void vscode.window.showInformationMessage(
        `${text} ${vscode.l10n.t('In Restricted Mode it can be read, not run.')}`,
      );
      return;
    }
    const run = vscode.l10n.t('Run It');
    void vscode.window.showInformationMessage(text, run).then((picked) => {
      if (picked === run) void vscode.commands.executeCommand('patchclamp.runExport', script);
    });
  }

  /** Where to write; asks where something lies there already. */
  async #scriptFor({ className }: Wanted, script: vscode.Uri): Promise<vscode.Uri | undefined> {
    if (!(await exists(script))) return script;
    const open = vscode.l10n.t('Open It');
    const anew = vscode.l10n.t('Write It Anew');
    const text = vscode.l10n.t('There is already a {0} for {1}.', nameOf(script), className);
    const detail = vscode.l10n.t('Writing it anew replaces what you changed in it.');
    const picked = await vscode.window.showWarningMessage(text, { modal: true, detail }, open, anew);
    if (picked === open) await vscode.window.showTextDocument(script, { preview: false });
    return picked === anew ? script : undefined;
  }

  async #wanted(argument: unknown): Promise<Wanted | undefined> {
    const source = uriIn(argument, 'uri');
    const className = member(argument, 'className');
    if (source !== undefined && typeof className === 'string') return { source, className };
    if (member(argument, 'model') !== undefined) {
      const target = await this.targets.of(argument);
      return target === undefined ? undefined : this.#ofModel(target.model);
    }
    const editor = vscode.window.activeTextEditor;
    if (editor?.document.languageId === 'python') return this.#atCursor(editor);
    const { active } = this.models;
    return active === undefined ? this.#choose(await pythonFiles()) : this.#ofModel(active);
  }

  async #atCursor({ document, selection }: vscode.TextEditor): Promise<Wanted | undefined> {
    const classes = await classesOf(document.getText());
    const line = selection.active.line + 1;
    const around = classes.filter((each) => each.line <= line && line <= each.endLine).at(-1);
    const [only] = classes;
    if (around !== undefined) return { source: document.uri, className: around.name };
    if (only === undefined) throw noClass(vscode.workspace.asRelativePath(document.uri));
    return classes.length === 1
      ? { source: document.uri, className: only.name }
      : pick(
          classes.map((each) => ({ source: document.uri, className: each.name, outermost: each.outermost })),
        );
  }

  /** The class a model was exported from, by the name the exporter wrote; else one to choose. */
  async #ofModel(model: OpenModel): Promise<Wanted | undefined> {
    const { root } = model;
    const written = model.content?.scopes.scopes[0]?.className ?? '';
    const name = written.slice(written.lastIndexOf('.') + 1);
    const files = (await root.list()).map((file) => root.uri(file));
    const named = name === '' ? [] : await classesIn(files, (each) => each.name === name);
    return named.length === 1 ? named[0] : named.length > 1 ? pick(named) : this.#choose(files);
  }

  async #choose(files: readonly vscode.Uri[]): Promise<Wanted | undefined> {
    const found = await classesIn(files, ({ outermost }) => outermost);
    if (found.length === 0) throw noClass(vscode.l10n.t('this workspace'));
    return pick(found);
  }

  async #chooseScript(): Promise<vscode.Uri | undefined> {
    const kept = this.book.all.map(({ script, className }) => ({
      label: vscode.workspace.asRelativePath(vscode.Uri.parse(script)),
      description: className,
      script: vscode.Uri.parse(script),
    }));
    const [only] = kept;
    if (only === undefined) {
      throw new Failure({
        code: 'usage',
        message: vscode.l10n.t('No export script was written in this workspace yet.'),
        remedy: vscode.l10n.t('Choose Patchclamp: Write Export Script… on a module class first.'),
      });
    }
    if (kept.length === 1) return only.script;
    return (await vscode.window.showQuickPick(kept, { placeHolder: vscode.l10n.t('Which script?') }))?.script;
  }

  /** Inputs of a model that this class was exported to before, as far as it is known here. */
  #knownInputs(className: string): KnownInput[] {
    const last = className.slice(className.lastIndexOf('.') + 1);
    for (const { content, name } of this.models.all) {
      const root = content?.scopes.scopes[0]?.className ?? '';
      if (content === undefined || root.slice(root.lastIndexOf('.') + 1) !== last) continue;
      return content.skeleton.graph.inputs.flatMap((input) =>
        input.type.kind === 'tensor' && input.type.shape !== null
          ? [{ name: input.name, dtype: input.type.dtype, dims: input.type.shape, model: name }]
          : [],
      );
    }
    return [];
  }
}

async function pick(
  classes: readonly (Wanted & { readonly outermost?: boolean })[],
): Promise<Wanted | undefined> {
  const items = classes.map(({ source, className }) => ({
    label: `$(symbol-class) ${className}`,
    description: vscode.workspace.asRelativePath(source),
    source,
    className,
  }));
  return vscode.window.showQuickPick(items, {
    placeHolder: vscode.l10n.t('Which class is the model?'),
    matchOnDescription: true,
  });
}

async function pythonFiles(): Promise<vscode.Uri[]> {
  const roots = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => new WorkspaceRoot(uri));
  const lists = await Promise.all(
    roots.map(async (root) => (await root.list()).map((file) => root.uri(file))),
  );
  return lists.flat();
}

async function classesIn(
  files: readonly vscode.Uri[],
  want: (found: ModuleClass) => boolean,
): Promise<Wanted[]> {
  const found: Wanted[] = [];
  for (const source of files) {
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(source));
    if (!/^\s*class\s/m.test(text)) continue;
    for (const each of await classesOf(text)) if (want(each)) found.push({ source, className: each.name });
  }
  return found;
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}

function member(argument: unknown, name: string): unknown {
  return typeof argument === 'object' && argument !== null
    ? (argument as Record<string, unknown>)[name]
    : undefined;
}

function uriIn(argument: unknown, name: string): vscode.Uri | undefined {
  const text = member(argument, name);
  return typeof text === 'string' ? vscode.Uri.parse(text, true) : undefined;
}

function nameOf(uri: vscode.Uri): string {
  return uri.path.slice(uri.path.lastIndexOf('/') + 1);
}

function noClass(where: string): Failure {
  return new Failure({
    code: 'bad-source',
    message: vscode.l10n.t('{0} has no class that subclasses nn.Module.', where),
    remedy: vscode.l10n.t('Put the cursor on the class of your model.'),
  });
}

function notAFile(className: string): Failure {
  return new Failure({
    code: 'bad-source',
    message: vscode.l10n.t('{0} is not in a saved Python file, so no script could import it.', className),
    remedy: vscode.l10n.t('Save it, or move it from the notebook into a .py file.'),
  });
}
