/**
 * `patchclamp compare A B`: what differs between two models, node by node, module by module and weight by weight, and,
 * where an input is given, value by value; or between a model and what its framework recorded. No mapping file. The
 * shapes of `--json` are in `compareReport.ts` and `compareValues.ts`.
 */
import { compareValues } from '../compare/activations';
import { departuresOf, thresholdFor, type Departures } from '../compare/departures';
import { differenceOf, type Difference } from '../compare/difference';
import { fingerprintsOf } from '../compare/fingerprints';
import { sameFeeds } from '../compare/sameFeeds';
import { pairValues } from '../compare/values';
import { compareWeights, pairWeights } from '../compare/weights';
import { buildScopes } from '../onnx/scopes';
import { compareRecording } from './compareRecording';
import { Opened, linesOf } from './compareModel';
import { printDifference, reportDifference } from './compareReport';
import { captureBy } from './compareRun';
import { jsonLine, printValues, reportValues } from './compareValues';
import { commandEngine, openModel } from './engine';
import { commandFiles, feedsTold } from './feeds';
import { parseOptions, usage, type Command, type Io } from './options';

const OPTIONS = {
  'no-weights': 'flag',
  'no-control': 'flag',
  feed: 'many',
  dim: 'many',
  threshold: 'one',
  source: 'one',
  json: 'flag',
} as const;

export const command: Command = {
  name: 'compare',
  usage:
    'compare A.onnx B.onnx [--no-weights] [--feed NAME=FILE.npy… [--dim NAME=SIZE]… [--no-control]] ' +
    '[--threshold X] [--source DIR] [--json], or compare A.onnx RECORDED.npz [--threshold X] [--source DIR] [--json]',
  summary:
    'Say what differs between two models: nodes that are the same, changed, added and removed, by module; how far apart ' +
    'weights are; with --feed, how far apart values are and where they part. With an .npz of recorded activations: where ' +
    "a model departs from its framework's own.",
  async run(args, io) {
    const { positionals, options } = parseOptions(args, OPTIONS);
    const [first, second] = positionals;
    if (first === undefined || second === undefined || positionals.length > 2)
      throw usage('Name two models.', 'Write patchclamp compare A.onnx B.onnx.');
    const threshold = thresholdOf(options.threshold);
    if (/\.npz$/i.test(second)) {
      const { source, json } = options;
      await compareRecording({ model: first, recording: second, threshold, source, json }, io);
      return 0;
    }
    const a = await Opened.open(first, io);
    try {
      const b = await Opened.open(second, io);
      try {
        const start = performance.now();
        const difference = await compareModels(a, b, io);
        const ms = performance.now() - start;
        const weights = options['no-weights']
          ? null
          : await compareWeights(pairWeights(difference), [a.reader, b.reader], io.signal);
        const values =
          options.feed.length === 0
            ? null
            : await valuesBetween(difference, [first, second], { ...options, threshold }, io);
        const lineOf = await linesOf(a.model.skeleton, options.source, io);
        const report = values && reportValues(values.departures, values.control, lineOf);
        const files = [first, second] as const;
        if (options.json) {
          io.out(jsonLine({ ...reportDifference(files, difference, weights, ms), activations: report }));
        } else {
          for (const line of printDifference(files, difference, weights, ms)) io.out(line);
          if (report !== null) for (const line of printValues(report)) io.out(line);
        }
        return 0;
      } finally {
        await b.close();
      }
    } finally {
      await a.close();
    }
  },
};

/** undefined: by the models' own types. */
function thresholdOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const threshold = Number(text);
  if (text.trim() === '' || !(threshold >= 0)) {
    throw usage(`"${text}" is no threshold.`, 'Write a number such as 0.001: a share of the value’s size.');
  }
  return threshold;
}

async function compareModels(a: Opened, b: Opened, io: Io): Promise<Difference> {
  const side = ({ model: { skeleton } }: Opened): Parameters<typeof differenceOf>[0] => ({
    skeleton,
    scopes: buildScopes(skeleton),
  });
  const fingerprints = new Map([
    ...(await fingerprintsOf(a.model.skeleton, a.reader, io.signal)),
    ...(await fingerprintsOf(b.model.skeleton, b.reader, io.signal)),
  ]);
  return differenceOf(side(a), side(b), fingerprints);
}

interface ValueOptions {
  readonly feed: readonly string[];
  readonly dim: readonly string[];
  readonly 'no-control': boolean;
  readonly threshold: number | undefined;
}

async function valuesBetween(
  difference: Difference,
  [first, second]: readonly [string, string],
  options: ValueOptions,
  io: Io,
): Promise<{ readonly departures: Departures; readonly control: string }> {
  const engine = commandEngine(io);
  try {
    const a = await openModel(engine, first, io);
    const b = await openModel(engine, second, io);
    const fed = await feedsTold(options.feed, options.dim, a.inputs, commandFiles(first), io);
    const { feeds, rounded } = sameFeeds(fed, a.inputs, b.inputs);
    for (const { name, from, to, most } of rounded)
      io.err(
        `${name}: ${second} takes ${to}, so it is fed the same rounded from ${from}, by ${most.toPrecision(3)} at most.`,
      );
    const { rows, controlProblem } = await compareValues(
      pairValues(difference),
      {
        a: captureBy(engine, a.id, fed),
        b: captureBy(engine, b.id, feeds),
        control: options['no-control'] ? null : captureBy(engine, a.id, fed, 'all'),
      },
      io.signal,
    );
    return {
      departures: departuresOf(
        difference.a,
        rows,
        options.threshold ?? thresholdFor(difference.a.skeleton, difference.b.skeleton),
      ),
      control: options['no-control']
        ? ''
        : controlProblem !== null
          ? `There is no floor: ${controlProblem}`
          : `floor: ${first} against itself, as the runtime's own optimiser computes it.`,
    };
  } finally {
    engine.dispose();
  }
}
