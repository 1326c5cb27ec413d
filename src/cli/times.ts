/**
 * `patchclamp times`: how long each node took in the runtime's own profile, and each line of Python that made some. The
 * second of two runs counts, in a session of its own; the first maps the weights.
 */
import type { NodeTime } from '../contract/run';
import { openLocal } from '../onnx/files';
import { buildScopes } from '../onnx/scopes';
import { formatMicroseconds, formatShare } from '../tensor/format';
import { linesOf } from './compareModel';
import { commandEngine, openModel } from './engine';
import { commandFiles, feedsTold } from './feeds';
import { parseOptions, usage, type Command } from './options';

/** Of `--json`: `{total, elsewhere, nodes, lines}`; all times in microseconds, the longest first. */
interface Times {
  readonly total: number;
  /** In what the runtime put there itself. */
  readonly elsewhere: number;
  readonly nodes: readonly {
    readonly node: string;
    readonly op: string;
    readonly module: string;
    readonly line: string | null;
    readonly microseconds: number;
  }[];
  /** With `--source`: by line of the call. */
  readonly lines: readonly { readonly line: string; readonly microseconds: number; readonly nodes: number }[];
}

export const command: Command = {
  name: 'times',
  usage: 'times MODEL --feed NAME=FILE.npy… [--dim NAME=SIZE]… [--source DIR] [--json]',
  summary:
    'Say how long each node takes, by the runtime’s own profile, and with --source each line of Python that made some.',
  async run(args, io) {
    const { positionals, options } = parseOptions(args, {
      feed: 'many',
      dim: 'many',
      source: 'one',
      json: 'flag',
    });
    const [file] = positionals;
    if (file === undefined || positionals.length > 1)
      throw usage('Name one model.', 'Write patchclamp times MODEL.onnx.');
    const engine = commandEngine(io);
    try {
      const { skeleton, source } = await openLocal(file, io.signal);
      await source.close();
      const model = await openModel(engine, file, io);
      const feeds = await feedsTold(options.feed, options.dim, model.inputs, commandFiles(file), io);
      const profile = await engine.profile(model.id, { feeds, capture: [] }, io.signal);
      const lineOf = await linesOf(skeleton, options.source, io);
      const { scopes, scopeOf } = buildScopes(skeleton);
      const nodes = [...byNode(profile)].map(([id, microseconds]) => {
        const node = skeleton.nodes[id];
        return {
          node: node?.name || (node?.outputs[0] ?? ''),
          op: node?.op ?? '',
          module: scopes[scopeOf[id] ?? 0]?.path ?? '',
          line: lineOf(id).call,
          microseconds,
        };
      });
      nodes.sort((a, b) => b.microseconds - a.microseconds);
      const total = sum(profile);
      const elsewhere = sum(profile.filter(({ node }) => node < 0));
      const times: Times = { total, elsewhere, nodes, lines: byLine(nodes) };
      if (options.json) io.out(JSON.stringify(times));
      else for (const line of print(times)) io.out(line);
      return 0;
    } finally {
      engine.dispose();
    }
  },
};

function byNode(profile: readonly NodeTime[]): Map<number, number> {
  const found = new Map<number, number>();
  for (const { node, microseconds } of profile)
    if (node >= 0) found.set(node, (found.get(node) ?? 0) + microseconds);
  return found;
}

function byLine(nodes: Times['nodes']): Times['lines'] {
  const found = new Map<string, { line: string; microseconds: number; nodes: number }>();
  for (const { line, microseconds } of nodes) {
    if (line === null) continue;
    const at = found.get(line) ?? { line, microseconds: 0, nodes: 0 };
    found.set(line, at);
    at.microseconds += microseconds;
    at.nodes++;
  }
  return [...found.values()].sort((a, b) => b.microseconds - a.microseconds);
}

function sum(times: readonly NodeTime[]): number {
  return times.reduce((all, { microseconds }) => all + microseconds, 0);
}

function print({ total, elsewhere, nodes, lines }: Times): string[] {
  const share = (microseconds: number): string =>
    `${formatMicroseconds(microseconds)}  ${formatShare(microseconds / Math.max(1e-9, total))}`;
  return [
    ...nodes.map(
      ({ node, op, module, line, microseconds }) =>
        `${share(microseconds)}  ${op} ${node}${module === '' ? '' : ` in ${module}`}${line === null ? '' : `, at ${line}`}`,
    ),
    ...(lines.length === 0 ? [] : ['By line:']),
    ...lines.map(
      ({ line, microseconds, nodes: count }) =>
        `${share(microseconds)}  ${line}  ${String(count)} node${count === 1 ? '' : 's'}`,
    ),
    `${formatMicroseconds(total)} in all, ${formatMicroseconds(elsewhere)} of it in what the runtime put there itself`,
  ];
}
