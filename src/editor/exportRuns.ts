/**
 * Runs export scripts in the person's Python, as tasks that they can see and stop, and says what the new file changed
 * against the one before. On save too, where the setting says so: after a pause, and a newer save replaces a run.
 */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Failure } from '../base/errors';
import { formatCount } from '../tensor/format';
import type { ExportBook, KeptExport } from './exportBook';
import { besideName, diffText, exportDiff, isSame, type ExportDiff } from './exportDiff';
import type { Models } from './models';
import type { Panels } from './panels';
import type { PythonPath } from './pythonPath';
import type { ModelReader, Reading } from './reading';
import { report } from './trouble';

const SETTLE_MS = 800;
const SCHEME = 'patchclamp-export';
const TRACE = 'pkg.torch.onnx.stack_trace';

interface Running {
  readonly execution: vscode.TaskExecution;
  stopped: boolean;
}

export class ExportRuns implements Disposable, vscode.TextDocumentContentProvider {
  readonly #store = new DisposableStore();
  readonly #running = new Map<string, Running>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;

  constructor(
    private readonly models: Models,
    private readonly panels: Panels,
    private readonly reader: ModelReader,
    private readonly python: PythonPath,
    private readonly book: ExportBook,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#store.add(this.#changed);
    this.#store.add(vscode.workspace.registerTextDocumentContentProvider(SCHEME, this));
    this.#store.add(
      vscode.workspace.onDidSaveTextDocument((document) => {
        if (document.languageId === 'python') this.#saved(document.uri);
      }),
    );
    this.#store.onDispose(() => {
      for (const timer of this.#timers.values()) clearTimeout(timer);
      void this.stop();
    });
  }

  dispose(): void {
    this.#store.dispose();
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? '';
  }

  /** Runs a script and tells how it went. Rejects with a sentence where it may not or cannot run. */
  async run(script: vscode.Uri): Promise<void> {
    if (!vscode.workspace.isTrusted) {
      throw new Failure({
        code: 'untrusted',
        message: vscode.l10n.t('This workspace is in Restricted Mode, so its scripts are not run.'),
        remedy: vscode.l10n.t('Trust it to export models from it.'),
      });
    }
    if (script.scheme !== 'file') {
      throw new Failure({
        code: 'unsupported',
        message: vscode.l10n.t('{0} is not on this machine’s disk, so it cannot be run.', nameOf(script)),
        remedy: vscode.l10n.t('Make a local copy of the folder first.'),
      });
    }
    const python = await this.python.of(script);
    if (python === undefined) return;
    await vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === script.toString())?.save();
    const known = this.book.byScript(script);
    if (known !== undefined) await this.book.keep({ ...known, ran: true });
    const title = vscode.l10n.t('Exporting with {0}', nameOf(script));
    const location = vscode.ProgressLocation.Notification;
    await vscode.window.withProgress({ location, title, cancellable: true }, async (_progress, token) => {
      token.onCancellationRequested(() => {
        this.#stop(script);
      });
      await this.#export(script, python, false);
    });
  }

  /** Ends every export that runs. */
  stop(): Promise<void> {
    for (const script of [...this.#running.keys()]) this.#stop(vscode.Uri.parse(script));
    return Promise.resolve();
  }

  #stop(script: vscode.Uri): void {
    const running = this.#running.get(script.toString());
    if (running === undefined) return;
    running.stopped = true;
    running.execution.terminate();
  }

  #saved(uri: vscode.Uri): void {
    if (!vscode.workspace.isTrusted) return;
    if (!vscode.workspace.getConfiguration('patchclamp', uri).get<boolean>('export.runOnSave', false)) return;
    for (const kept of this.book.all) {
      if (!kept.ran || !this.#concerns(kept, uri)) continue;
      clearTimeout(this.#timers.get(kept.script));
      this.#timers.set(
        kept.script,
        setTimeout(() => void this.#again(vscode.Uri.parse(kept.script)), SETTLE_MS),
      );
    }
  }

  /** The script itself, the class's file, and every file that its model links to. */
  #concerns({ script, source }: KeptExport, uri: vscode.Uri): boolean {
    const saved = uri.toString();
    if (saved === script || saved === source) return true;
    const folder = vscode.Uri.joinPath(vscode.Uri.parse(script), '..').toString();
    return this.models.all.some((model) => {
      if (vscode.Uri.joinPath(model.uri, '..').toString() !== folder) return false;
      const file = model.root.relative(uri);
      return file !== undefined && model.index.inFile(file).length > 0;
    });
  }

  async #again(script: vscode.Uri): Promise<void> {
    try {
      const python = await this.python.known(script);
      if (python === undefined) return;
      this.#stop(script);
      const title = vscode.l10n.t('Exporting with {0}', nameOf(script));
      await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
        this.#export(script, python, true),
      );
    } catch (error) {
      report(this.log, `Exporting with ${nameOf(script)}`, error);
    }
  }

  async #export(script: vscode.Uri, python: string, quiet: boolean): Promise<void> {
    const target = await targetOf(script);
    const before = target === undefined ? undefined : await this.#read(target);
    const started = performance.now();
    const { code, stopped } = await this.#execute(script, python);
    if (stopped) return;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    this.log.info(`${nameOf(script)} ended with ${String(code)} after ${seconds} s.`);
    if (code !== 0) {
      await this.#failed(script, code, quiet);
      return;
    }
    const after = target === undefined ? undefined : await this.#read(target);
    if (target === undefined || after === undefined) {
      void vscode.window.showWarningMessage(
        vscode.l10n.t(
          '{0} ended without an error, but no model was found where its line OUT = … says.',
          nameOf(script),
        ),
      );
      return;
    }
    if (before === undefined) await this.#tellFirst(target, after, quiet);
    else this.#tellAgain(target, before, after, quiet);
  }

  async #execute(
    script: vscode.Uri,
    python: string,
  ): Promise<{ code: number | undefined; stopped: boolean }> {
    const folder = vscode.workspace.getWorkspaceFolder(script) ?? vscode.TaskScope.Workspace;
    const cwd = vscode.Uri.joinPath(script, '..').fsPath;
    const task = new vscode.Task(
      { type: 'patchclamp', script: vscode.workspace.asRelativePath(script) },
      folder,
      nameOf(script),
      'Patchclamp',
      new vscode.ProcessExecution(python, [script.fsPath], { cwd }),
    );
    task.presentationOptions = {
      reveal: vscode.TaskRevealKind.Silent,
      panel: vscode.TaskPanelKind.Dedicated,
      showReuseMessage: false,
      clear: true,
    };
    const key = script.toString();
    const execution = await vscode.tasks.executeTask(task);
    const running: Running = { execution, stopped: false };
    this.#running.set(key, running);
    void vscode.commands.executeCommand('setContext', 'patchclamp.exporting', true);
    try {
      const code = await endOf(execution);
      return { code, stopped: running.stopped };
    } finally {
      if (this.#running.get(key) === running) this.#running.delete(key);
      void vscode.commands.executeCommand('setContext', 'patchclamp.exporting', this.#running.size > 0);
    }
  }

  async #failed(script: vscode.Uri, code: number | undefined, quiet: boolean): Promise<void> {
    if (quiet) {
      vscode.window.setStatusBarMessage(
        vscode.l10n.t('$(error) {0} failed; its terminal says why', nameOf(script)),
        10_000,
      );
      return;
    }
    const show = vscode.l10n.t('Show Terminal');
    const open = vscode.l10n.t('Open Script');
    const text =
      code === undefined
        ? vscode.l10n.t('Python could not be started for {0}.', nameOf(script))
        : vscode.l10n.t('{0} ended with exit code {1}. Its terminal says why.', nameOf(script), code);
    const picked = await vscode.window.showErrorMessage(text, show, open);
    if (picked === show) {
      vscode.window.terminals.find(({ name }) => name.includes(nameOf(script)))?.show(true);
    }
    if (picked === open) await vscode.window.showTextDocument(script);
  }

  /** A new file: what is in it and, where it was named so as not to replace a model, how it differs from that. */
  async #tellFirst(target: vscode.Uri, after: Reading, quiet: boolean): Promise<void> {
    const { nodes } = after.skeleton;
    const traced = nodes.filter(({ metadata }) => TRACE in metadata).length;
    const text = vscode.l10n.t(
      'Wrote {0}: {1} nodes, {2} of them with a line of source.',
      nameOf(target),
      formatCount(nodes.length),
      formatCount(traced),
    );
    const name = besideName(nameOf(target));
    const beside = name === undefined ? undefined : await this.#read(vscode.Uri.joinPath(target, '..', name));
    if (name === undefined || beside === undefined) {
      this.#offer(target, text, undefined, quiet);
      return;
    }
    const diff = exportDiff(beside, after);
    const same = isSame(diff);
    const against = same
      ? vscode.l10n.t('It has the structure of {0}.', name)
      : vscode.l10n.t('Against {0}: {1}.', name, summary(diff));
    this.#offer(target, `${text} ${against}`, same ? undefined : diff, quiet);
  }

  #tellAgain(target: vscode.Uri, before: Reading, after: Reading, quiet: boolean): void {
    const diff = exportDiff(before, after);
    const text = vscode.l10n.t('{0} exported again: {1}.', nameOf(target), summary(diff));
    this.#offer(target, text, isSame(diff) ? undefined : diff, quiet);
  }

  #offer(target: vscode.Uri, text: string, diff: ExportDiff | undefined, quiet: boolean): void {
    this.log.info(text);
    if (quiet && diff === undefined) {
      vscode.window.setStatusBarMessage(text, 6000);
      return;
    }
    const open = vscode.l10n.t('Open Model');
    const show = vscode.l10n.t('Show Difference');
    const actions = diff === undefined ? [open] : [show, open];
    // Not awaited by whoever runs: the message may stay for long.
    void vscode.window.showInformationMessage(text, ...actions).then(async (picked) => {
      if (picked === open) await this.panels.open(target, { viewColumn: vscode.ViewColumn.Beside });
      if (picked === show && diff !== undefined) await this.#showDiff(target, text, diff);
    });
  }

  async #showDiff(target: vscode.Uri, title: string, diff: ExportDiff): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${nameOf(target)} — last export.txt` });
    this.#texts.set(uri.toString(), diffText(title, diff));
    this.#changed.fire(uri);
    await vscode.window.showTextDocument(uri, { preview: true });
  }

  /** A model file that can be read now, or undefined. */
  async #read(uri: vscode.Uri): Promise<Reading | undefined> {
    try {
      await vscode.workspace.fs.stat(uri);
      return await this.reader.read(uri, new AbortController().signal);
    } catch (error) {
      this.log.debug(`${nameOf(uri)} before or after an export:`, String(error));
      return undefined;
    }
  }
}

/** Where a script says it writes: the line `OUT = HERE / "net.onnx"`, never outside its folder; else undefined. */
export async function targetOf(script: vscode.Uri): Promise<vscode.Uri | undefined> {
  const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(script));
  const name = /^OUT\s*=\s*HERE\s*\/\s*(["'])([^"'\\/]+\.onnx)\1/m.exec(text)?.[2];
  return name === undefined ? undefined : vscode.Uri.joinPath(script, '..', name);
}

/** The exit code of a task's process; undefined where none could be started. */
function endOf(execution: vscode.TaskExecution): Promise<number | undefined> {
  return new Promise((resolve) => {
    const listeners = [
      vscode.tasks.onDidEndTaskProcess((event) => {
        if (event.execution === execution) end(event.exitCode);
      }),
      vscode.tasks.onDidEndTask((event) => {
        // A process's own end is told before the task's.
        if (event.execution === execution)
          setTimeout(() => {
            end(undefined);
          }, 50);
      }),
    ];
    const end = (code: number | undefined): void => {
      for (const listener of listeners) listener.dispose();
      resolve(code);
    };
  });
}

function summary(diff: ExportDiff): string {
  if (isSame(diff)) return vscode.l10n.t('the same structure as before');
  const parts: string[] = [];
  if (diff.added > 0) parts.push(vscode.l10n.t('{0} nodes added', diff.added));
  if (diff.removed > 0) parts.push(vscode.l10n.t('{0} nodes removed', diff.removed));
  if (diff.changed > 0) parts.push(vscode.l10n.t('{0} nodes changed', diff.changed));
  if (diff.parameters.length > 0) parts.push(vscode.l10n.t('{0} parameters changed', diff.parameters.length));
  return parts.join(', ');
}

function nameOf(uri: vscode.Uri): string {
  return uri.path.slice(uri.path.lastIndexOf('/') + 1);
}
