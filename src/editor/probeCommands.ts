/** Commands that ask a model by a method: any method by its form, and *What Drives This Output?* in two clicks. */
import * as vscode from 'vscode';
import type { Method, Params } from '../contract/method';
import type { StoredCapture } from '../contract/engineApi';
import { attribution } from '../methods/attribution';
import type { MethodList } from '../methods/methodList';
import { defaults, objectiveTexts } from '../methods/params';
import { toNumbers } from '../tensor/buffers';
import { isFloat } from '../tensor/dtype';
import { formatNumber } from '../tensor/format';
import type { EngineAccess } from './engineAccess';
import type { FeedBook } from './feedBook';
import { FeedFiles } from './feedFiles';
import { toFeedSource } from './feedParts';
import { reviewFeeds } from './feedReview';
import { feedSpecs, outputSpecs } from './feedSpecs';
import { siteOf } from './nodeCommands';
import type { OpenModel } from './openModel';
import type { Panels } from './panels';
import { pickMethod, reviewParams } from './probeForm';
import type { ProbeInputs, Probes, Question } from './probes';
import type { ReportPanels } from './reportPanels';
import type { RunController } from './runController';
import type { Target, Targets } from './target';

/** Classes or tokens offered, largest first. */
const OFFERED = 50;

export class ProbeCommands {
  constructor(
    private readonly targets: Targets,
    private readonly panels: Panels,
    private readonly engine: EngineAccess,
    private readonly runs: RunController,
    private readonly feeds: FeedBook,
    private readonly probes: Probes,
    private readonly reports: ReportPanels,
    private readonly methods: MethodList,
  ) {}

  /** *Ask a Model…*: choose a method, look over its form, run. */
  async ask(argument: unknown): Promise<void> {
    const target = await this.targets.of(argument);
    if (target === undefined) return;
    const { model } = target;
    await this.panels.open(model.uri);
    const method = await pickMethod(this.methods.all);
    if (method === undefined || !this.#applies(method, model)) return;
    await this.feeds.prepared(model);
    const params = await reviewParams(
      method,
      this.#first(method, target),
      () => this.#inputsText(model),
      () => reviewFeeds(this.feeds, model),
    );
    if (params !== undefined) await this.put(model, method, params, method.title);
  }

  /** *What Drives This Output?*: on an output, a class, a token or any value. */
  async whatDrives(argument: unknown): Promise<void> {
    const target = await this.targets.of(argument);
    if (target === undefined || !this.#applies(attribution, target.model)) return;
    const { model } = target;
    await this.panels.open(model.uri);
    const objective = objectiveIn(argument) ?? (await this.#chooseObjective(target));
    if (objective === undefined) return;
    const title = vscode.l10n.t('What drives {0}?', objective);
    await this.put(model, attribution, { ...defaults(attribution), objective }, title);
  }

  /** Puts a question with the inputs that are chosen for the model, and shows its report. */
  async put(model: OpenModel, method: Method, params: Params, title: string): Promise<void> {
    const question: Question = {
      model,
      method,
      params,
      seed: 0,
      title,
      experiment: null,
      inputs: async (signal) => {
        const { directionsFor } = await import('../data/directions');
        const files = FeedFiles.of(model.uri);
        const directions = await directionsFor(objectiveTexts(method, params), {}, files);
        return { ...(await this.#inputs(model, signal)), directions };
      },
    };
    await this.probes.ask(question, (id) => {
      this.reports.show(id);
    });
  }

  async #inputs(model: OpenModel, signal: AbortSignal): Promise<Omit<ProbeInputs, 'directions'>> {
    const { tensors: feeds, kept } = await this.feeds.build(model, signal);
    const skeleton = model.content?.skeleton;
    const files = FeedFiles.of(model.uri);
    const { wordsFor } = await import('../study/words');
    const guessed =
      skeleton === undefined ? {} : await wordsFor(feedSpecs(skeleton), outputSpecs(skeleton), feeds, files);
    const chosen = this.feeds.labelsOf(model)?.names;
    const named =
      chosen === undefined || skeleton === undefined
        ? {}
        : Object.fromEntries(
            outputSpecs(skeleton)
              .filter(({ shape }) => shape?.at(-1) === chosen.length)
              .map(({ name }) => [name, chosen]),
          );
    const texts = Object.fromEntries(kept.map(({ name, recipe }) => [name, recipeText(recipe)]));
    return { feeds, labels: { ...guessed, ...named }, texts, text: kept.map(({ text }) => text).join(', ') };
  }

  #inputsText(model: OpenModel): string {
    const { feeds } = this.feeds.state(model);
    return feeds.flatMap(({ parts }) => parts.slice(0, 1).map(({ text }) => text)).join(', ');
  }

  /** A method's parameters to begin with; a selected value goes where an objective is asked for. */
  #first(method: Method, target: Target): Params {
    const params = { ...defaults(method) };
    const site = target.selection.kind === 'none' ? undefined : siteOf(target);
    const asks = method.params.find(({ type }) => type === 'site');
    if (asks !== undefined && site !== undefined) params[asks.name] = site;
    return params;
  }

  #applies(method: Method, model: OpenModel): boolean {
    const skeleton = model.content?.skeleton;
    if (skeleton === undefined) return false;
    const applies = method.appliesTo(skeleton);
    if (applies === true) return true;
    void vscode.window.showWarningMessage(applies);
    return false;
  }

  /** The output (or selected value), then its class or token. */
  async #chooseObjective(target: Target): Promise<string | undefined> {
    const { model } = target;
    if (!this.#recordedAll(target)) await this.runs.run(model);
    const run = this.runs.shown(model);
    // What is wrong with the run is told where it was started.
    if (run === undefined || !this.#recordedAll(target)) return undefined;
    const site = await this.#chooseSite(target, run.outputs);
    if (site === undefined) return undefined;
    if (model.content?.names.isTop(site) === false) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t(
          '{0} lies inside a branch, a loop or a function: choose a value of the model itself, such as what the node around it gives.',
          site,
        ),
      );
      return undefined;
    }
    const stored = run.values.find((value) => value.site === site);
    if (stored?.dims.length === 0) return site;
    if (stored === undefined || !run.outputs.includes(site)) return this.#askObjective(`sum(${site})`);
    return this.#chooseElement(model, stored);
  }

  #recordedAll({ model }: Target): boolean {
    const run = this.runs.shown(model);
    return run !== undefined && !this.runs.isStale(model, run);
  }

  async #chooseSite(target: Target, outputs: readonly string[]): Promise<string | undefined> {
    const site = target.selection.kind === 'none' ? undefined : siteOf(target);
    if (site !== undefined) return site;
    if (outputs.length < 2) return outputs[0];
    return vscode.window.showQuickPick([...outputs], { placeHolder: vscode.l10n.t('Which output?') });
  }

  /** The largest elements of an output in the shown run, by their words: the last position, the first row. */
  async #chooseElement(model: OpenModel, { site, dims, dtype }: StoredCapture): Promise<string | undefined> {
    if (!isFloat(dtype)) return this.#askObjective(site);
    const lead = dims.length === 3 ? [0, (dims[1] ?? 1) - 1] : dims.slice(1).map(() => 0);
    const run = this.runs.shown(model);
    const size = dims.at(-1) ?? 1;
    const abort = new AbortController();
    const feeds = run === undefined ? {} : await this.runs.feedsOf(model, run, abort.signal);
    const slice = { start: [...lead, 0], size: [...lead.map(() => 1), size] };
    const { data, dtype: type } = await this.engine.value(model, feeds, site, slice, abort.signal);
    const numbers = ArrayBuffer.isView(data) ? Array.from(toNumbers(type, data)) : [];
    const { labels } = await this.#inputs(model, abort.signal);
    const items = numbers
      .map((value, index) => ({ value, index }))
      .sort((a, b) => b.value - a.value)
      .slice(0, OFFERED)
      .map(({ value, index }) => ({
        label: labels[site]?.[index] ?? String(index),
        description: `${site}[${[...lead, index].join(',')}] = ${formatNumber(value)}`,
        objective: `${site}[${[...lead, index].join(',')}]`,
      }));
    const other = { label: vscode.l10n.t('$(edit) Something else…'), description: '', objective: '' };
    const picked = await vscode.window.showQuickPick([...items, other], {
      placeHolder: vscode.l10n.t('What drives …'),
      matchOnDescription: true,
    });
    return picked === other ? this.#askObjective(items[0]?.objective ?? site) : picked?.objective;
  }

  #askObjective(first: string): Thenable<string | undefined> {
    return vscode.window.showInputBox({
      value: first,
      prompt: vscode.l10n.t(
        'The number to explain: logits[0,7], logprob(logits)[0,-1,42], differences, sum(value), dot(value, direction.npy)[0,-1]',
      ),
    });
  }
}

/** `{objective: 'logits[0,7]'}`, from a link or a test. */
function objectiveIn(argument: unknown): string | undefined {
  const given = typeof argument === 'object' && argument !== null && 'objective' in argument;
  return given && typeof argument.objective === 'string' ? argument.objective : undefined;
}

/** A recipe as an experiment file would say it; '' where it has no short text. */
function recipeText(recipe: unknown): string {
  const source = toFeedSource(recipe);
  switch (source?.kind) {
    case 'image':
      return source.file;
    case 'array':
      return source.entry === undefined ? source.file : `${source.file}:${source.entry}`;
    case 'literal':
      return source.text;
    case 'text':
      return `text:${source.text}`;
    case 'random':
      return source.below === undefined ? `random:${String(source.seed)}` : '';
    default:
      return '';
  }
}
