/** `patchclamp run`: feeds in, outputs and captured sites out, as .npy files and one line of figures. */
import { firstNonFinite } from '../compare/nonFinite';
import type { Captured, Level, RunRequest } from '../contract/run';
import { formatMs } from '../tensor/format';
import { formatShape } from '../tensor/shape';
import { summarize } from '../tensor/stats';
import { commandEngine, openModel } from './engine';
import { commandFiles, feedsTold, parseIntervention } from './feeds';
import { OutFolder } from './outFolder';
import { parseOptions, usage, type Command, type Io } from './options';

const LEVELS: readonly Level[] = ['disabled', 'basic', 'extended', 'all'];

export const command: Command = {
  name: 'run',
  usage:
    "run MODEL --feed NAME=FILE.npy… [--dim NAME=SIZE]… [--capture SITE]… [--intervene 'KIND SITE VALUE']… " +
    '[--output NAME]… [--no-outputs] [--level LEVEL] [--provider NAME] [--anyway] [--out DIR] [--json]',
  summary:
    'Run a model and record values on the way. A feed is an array (.npy, .npz:NAME), a picture, random:SEED, text:… or ' +
    'numbers; an intervention scales, sets, adds to or replaces a site. --anyway runs what may not fit in memory.',
  async run(args, io) {
    const { positionals, options } = parseOptions(args, {
      feed: 'many',
      dim: 'many',
      capture: 'many',
      intervene: 'many',
      output: 'many',
      'no-outputs': 'flag',
      anyway: 'flag',
      provider: 'one',
      level: 'one',
      out: 'one',
      json: 'flag',
    });
    const [file] = positionals;
    if (file === undefined || positionals.length > 1)
      throw usage('Name one model.', 'Write patchclamp run MODEL.onnx.');
    const level = LEVELS.find((name) => name === (options.level ?? 'disabled'));
    if (level === undefined)
      throw usage(`There is no level "${options.level ?? ''}".`, `Use ${LEVELS.join(', ')}.`);
    if (options['no-outputs'] && options.output.length > 0)
      throw usage('--no-outputs and --output ask for opposite things.', 'Give one of them.');
    const engine = commandEngine(io);
    try {
      const out = options.out === undefined ? null : await OutFolder.open(options.out, file);
      const model = await openModel(engine, file, io);
      const files = commandFiles(file);
      const feeds = await feedsTold(options.feed, options.dim, model.inputs, files, io);
      const interventions = await Promise.all(
        options.intervene.map((text) => parseIntervention(text, files)),
      );
      const request: RunRequest = {
        feeds,
        capture: options.capture,
        interventions,
        level,
        keep: out !== null,
        confirmed: options.anyway,
        ...(options.provider === undefined ? {} : { provider: options.provider }),
      };
      const outputs = options['no-outputs'] ? [] : options.output.length > 0 ? options.output : undefined;
      const result = await engine.run(
        model.id,
        outputs === undefined ? request : { ...request, outputs },
        io.signal,
      );
      const saved = async (captured: Captured): Promise<string | null> =>
        out === null ? null : out.save(engine, captured, io.signal);
      const fed = Object.entries(feeds).map(([site, tensor]) => ({ site, summary: summarize(tensor) }));
      const notes = [...result.notes, ...notFinite([...fed, ...result.outputs, ...result.captures])];
      const answers = { outputs: [] as object[], captures: [] as object[] };
      for (const captured of result.outputs) {
        const { site: name, dtype, dims: shape } = captured;
        answers.outputs.push({ name, file: await saved(captured), dtype, shape });
      }
      for (const captured of result.captures) {
        const { site, dtype, dims: shape, summary } = captured;
        const { mean = null, std = null, min = null, max = null, zeros = null } = summary ?? {};
        answers.captures.push({
          site,
          file: await saved(captured),
          dtype,
          shape,
          mean,
          std,
          min,
          max,
          zeros,
        });
      }
      if (options.json) {
        io.out(
          JSON.stringify({
            ...answers,
            ms: Number(result.ms.toFixed(3)),
            check: result.check,
            notes,
          }),
        );
      } else {
        print([...result.outputs, ...result.captures], io);
        for (const note of notes) io.out(note);
        io.out(`${formatMs(result.ms)}, of which ${formatMs(result.sessionMs)} to get ready`);
      }
      return 0;
    } finally {
      engine.dispose();
    }
  },
};

function print(captured: readonly Captured[], io: Io): void {
  for (const { site, dtype, dims, summary } of captured) {
    const figures =
      summary === null
        ? ''
        : `  mean ${number(summary.mean)}  std ${number(summary.std)}  min ${number(summary.min)}  max ${number(summary.max)}  zeros ${String(summary.zeros)}`;
    io.out(`${site}  ${dtype} ${formatShape(dims)}${figures}`);
  }
}

/** What figures leave out, and where to look for its cause. */
function notFinite(values: Parameters<typeof firstNonFinite>[0]): string[] {
  const first = firstNonFinite(values);
  if (first === null) return [];
  const { site, summary, others } = first;
  const counts = `${String(summary.nan)} NaN and ${String(summary.inf)} infinite of ${String(summary.count)} numbers`;
  const more = others === 0 ? '' : ` (so ${others === 1 ? 'does 1 other' : `do ${String(others)} others`})`;
  return [
    `"${site}" holds ${counts}${more}; figures are over the finite ones. patchclamp nonfinite says where they come from.`,
  ];
}

function number(value: number): string {
  return Number(value.toPrecision(5)).toString();
}
