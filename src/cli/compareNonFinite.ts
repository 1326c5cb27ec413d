/** `patchclamp nonfinite`: the first value of a run that holds NaN or an infinity, and what it was computed from. */
import { factsOf } from '../compare/facts';
import { allSites, nonFiniteOf, type NonFinite } from '../compare/nonFinite';
import type { TensorSummary } from '../contract/tensor';
import { buildScopes } from '../onnx/scopes';
import { summarize } from '../tensor/stats';
import { linesOf, Opened } from './compareModel';
import { jsonLine, placeText, type LineOf } from './compareValues';
import { commandEngine, openModel } from './engine';
import { commandFiles, feedsTold } from './feeds';
import { parseOptions, usage, type Command } from './options';

/** One object of `--json`: `{model, checked, firstNan, firstInf, values}`; values that hold any, in order of computing. */
interface Row extends NonFinite {
  readonly line: string | null;
  readonly definition: string | null;
  /** What it is computed from: NaN and infinities in feeds, values and weights, by name. */
  readonly inputs: readonly { readonly name: string; readonly nan: number; readonly inf: number }[];
}

export const command: Command = {
  name: 'nonfinite',
  usage: 'nonfinite MODEL --feed NAME=FILE.npy… [--dim NAME=SIZE]… [--source DIR] [--json]',
  summary:
    'Find the first value of a run that holds NaN or an infinity, and the line of Python it comes from.',
  async run(args, io) {
    const { positionals, options } = parseOptions(args, {
      feed: 'many',
      dim: 'many',
      source: 'one',
      json: 'flag',
    });
    const [file] = positionals;
    if (file === undefined || positionals.length > 1)
      throw usage('Name one model.', 'Write patchclamp nonfinite MODEL.onnx.');
    const opened = await Opened.open(file, io);
    const engine = commandEngine(io);
    try {
      const { skeleton } = opened.model;
      const facts = factsOf(skeleton, buildScopes(skeleton));
      const model = await openModel(engine, file, io);
      const feeds = await feedsTold(options.feed, options.dim, model.inputs, commandFiles(file), io);
      const result = await engine.run(
        model.id,
        { feeds, capture: allSites(facts), outputs: [], keep: false },
        io.signal,
      );
      const summaries = new Map<string, TensorSummary>();
      for (const { site, summary } of result.captures) if (summary !== null) summaries.set(site, summary);
      for (const [name, feed] of Object.entries(feeds)) {
        const summary = summarize(feed);
        if (summary !== null) summaries.set(name, summary);
      }
      const first = nonFiniteOf(facts, summaries);
      // Only weights beside what begins are worth reading.
      for (const { node } of first.rows.filter(({ beginsNan, beginsInf }) => beginsNan || beginsInf)) {
        for (const name of skeleton.nodes[node]?.inputs ?? []) {
          const ref = skeleton.graph.initializers.get(name);
          const summary = ref === undefined ? null : await opened.reader.summarize(ref, io.signal);
          if (summary !== null) summaries.set(name, summary);
        }
      }
      const lineOf = await linesOf(skeleton, options.source, io);
      const rows = first.rows.map((row) =>
        withInputs(row, skeleton.nodes[row.node]?.inputs ?? [], summaries, lineOf),
      );
      const named = (found: NonFinite | null): Row | null =>
        rows.find(({ site }) => site === found?.site) ?? null;
      const [firstNan, firstInf] = [named(first.firstNan), named(first.firstInf)];
      if (options.json) {
        io.out(jsonLine({ model: file, checked: result.captures.length, firstNan, firstInf, values: rows }));
      } else {
        for (const row of rows) io.out(line(row));
        const any = (count: (row: Row) => number): boolean => rows.some((row) => count(row) > 0);
        io.out(
          conclusion(
            firstNan,
            'NaN',
            result.captures.length,
            any(({ nan }) => nan),
          ),
        );
        io.out(
          conclusion(
            firstInf,
            'infinity',
            result.captures.length,
            any(({ inf }) => inf),
          ),
        );
      }
      return 0;
    } finally {
      engine.dispose();
      await opened.close();
    }
  },
};

function withInputs(
  row: NonFinite,
  inputs: readonly string[],
  summaries: ReadonlyMap<string, TensorSummary>,
  lineOf: LineOf,
): Row {
  const from = inputs.flatMap((name) => {
    const summary = summaries.get(name);
    return summary === undefined || summary.nan + summary.inf === 0
      ? []
      : [{ name, nan: summary.nan, inf: summary.inf }];
  });
  const { call, definition } = lineOf(row.node);
  return { ...row, line: call, definition, inputs: from };
}

function line({ site, op, nan, inf, count, beginsNan, beginsInf }: Row): string {
  return `${beginsNan || beginsInf ? '»' : ' '} ${site}  ${op}  NaN ${String(nan)}  infinite ${String(inf)}  of ${String(count)}`;
}

function conclusion(row: Row | null, what: string, checked: number, any: boolean): string {
  if (row === null && any) return `Every ${what} comes from what was fed, or from NaN.`;
  if (row === null) return `None of ${String(checked)} values brings ${what} into being.`;
  const place = placeText(row);
  const from = row.inputs.map(({ name }) => name).join(', ');
  const cause =
    from === ''
      ? 'all it reads is finite'
      : `it reads ${from}, which ${row.inputs.length === 1 ? 'is' : 'are'} not finite`;
  return `The first ${what} is in ${row.site} (${row.op}${row.module === '' ? '' : ` in ${row.module}`})${place === '' ? '' : `, at ${place}`}; ${cause}.`;
}
