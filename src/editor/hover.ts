/**
 * Hover over Python: module paths, parameters, shapes, the weights' distribution, and what the shown run did here, with
 * links to graph and source. It reads what the host keeps: it never starts or waits for the engine, and gives a small
 * weight that nobody has read yet at most `WEIGHT_WAIT` to be read.
 */
import * as vscode from 'vscode';
import { delay } from '../base/cancel';
import type { Selection } from '../contract/hostApi';
import type { TensorSummary } from '../contract/tensor';
import { formatBytes, formatCount, formatNumber, formatShare } from '../tensor/format';
import { formatShape } from '../tensor/shape';
import { lineFact, modelsOf, type LineFact, type ModuleFact, type OutputFact } from './sourceFacts';
import { INK, histogramImage, type InkColors } from './svgHistogram';
import type { LineEntry } from './lineIndex';
import type { Models } from './models';
import type { OpenModel } from './openModel';
import type { RunController } from './runController';
import type { Weights } from './weights';

const WEIGHT_WAIT = 30;
/** How long a hover waits for a model that nobody has opened to be read. */
const READ_WAIT = 30;
const WEIGHT_BYTES = 4_000_000;
const ENTRIES = 3;
const ROWS = 10;
/** The only commands a hover may run. */
const COMMANDS = [
  'patchclamp.revealInGraph',
  'patchclamp.showWeights',
  'patchclamp.captureHere',
  'patchclamp.runModel',
];

export class SourceHover implements vscode.HoverProvider {
  constructor(
    private readonly models: Models,
    private readonly runs: RunController,
    private readonly weights: Weights,
  ) {}

  async provideHover(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.Hover | undefined> {
    const parts: vscode.MarkdownString[] = [];
    const { shown, others } = modelsOf(this.models, document);
    for (const { model, file, before } of shown) {
      const line = position.line + 1 + before;
      const at = model.index.at(file, line, position.character);
      const entries = at.length > 0 ? at : model.index.at(file, line);
      if (entries.length > 0 && !(await isRead(model))) parts.push(unread(model, entries));
      const facts = entries
        .slice(0, ENTRIES)
        .map((entry) => lineFact(model, entry, this.runs.recorded(model)))
        .filter((fact) => fact !== undefined);
      if (facts.length > 0) parts.push(await this.#model(facts, others));
    }
    if (parts.length === 0) return undefined;
    void vscode.commands.executeCommand('setContext', 'patchclamp.didHover', true);
    return new vscode.Hover(parts);
  }

  async #model(facts: readonly LineFact[], others: number): Promise<vscode.MarkdownString> {
    const text = new vscode.MarkdownString('', true);
    text.isTrusted = { enabledCommands: COMMANDS };
    for (const [index, fact] of facts.entries()) {
      if (index > 0) text.appendMarkdown('\n\n---\n\n');
      await this.#entry(text, fact);
    }
    const [{ model }] = facts as [LineFact];
    const run = this.runs.shown(model);
    const foot =
      run === undefined
        ? vscode.l10n.t('{0}, not run yet', code(model.name))
        : this.runs.isStale(model, run)
          ? vscode.l10n.t(
              '{0}, run “{1}”, which is of the file before it changed',
              code(model.name),
              escape(run.name),
            )
          : vscode.l10n.t('{0}, run “{1}”', code(model.name), escape(run.name));
    const more = others > 0 ? ` · ${vscode.l10n.t('{0} more models link here', others)}` : '';
    text.appendMarkdown(`\n\n${foot}${more}`);
    return text;
  }

  async #entry(text: vscode.MarkdownString, fact: LineFact): Promise<void> {
    const { modules } = fact;
    const [only] = modules;
    if (only === undefined) return;
    const title =
      modules.length === 1 ? heading(only) : vscode.l10n.t('**{0} modules** share this line', modules.length);
    text.appendMarkdown(`${title}\n\n${links(fact)} ${confidence(fact)}`);
    if (modules.length === 1) await this.#single(text, fact, only);
    else this.#several(text, fact);
  }

  async #single(text: vscode.MarkdownString, fact: LineFact, module: ModuleFact): Promise<void> {
    for (const output of module.outputs.slice(0, 3)) {
      if (output.type !== '') text.appendMarkdown(`\n\n→ ${code(output.type)}${activity(output)}`);
    }
    for (const ref of module.weights.slice(0, 2)) {
      const size = `${ref.dtype} ${formatShape(ref.dims)}`;
      text.appendMarkdown(`\n\n${code(ref.name)} ${code(size)} ${formatBytes(ref.byteLength)}`);
      if (ref.byteLength > WEIGHT_BYTES || ref.count < 8) continue;
      const summary = await this.weights.soon(fact.model, ref, WEIGHT_WAIT);
      if (summary === undefined) continue;
      text.appendMarkdown(
        `\n\n${histogramImage(summary.histogram, moments(summary), ink())}\n\n${moments(summary)}`,
      );
    }
  }

  #several(text: vscode.MarkdownString, { model, modules }: LineFact): void {
    const shown = modules.slice(0, ROWS);
    const ran = shown.some(({ outputs }) => (outputs.at(-1)?.summary ?? null) !== null);
    const head = [vscode.l10n.t('module'), vscode.l10n.t('output')];
    if (ran) head.push('mean ± std', vscode.l10n.t('zeros'));
    text.appendMarkdown(`\n\n| ${head.join(' | ')} |\n|:--|:--|${ran ? '--:|--:|' : ''}\n`);
    for (const module of shown) {
      const output = module.outputs.at(-1);
      const summary = output?.summary ?? null;
      const cells = [
        moduleLink(model, module),
        output === undefined || output.dims === '' ? '' : code(output.dims),
      ];
      if (ran) {
        cells.push(
          summary === null ? '' : `${formatNumber(summary.mean)} ± ${formatNumber(summary.std)}`,
          summary === null ? '' : formatShare(summary.zeros / summary.count),
        );
      }
      text.appendMarkdown(`| ${cells.join(' | ')} |\n`);
    }
    if (modules.length > ROWS)
      text.appendMarkdown(`\n${vscode.l10n.t('and {0} more', modules.length - ROWS)}`);
  }
}

/** Whether a model's content is there; one that nobody has opened is read now, and waited for a moment. */
async function isRead(model: OpenModel): Promise<boolean> {
  if (model.content === undefined) await Promise.race([model.ready(), delay(READ_WAIT)]);
  return model.content !== undefined;
}

/** What is known of a model that is still being read: its links, kept from before. */
function unread(model: OpenModel, entries: readonly LineEntry[]): vscode.MarkdownString {
  const nodes = new Set(entries.flatMap((entry) => entry.nodes)).size;
  const text = new vscode.MarkdownString('', true);
  text.appendMarkdown(
    vscode.l10n.t('{0}: {1} nodes come from here. Reading the model…', code(model.name), nodes),
  );
  return text;
}

function heading(module: ModuleFact): string {
  const { scope } = module;
  const parts = [`**${code(pathOf(module))}**`];
  if (scope?.className !== null && scope !== null) parts.push(code(scope.className));
  const ops = [...new Set(module.nodes.map((node) => node.op))];
  parts.push(ops.slice(0, 4).join(', ') + (ops.length > 4 ? ', …' : ''));
  if (module.parameters > 0) parts.push(vscode.l10n.t('{0} parameters', formatCount(module.parameters)));
  return parts.join(' · ');
}

function pathOf({ scope, nodes }: ModuleFact): string {
  return scope?.path ?? nodes[0]?.op ?? '';
}

function activity({ summary, stale }: OutputFact): string {
  if (summary === null) return '';
  if (summary.count === 0) return ` ${vscode.l10n.t('no elements')}`;
  const old = stale ? ` _${vscode.l10n.t('(before the file changed)')}_` : '';
  const bad =
    summary.nan + summary.inf > 0 ? ` **${String(summary.nan)} NaN, ${String(summary.inf)} Inf**` : '';
  return ` mean ${formatNumber(summary.mean)} ± ${formatNumber(summary.std)}, ${vscode.l10n.t('{0} zeros', formatShare(summary.zeros / summary.count))}${bad}${old}`;
}

function moments(summary: TensorSummary): string {
  return `${formatNumber(summary.min)} … ${formatNumber(summary.max)}, mean ${formatNumber(summary.mean)} ± ${formatNumber(summary.std)}`;
}

function confidence({ entry }: LineFact): string {
  const word = entry.confidence === 'exact' ? vscode.l10n.t('exact link') : vscode.l10n.t('inferred link');
  const why = entry.claim.evidence[0] ?? '';
  return `&nbsp; _${word}${why === '' ? '' : `: ${escape(why)}`}_`;
}

function links({ model, modules }: LineFact): string {
  const [first] = modules;
  const selections = modules.map(selectionOf);
  const target = { model: model.uri.toString(), selection: selections[0] };
  const items = [
    commandLink(
      '$(type-hierarchy-sub)',
      modules.length > 1 ? vscode.l10n.t('Choose and Reveal…') : vscode.l10n.t('Reveal in Graph'),
      'patchclamp.revealInGraph',
      modules.length > 1 ? { model: target.model, selections } : target,
    ),
  ];
  // Of several, the picker and the rows say which is meant.
  if (modules.length > 1) return items.join('');
  const [weight] = first?.weights ?? [];
  if (weight !== undefined) {
    items.push(
      commandLink('$(graph)', vscode.l10n.t('Weights'), 'patchclamp.showWeights', {
        ...target,
        weight: model.content?.names.keyOf(weight) ?? weight.name,
      }),
    );
  }
  const output = first?.outputs.at(-1);
  if (output !== undefined && vscode.workspace.isTrusted) {
    items.push(
      commandLink('$(record)', vscode.l10n.t('Capture'), 'patchclamp.captureHere', {
        ...target,
        value: output.name,
      }),
    );
  }
  return items.join('&nbsp; ');
}

/** What reveals a module: itself, or its one node. */
function selectionOf({ scope, nodes }: ModuleFact): Selection {
  return scope === null || nodes.length === 1
    ? { kind: 'node', id: nodes[0]?.id ?? 0 }
    : { kind: 'scope', path: scope.path };
}

/** A module's path in a table, which a click reveals. */
function moduleLink(model: OpenModel, module: ModuleFact): string {
  const argument = { model: model.uri.toString(), selection: selectionOf(module) };
  const query = encodeURIComponent(JSON.stringify([argument]));
  return `[${code(pathOf(module))}](command:patchclamp.revealInGraph?${query})`;
}

function commandLink(icon: string, title: string, command: string, argument: unknown): string {
  return `[${icon} ${title}](command:${command}?${encodeURIComponent(JSON.stringify([argument]))})`;
}

function ink(): InkColors {
  switch (vscode.window.activeColorTheme.kind) {
    case vscode.ColorThemeKind.Light:
      return INK.light;
    case vscode.ColorThemeKind.Dark:
      return INK.dark;
    case vscode.ColorThemeKind.HighContrast:
      return INK.highContrastDark;
    case vscode.ColorThemeKind.HighContrastLight:
      return INK.highContrastLight;
  }
}

/** Inline code that no content can leave. */
function code(text: string): string {
  return `\`${text.replaceAll('`', 'ˋ').replaceAll('|', '∣').replaceAll('\n', ' ')}\``;
}

function escape(text: string): string {
  return text.replace(/[\\`*_{}[\]<>()#+!|~$&]/g, '\\$&').replaceAll('\n', ' ');
}
