/**
 * Experiment files (`*.clamp.json`): run, their findings written beside them, and the way from a report to a file. An
 * input that no short text says exactly is written beside the file as an array.
 */
import { posix } from 'node:path';
import * as vscode from 'vscode';
import type { TensorData } from '../contract/tensor';
import type { MethodList } from '../methods/methodList';
import { objectiveTexts } from '../methods/params';
import {
  experimentFiles,
  EXPERIMENT_FILE,
  findingsFile,
  methodOf,
  parseExperiment,
  printExperiment,
  printFindings,
  type Experiment,
} from '../study/experiment';
import { toRaw } from '../tensor/buffers';
import { writeNpy } from '../tensor/npy';
import { FeedFiles } from './feedFiles';
import { feedSpecs, outputSpecs } from './feedSpecs';
import type { Models } from './models';
import type { OpenModel } from './openModel';
import type { Panels } from './panels';
import type { LiveReport, ProbeInputs, Probes } from './probes';

export class Experiments {
  constructor(
    private readonly models: Models,
    private readonly panels: Panels,
    private readonly probes: Probes,
    private readonly methods: MethodList,
    private readonly showReport: (id: string) => void,
  ) {}

  /** Runs a file as it stands, unsaved changes included, and writes its findings beside it. */
  async run(argument: unknown): Promise<void> {
    const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
    if (uri === undefined || !EXPERIMENT_FILE.test(uri.path)) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t('Open an experiment file (*.clamp.json) first.'),
      );
      return;
    }
    const document = await vscode.workspace.openTextDocument(uri);
    const name = posix.basename(uri.path);
    const experiment = parseExperiment(document.getText(), name);
    const { method, params } = methodOf(this.methods.all, experiment);
    const model = this.models.ensure(vscode.Uri.joinPath(uri, '..', ...experiment.model.split(/[\\/]/)));
    await model.ready();
    if (model.content === undefined) {
      await this.panels.open(model.uri);
      return;
    }
    const objectives = objectiveTexts(method, params);
    const inputs = (): Promise<ProbeInputs> => inputsOf(experiment, objectives, uri, model);
    const { seed } = experiment;
    const title = vscode.l10n.t('{0}: {1}', name, method.title);
    const report = await this.probes.ask(
      { model, method, params, seed, title, experiment: uri, inputs },
      (id) => {
        this.showReport(id);
      },
    );
    if (report === undefined || report.trouble !== null || report.kept.findings.length === 0) return;
    const kept = printFindings({ experiment: name, findings: report.kept.findings });
    const target = uri.with({ path: findingsFile(uri.path) });
    await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(kept));
  }

  /** Opens the file behind a report; writes one, where the person wants it, when there is none. */
  async open({ kept, question, inputs }: LiveReport): Promise<void> {
    if (kept.experiment !== null) {
      await vscode.window.showTextDocument(vscode.Uri.parse(kept.experiment, true));
      return;
    }
    if (question === undefined || inputs === undefined) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t(
          'The inputs of this report are gone with the window that asked. Ask again, then keep it.',
        ),
      );
      return;
    }
    const { model, method, params, seed } = question;
    const stem = model.name.replace(/\.onnx$/i, '');
    const target = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.joinPath(model.uri, '..', `${stem}.clamp.json`),
      filters: { [vscode.l10n.t('Experiment')]: ['json'] },
    });
    if (target === undefined) return;
    const uri = EXPERIMENT_FILE.test(target.path)
      ? target
      : target.with({ path: `${target.path.replace(/\.json$/i, '')}.clamp.json` });
    const folder = posix.dirname(uri.path);
    const file = posix.relative(folder, model.uri.path);
    const feeds = await this.#texts(uri, model, inputs);
    const experiment: Experiment = { model: file, method: method.id, feeds, dims: {}, params, seed };
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(printExperiment(experiment, method)));
    await vscode.window.showTextDocument(uri);
  }

  /** Texts that make exactly the tensors that were fed; arrays written beside the file where no text does. */
  async #texts(
    uri: vscode.Uri,
    model: OpenModel,
    { feeds, texts }: ProbeInputs,
  ): Promise<Record<string, string>> {
    const files = filesOf(uri, model);
    const specs = model.content === undefined ? [] : feedSpecs(model.content.skeleton);
    const { makeFeeds } = await import('../data/feedText');
    const exact: Record<string, string> = {};
    for (const [name, tensor] of Object.entries(feeds)) {
      const text = texts[name] ?? '';
      const made =
        text === ''
          ? undefined
          : await makeFeeds([`${name}=${text}`], [], specs, files).catch(() => undefined);
      if (made !== undefined && same(made.feeds[name], tensor)) {
        exact[name] = text;
        continue;
      }
      const file = `${posix.basename(uri.path).replace(EXPERIMENT_FILE, '')}.${name.replace(/[^\w.-]+/g, '_')}.npy`;
      await vscode.workspace.fs.writeFile(vscode.Uri.joinPath(uri, '..', file), writeNpy(tensor));
      exact[name] = file;
    }
    return exact;
  }
}

async function inputsOf(
  experiment: Experiment,
  objectives: readonly string[],
  uri: vscode.Uri,
  model: OpenModel,
): Promise<ProbeInputs> {
  const skeleton = model.content?.skeleton;
  const inputs = skeleton === undefined ? [] : feedSpecs(skeleton);
  const outputs = skeleton === undefined ? [] : outputSpecs(skeleton);
  const texts = experiment.feeds;
  const [{ makeFeeds }, { directionsFor }, { wordsFor }] = await Promise.all([
    import('../data/feedText'),
    import('../data/directions'),
    import('../study/words'),
  ]);
  const { feeds } = await makeFeeds(
    Object.entries(texts).map(([name, text]) => `${name}=${text}`),
    Object.entries(experiment.dims).map(([name, size]) => `${name}=${String(size)}`),
    inputs,
    filesOf(uri, model),
  );
  const labels = await wordsFor(inputs, outputs, feeds, FeedFiles.of(model.uri));
  const directions = await directionsFor(objectives, {}, filesOf(uri, model));
  return { feeds, labels, directions, texts, text: Object.values(texts).join(', ') };
}

function filesOf(experiment: vscode.Uri, model: OpenModel): ReturnType<typeof experimentFiles> {
  return experimentFiles(FeedFiles.of(experiment), FeedFiles.of(model.uri));
}

function same(a: TensorData | undefined, b: TensorData): boolean {
  if (a === undefined || a.dtype !== b.dtype || a.dims.join() !== b.dims.join()) return false;
  if (!ArrayBuffer.isView(a.data) || !ArrayBuffer.isView(b.data))
    return JSON.stringify(a.data) === JSON.stringify(b.data);
  return Buffer.compare(toRaw(a.dtype, a.data), toRaw(b.dtype, b.data)) === 0;
}
