/**
 * The comparisons themselves, as the editor makes them: two models, a model and a recording, a model and the numbers
 * that are none. Reads, runs and gives tables with overlays; shows nothing.
 */
import * as vscode from 'vscode';
import type { Capture } from '../compare/activations';
import type { Departure, Departures } from '../compare/departures';
import type { CompareTable, CompareTarget } from '../contract/compareApi';
import type { Overlay } from '../contract/method';
import type { Level, RunRequest } from '../contract/run';
import type { TensorData, TensorSummary } from '../contract/tensor';
import { Failure } from '../base/errors';
import { formatNumber } from '../tensor/format';
import { errorOverlay, nonFiniteOverlay, structureOverlay } from './compareFindings';
import { modulesTable, nodesTable, nonFiniteTable, valuesTable, weightsTable } from './compareTables';
import type { EngineAccess } from './engineAccess';
import { feedSpecs } from './feedSpecs';
import type { Content, OpenModel } from './openModel';
import type { ModelReader } from './reading';

export interface Compared {
  readonly tables: readonly CompareTable[];
  readonly verdict: string;
  readonly target: CompareTarget | null;
  readonly notes: readonly string[];
  readonly overlays: readonly { readonly model: OpenModel; readonly overlay: Overlay }[];
  /** The same numbers by another threshold; null where nothing was judged by one. */
  readonly judged: { readonly threshold: number; by(threshold: number): Compared } | null;
}

export type Feeds = RunRequest['feeds'];

export class CompareWork {
  constructor(
    private readonly reader: ModelReader,
    private readonly engine: EngineAccess,
  ) {}

  /** Structure and weights; with feeds also values. */
  async models(
    a: OpenModel,
    b: OpenModel,
    feeds: Feeds | null,
    threshold: number | null,
    signal: AbortSignal,
    tell: (text: string) => void,
  ): Promise<Compared> {
    const [left, right] = [contentOf(a), contentOf(b)];
    const { differenceOf } = await import('../compare/difference');
    const { fingerprintsOf } = await import('../compare/fingerprints');
    const { compareWeights, pairWeights } = await import('../compare/weights');
    const { WeightReader } = await import('../onnx/weights');
    const opened = await Promise.all([this.reader.open(a.uri), this.reader.open(b.uri)]);
    const [first, second] = opened;
    const readers = [
      new WeightReader(first.source, first.folder),
      new WeightReader(second.source, second.folder),
    ] as const;
    try {
      tell(vscode.l10n.t('Matching nodes'));
      const fingerprints = new Map([
        ...(await fingerprintsOf(left.skeleton, readers[0], signal)),
        ...(await fingerprintsOf(right.skeleton, readers[1], signal)),
      ]);
      const difference = differenceOf(left, right, fingerprints);
      const pairs = pairWeights(difference);
      const weights = await compareWeights(pairs, readers, signal, (done) => {
        tell(vscode.l10n.t('Comparing weights ({0} of {1})', done, pairs.length));
      });
      const tables = [nodesTable(difference), modulesTable(difference), weightsTable(weights, difference.a)];
      const { same, changed, added, removed } = difference.counts;
      const counts = vscode.l10n.t(
        '{0} nodes are the same, {1} changed, {2} added, {3} removed.',
        same,
        changed,
        added,
        removed,
      );
      const structure = [
        { model: a, overlay: structureOverlay(difference, 'a') },
        { model: b, overlay: structureOverlay(difference, 'b') },
      ];
      if (feeds === null)
        return { tables, verdict: counts, target: null, notes: [], overlays: structure, judged: null };

      const { pairValues } = await import('../compare/values');
      const { compareValues } = await import('../compare/activations');
      const { departuresOf, thresholdFor } = await import('../compare/departures');
      const { sameFeeds } = await import('../compare/sameFeeds');
      const values = pairValues(difference);
      const others = sameFeeds(feeds, feedSpecs(left.skeleton), feedSpecs(right.skeleton));
      const rounded = others.rounded.map(({ name, from, to, most }) =>
        vscode.l10n.t(
          '{0}: {1} takes {2}, so it is fed the same rounded from {3}, by {4} at most.',
          name,
          b.name,
          to,
          from,
          formatNumber(most),
        ),
      );
      const { rows, controlProblem } = await compareValues(
        values,
        {
          a: this.#capture(a, feeds),
          b: this.#capture(b, others.feeds),
          control: this.#capture(a, feeds, 'all'),
        },
        signal,
        (done) => {
          tell(vscode.l10n.t('Comparing values ({0} of {1})', done, values.length));
        },
      );
      const control =
        controlProblem === null
          ? vscode.l10n.t('Floor: {0} against itself as the runtime’s own optimiser computes it.', a.name)
          : vscode.l10n.t('There is no floor: {0}', controlProblem);
      const other = vscode.l10n.t('In {0}', b.name);
      return judgedBy(threshold ?? thresholdFor(left.skeleton, right.skeleton), (by) => {
        const departures = departuresOf(difference.a, rows, by);
        return {
          tables: [valuesTable(departures, other, control), ...tables],
          verdict: verdictOf(departures),
          target: targetOf(departures.first),
          notes: [counts, ...rounded],
          overlays: [{ model: a, overlay: errorOverlay(departures) }, ...structure.slice(1)],
        };
      });
    } finally {
      for (const reader of readers) await reader.close();
      for (const { source } of opened) await source.close();
    }
  }

  /** What the framework recorded of itself, in an `.npz`. */
  async recording(
    a: OpenModel,
    file: vscode.Uri,
    threshold: number | null,
    signal: AbortSignal,
  ): Promise<Compared> {
    const { skeleton, scopes } = contentOf(a);
    const { factsOf } = await import('../compare/facts');
    const { recordedArray } = await import('../compare/recorded');
    const { compareWithRecording, recordedFeeds } = await import('../compare/recording');
    const { arrayNames, readArray } = await import('../data/npz');
    const bytes = await vscode.workspace.fs.readFile(file);
    const name = vscode.workspace.asRelativePath(file);
    const recording = {
      arrays: arrayNames(bytes, name).map(recordedArray),
      read: (key: string): TensorData => readArray(bytes, name, key),
    };
    const inputs = feedSpecs(skeleton).filter(({ optional }) => !optional);
    const feeds = recordedFeeds(
      recording,
      inputs.map((input) => input.name),
    );
    const unfed = inputs.find((input) => !Object.hasOwn(feeds, input.name));
    if (unfed !== undefined) {
      throw new Failure({
        code: 'bad-data',
        message: vscode.l10n.t('{0} does not say what went into "{1}".', name, unfed.name),
        remedy: vscode.l10n.t('Record it again with Patchclamp’s recorder, which keeps the inputs too.'),
      });
    }
    const { thresholdFor } = await import('../compare/departures');
    const beyond = threshold ?? thresholdFor(skeleton);
    const report = await compareWithRecording(
      factsOf(skeleton, scopes),
      scopes,
      recording,
      this.#capture(a, feeds),
      beyond,
      signal,
    );
    const control = vscode.l10n.t('Floor: the framework’s own run against the same in double precision.');
    return judgedBy(beyond, (by) => {
      const { departures, missing, notes } = by === beyond ? report : report.by(by);
      const gone =
        missing.length === 0
          ? []
          : [vscode.l10n.t('Recorded, but not found in the model: {0}.', missing.join(', '))];
      return {
        tables: [valuesTable(departures, vscode.l10n.t('Recorded module'), control)],
        verdict: verdictOf(departures),
        target: targetOf(departures.first),
        notes: [...notes, ...gone],
        overlays: [{ model: a, overlay: errorOverlay(departures) }],
      };
    });
  }

  /** The first value that holds NaN or an infinity. */
  async nonFinite(a: OpenModel, feeds: Feeds, signal: AbortSignal): Promise<Compared> {
    const { skeleton, scopes } = contentOf(a);
    const { factsOf } = await import('../compare/facts');
    const { allSites, nonFiniteOf } = await import('../compare/nonFinite');
    const { summarize } = await import('../tensor/stats');
    const facts = factsOf(skeleton, scopes);
    const request = { feeds, capture: allSites(facts), outputs: [], keep: false };
    const { captures } = await this.engine.runAsking(a, request, signal);
    const summaries = new Map<string, TensorSummary>();
    for (const { site, summary } of captures) if (summary !== null) summaries.set(site, summary);
    for (const [name, feed] of Object.entries(feeds)) {
      const summary = summarize(feed);
      if (summary !== null) summaries.set(name, summary);
    }
    const report = nonFiniteOf(facts, summaries);
    const first = report.firstNan ?? report.firstInf;
    const verdict =
      report.rows.length === 0
        ? vscode.l10n.t('All {0} values are finite.', captures.length)
        : first === null
          ? vscode.l10n.t('NaN and infinities come in with what was fed.')
          : report.firstNan === first
            ? vscode.l10n.t('The first NaN is in {0} ({1}).', first.site, first.op)
            : vscode.l10n.t('There is no NaN; the first infinity is in {0} ({1}).', first.site, first.op);
    return {
      tables: [nonFiniteTable(report)],
      verdict,
      target: first === null ? null : { side: 'a', node: first.node },
      notes: [],
      overlays: [{ model: a, overlay: nonFiniteOverlay(report) }],
      judged: null,
    };
  }

  #capture(model: OpenModel, feeds: Feeds, level: Level = 'disabled'): Capture {
    return async (sites, signal = new AbortController().signal) => {
      const request = { feeds, capture: sites, outputs: [], level, keep: true };
      const { captures } = await this.engine.runAsking(model, request, signal);
      const found = new Map<string, TensorData>();
      for (const { site, handle } of captures) {
        if (handle === null) continue;
        found.set(site, await this.engine.tensor(handle, signal));
        this.engine.drop([handle]);
      }
      return found;
    };
  }
}

function contentOf(model: OpenModel): Content {
  if (model.content !== undefined) return model.content;
  const { what, remedy } = model.trouble ?? { what: model.name, remedy: '' };
  throw new Failure({ code: 'bad-model', message: what, remedy });
}

function verdictOf({ first, threshold, rows }: Departures): string {
  if (first === null) {
    const within = rows.filter(({ numbers }) => (numbers?.relative ?? 0) > threshold).length;
    if (within > 0) {
      return vscode.l10n.t(
        'None of {0} values departs: the {1} that differ by more than {2} of their size stay within ten times their floor.',
        rows.length,
        within,
        formatNumber(threshold),
      );
    }
    return vscode.l10n.t(
      'None of {0} values departs by more than {1} of its size.',
      rows.length,
      formatNumber(threshold),
    );
  }
  const by = formatNumber(first.numbers?.relative ?? Number.NaN);
  return first.other === first.site
    ? vscode.l10n.t('The first to depart is {0} ({1}), by {2} of its size.', first.site, first.op, by)
    : vscode.l10n.t(
        'The first to depart is {0} ({1}, {2}), by {3} of its size.',
        first.other,
        first.op,
        first.site,
        by,
      );
}

function judgedBy(threshold: number, judge: (threshold: number) => Omit<Compared, 'judged'>): Compared {
  return { ...judge(threshold), judged: { threshold, by: (other) => judgedBy(other, judge) } };
}

function targetOf(first: Departure | null): CompareTarget | null {
  return first === null ? null : { side: 'a', node: first.node };
}
