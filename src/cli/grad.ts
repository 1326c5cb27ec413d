/** `patchclamp grad`: the gradient of one number at some sites, or its integral from a baseline, as .npy files. */
import type { GradientRequest } from '../contract/run';
import { directionsFor } from '../data/directions';
import { formatMs } from '../tensor/format';
import { formatShape } from '../tensor/shape';
import { commandEngine, openModel } from './engine';
import { arraysFrom, commandFiles, feedsTold, parseIntervention } from './feeds';
import { OutFolder } from './outFolder';
import { parseOptions, usage, type Command } from './options';

export const command: Command = {
  name: 'grad',
  usage:
    'grad MODEL --feed NAME=FILE.npy… [--dim NAME=SIZE]… --objective EXPR… --wrt SITE… [--integrated STEPS] ' +
    '[--riemann] [--direction NAME=FILE.npy]… [--along SITE=FILE.npy]… [--anyway] ' +
    "[--intervene 'KIND SITE VALUE']… [--out DIR] [--json]",
  summary:
    'Take the gradient of one number, such as logits[0,-1,42] or logprob(logits)[0,3], at inputs and at values inside; ' +
    'with --integrated, integrated gradients from zero and how far their sum is off; with --along, the product of the ' +
    'second derivative with a direction. dot(SITE,FILE.npy)[0,-1] projects the last axis of a value on a direction, as ' +
    'does dot(SITE,NAME)[0,-1] with --direction NAME=FILE.npy. Several objectives that differ in their indices are answered together. --anyway runs what may not fit in memory.',
  async run(args, io) {
    const { positionals, options } = parseOptions(args, {
      feed: 'many',
      dim: 'many',
      objective: 'many',
      direction: 'many',
      along: 'many',
      wrt: 'many',
      integrated: 'one',
      riemann: 'flag',
      anyway: 'flag',
      intervene: 'many',
      out: 'one',
      json: 'flag',
    });
    const [file] = positionals;
    if (file === undefined || positionals.length > 1)
      throw usage('Name one model.', 'Write patchclamp grad MODEL.onnx.');
    const { wrt } = options;
    const [first] = options.objective;
    if (first === undefined)
      throw usage('There is nothing to take the gradient of.', 'Write --objective EXPR.');
    if (wrt.length === 0) throw usage('No site was named.', 'Write --wrt SITE; an input is one.');
    const steps = stepsOf(options.integrated);
    if (options.riemann && steps === undefined)
      throw usage('--riemann says how to integrate.', 'Write --integrated STEPS too.');
    const engine = commandEngine(io);
    try {
      const out = options.out === undefined ? null : await OutFolder.open(options.out, file);
      const model = await openModel(engine, file, io);
      const files = commandFiles(file);
      const feeds = await feedsTold(options.feed, options.dim, model.inputs, files, io);
      const interventions = await Promise.all(
        options.intervene.map((text) => parseIntervention(text, files)),
      );
      const along = await arraysFrom('along', 'SITE', options.along, files);
      const given = await arraysFrom('direction', 'NAME', options.direction, files);
      const directions = await directionsFor(options.objective, given, files);
      const objective = options.objective.length === 1 ? first : options.objective;
      const request: GradientRequest = {
        feeds,
        objective,
        wrt,
        interventions,
        ...(options.along.length === 0 ? {} : { along }),
        directions,
        confirmed: options.anyway,
      };
      const rule = options.riemann ? 'left-riemann' : 'gauss-legendre';
      const result = await engine.gradient(
        model.id,
        steps === undefined ? request : { ...request, integrated: { steps, rule } },
        io.signal,
      );
      const gradients: { site: string; file: string | null; shape: readonly number[] }[] = [];
      for (const { site, handle, dims: shape } of result.gradients) {
        const saved = out === null ? null : await out.save(engine, { site, handle }, io.signal);
        if (out === null && handle !== null) engine.release([handle]);
        gradients.push({ site, file: saved, shape });
      }
      const { value, values, completenessError, notes } = result;
      if (options.json) {
        const ms = Number(result.ms.toFixed(3));
        io.out(
          JSON.stringify({
            value,
            ...(values === undefined ? {} : { values }),
            gradients,
            ...(completenessError === undefined ? {} : { completenessError }),
            ms,
            notes,
          }),
        );
        return 0;
      }
      options.objective.forEach((text, i) => {
        io.out(`${text} = ${short(values?.[i] ?? value)}`);
      });
      for (const { site, dims, dtype, summary } of result.gradients) {
        const range = summary === null ? '' : `  min ${short(summary.min)}  max ${short(summary.max)}`;
        io.out(`${site}  ${dtype} ${formatShape(dims)}${range}`);
      }
      if (completenessError !== undefined) io.out(`completeness error ${short(completenessError)}`);
      for (const note of notes) io.out(note);
      io.out(formatMs(result.ms));
      return 0;
    } finally {
      engine.dispose();
    }
  },
};

function stepsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const steps = Number(text);
  if (Number.isInteger(steps) && steps >= 1 && steps <= 10_000) return steps;
  throw usage(`"${text}" is not a number of steps.`, 'Use a whole number from 1 to 10,000.');
}

function short(value: number): string {
  return Number(value.toPrecision(5)).toString();
}
