/** Commands that compare: a model with another, with a recording of its framework's own run, and with what is no number. */
import * as vscode from 'vscode';
import { AbortError } from '../base/cancel';
import type { KeptComparison } from '../contract/compareApi';
import type { ComparePanels, CompareQuestion } from './comparePanels';
import type { Compared, CompareWork, Feeds } from './compareWork';
import type { FeedBook } from './feedBook';
import { reviewFeeds } from './feedReview';
import { feedSpecs } from './feedSpecs';
import type { Models } from './models';
import type { OpenModel } from './openModel';
import type { Panels } from './panels';
import type { RunController } from './runController';
import type { Targets } from './target';

export class CompareCommands {
  constructor(
    private readonly models: Models,
    private readonly targets: Targets,
    private readonly panels: Panels,
    private readonly runs: RunController,
    private readonly feeds: FeedBook,
    private readonly work: CompareWork,
    private readonly comparisons: ComparePanels,
  ) {}

  /** *Compare With Another Model…*: structure and weights, and values where the person wants them. */
  async compareModels(argument: unknown): Promise<void> {
    const model = await this.#model(argument);
    if (model === undefined) return;
    const other = uriIn(argument, 'other') ?? (await this.#pickModel(model));
    if (other === undefined) return;
    const b = this.models.ensure(other);
    await b.ready();
    const values = await this.#wantsValues(argument, model);
    if (values === undefined) return;
    await this.comparisons.ask(this.#betweenModels(model, b, values));
  }

  /** *Compare With Recorded Activations…* */
  async compareRecording(argument: unknown): Promise<void> {
    const model = await this.#model(argument);
    if (model === undefined) return;
    const file = uriIn(argument, 'recording') ?? (await pickRecording(model));
    if (file === undefined) return;
    await this.comparisons.ask(this.#withRecording(model, file));
  }

  /** The question of a panel that was open when the window was reloaded; its models may not be open yet. */
  async restored(kept: KeptComparison): Promise<CompareQuestion> {
    const model = this.models.ensure(vscode.Uri.parse(kept.model, true));
    await model.ready();
    if (kept.kind === 'non-finite') return this.#nonFinite(model);
    const other = vscode.Uri.parse(kept.other, true);
    if (kept.kind === 'recording') return this.#withRecording(model, other);
    const b = this.models.ensure(other);
    await b.ready();
    return this.#betweenModels(model, b, kept.values);
  }

  #betweenModels(a: OpenModel, b: OpenModel, values: boolean): CompareQuestion {
    return {
      title: vscode.l10n.t('{0} and {1}', a.name, b.name),
      subtitle: `${a.relativePath} · ${b.relativePath}`,
      a,
      b,
      keep: { kind: 'models', model: a.uri.toString(), other: b.uri.toString(), values },
      run: (threshold, signal, tell) =>
        values
          ? this.#running(a, signal, true, (feeds, both) =>
              this.work.models(a, b, feeds, threshold, both, tell),
            )
          : this.work.models(a, b, null, threshold, signal, tell),
    };
  }

  #withRecording(model: OpenModel, file: vscode.Uri): CompareQuestion {
    return {
      title: vscode.l10n.t('{0} and {1}', model.name, nameOf(file)),
      subtitle: `${model.relativePath} · ${vscode.workspace.asRelativePath(file)}`,
      a: model,
      b: null,
      keep: { kind: 'recording', model: model.uri.toString(), other: file.toString(), values: true },
      run: (threshold, signal) =>
        this.#running(model, signal, false, (_feeds, both) =>
          this.work.recording(model, file, threshold, both),
        ),
    };
  }

  #nonFinite(model: OpenModel): CompareQuestion {
    return {
      title: vscode.l10n.t('NaN and infinities in {0}', model.name),
      subtitle: model.relativePath,
      a: model,
      b: null,
      keep: { kind: 'non-finite', model: model.uri.toString(), other: '', values: true },
      run: (_threshold, signal) =>
        this.#running(model, signal, true, (feeds, both) => this.work.nonFinite(model, feeds, both)),
    };
  }

  /** *Record the Framework's Activations…*: the lines of Python that do, with this model's inputs. */
  async recordActivations(argument: unknown): Promise<void> {
    const model = await this.#model(argument);
    if (model?.content === undefined) return;
    const { recorderScript, RECORDING } = await import('../compare/recorder');
    const inputs = feedSpecs(model.content.skeleton)
      .filter(({ optional }) => !optional)
      .map(({ name }) => name);
    const content = recorderScript(inputs, RECORDING);
    const document = await vscode.workspace.openTextDocument({ language: 'python', content });
    await vscode.window.showTextDocument(document, { preview: false, viewColumn: vscode.ViewColumn.Beside });
    const copy = vscode.l10n.t('Copy');
    const compare = vscode.l10n.t('Compare With a Recording…');
    const choice = await vscode.window.showInformationMessage(
      vscode.l10n.t(
        'Paste these lines where your PyTorch model is built, run them, and compare {0} with the {1} they write.',
        model.name,
        RECORDING,
      ),
      copy,
      compare,
    );
    if (choice === copy) await vscode.env.clipboard.writeText(content);
    if (choice === compare) await this.compareRecording({ model });
  }

  /** *Find the First NaN or Infinity* */
  async findNonFinite(argument: unknown): Promise<void> {
    const model = await this.#model(argument);
    if (model === undefined) return;
    if (!isScripted(argument) && !(await reviewFeeds(this.feeds, model))) return;
    await this.comparisons.ask(this.#nonFinite(model));
  }

  /** Work that needs the engine: shown in the run bar, stopped there or in the panel. */
  async #running(
    model: OpenModel,
    signal: AbortSignal,
    feeds: boolean,
    work: (feeds: Feeds, signal: AbortSignal) => Promise<Compared>,
  ): Promise<Compared> {
    const text = vscode.l10n.t('Comparing {0}', model.name);
    let found: Compared | undefined;
    let failed: unknown;
    await this.runs.during(model, text, async (own) => {
      const both = AbortSignal.any([own, signal]);
      try {
        const tensors = feeds ? (await this.feeds.build(model, both)).tensors : {};
        found = await work(tensors, both);
      } catch (error) {
        failed = error;
        throw error;
      }
    });
    if (found !== undefined) return found;
    throw failed instanceof Error ? failed : new AbortError();
  }

  async #model(argument: unknown): Promise<OpenModel | undefined> {
    const target = await this.targets.of(argument);
    if (target === undefined) return undefined;
    await this.panels.open(target.model.uri, { preserveFocus: true });
    return target.model;
  }

  async #wantsValues(argument: unknown, model: OpenModel): Promise<boolean | undefined> {
    if (isScripted(argument)) return 'values' in argument && argument.values === true;
    const structure = {
      label: vscode.l10n.t('Structure and weights'),
      detail: vscode.l10n.t('Nothing is run.'),
    };
    const values = {
      label: vscode.l10n.t('Values on one input too'),
      detail: vscode.l10n.t('Both are run on the same input, and every matched value is compared.'),
    };
    const picked = await vscode.window.showQuickPick([structure, values], {
      ignoreFocusOut: true,
      placeHolder: vscode.l10n.t('What to compare?'),
    });
    if (picked === undefined) return undefined;
    if (picked !== values) return false;
    return (await reviewFeeds(this.feeds, model)) ? true : undefined;
  }

  async #pickModel(model: OpenModel): Promise<vscode.Uri | undefined> {
    const found = await vscode.workspace.findFiles('**/*.onnx', undefined, 500);
    const folder = (uri: vscode.Uri): string => uri.path.slice(0, uri.path.lastIndexOf('/'));
    const near = (uri: vscode.Uri): number => (uri.path.startsWith(folder(model.uri)) ? 0 : 1);
    const items = found
      .filter((uri) => uri.toString() !== model.uri.toString())
      .sort((x, y) => near(x) - near(y) || (x.path < y.path ? -1 : 1))
      .map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }));
    const other = { label: vscode.l10n.t('$(folder-opened) Another File…'), uri: undefined };
    const placeHolder = vscode.l10n.t('The model to compare {0} with', model.name);
    const picked = await vscode.window.showQuickPick([...items, other], {
      placeHolder,
      ignoreFocusOut: true,
    });
    return picked === other ? pickFile({ ONNX: ['onnx'] }) : picked?.uri;
  }
}

async function pickRecording(model: OpenModel): Promise<vscode.Uri | undefined> {
  const found = await vscode.workspace.findFiles('**/*.npz', undefined, 200);
  const items = found.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }));
  const other = { label: vscode.l10n.t('$(folder-opened) Another File…'), uri: undefined };
  const placeHolder = vscode.l10n.t('The recording to compare {0} with', model.name);
  const picked = await vscode.window.showQuickPick([...items, other], { placeHolder, ignoreFocusOut: true });
  return picked === other ? pickFile({ NumPy: ['npz'] }) : picked?.uri;
}

async function pickFile(filters: Record<string, string[]>): Promise<vscode.Uri | undefined> {
  return (await vscode.window.showOpenDialog({ filters, canSelectMany: false }))?.[0];
}

/** An argument that says all that would be asked. */
function isScripted(argument: unknown): argument is object {
  return typeof argument === 'object' && argument !== null && 'scripted' in argument;
}

function uriIn(argument: unknown, key: string): vscode.Uri | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const value: unknown = Reflect.get(argument, key);
  return value instanceof vscode.Uri ? value : undefined;
}

function nameOf({ path }: vscode.Uri): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
