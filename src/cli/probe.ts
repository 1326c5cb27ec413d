/** `patchclamp probe`: runs a method on a model, or an experiment file as it stands; a finding a line. */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Finding, Method, Params } from '../contract/method';
import { directionsFor } from '../data/directions';
import type { EngineClient } from '../engine/client';
import { methods } from '../methods';
import type { MethodList } from '../methods/methodList';
import { checkParams, findMethod, objectiveTexts, parseParams } from '../methods/params';
import { fileUnreadable } from '../onnx/errors';
import {
  EXPERIMENT_FILE,
  findingsFile,
  methodOf,
  parseExperiment,
  printFindings,
  type Experiment,
} from '../study/experiment';
import { wordsFor } from '../study/words';
import { listWith } from './contributed';
import { commandEngine, openModel } from './engine';
import { arraysFrom, commandFiles, feedsTold } from './feeds';
import { parseOptions, usage, type Command, type Io } from './options';
import { printFinding } from './printFinding';

export const command = probeCommand(methods, commandEngine);

/** What of the engine's client this needs. */
export type ProbeEngine = Pick<EngineClient, 'open' | 'probe' | 'dispose'>;

/** What is asked, wherever it was written. */
interface Question {
  readonly model: string;
  readonly method: Method;
  readonly params: Params;
  /** `NAME=…` as on the command line. */
  readonly feeds: readonly string[];
  readonly dims: readonly string[];
  /** `NAME=FILE.npy` as on the command line. */
  readonly directions: readonly string[];
  readonly seed: number;
  readonly site?: string;
  readonly anyway: boolean;
  /** Where feeds' files lie: a file beside which they are looked for. */
  readonly beside: string;
}

/** The command over a list of methods and an engine that knows them. */
export function probeCommand(list: readonly Method[], start: (io: Io) => ProbeEngine): Command {
  return {
    name: 'probe',
    usage:
      'probe METHOD MODEL --feed NAME=FILE.npy… [--dim NAME=SIZE]… [--param NAME=VALUE]… ' +
      '[--direction NAME=FILE.npy]… [--site SITE] [--seed N] [--anyway] [--methods FILE.cjs]… [--json], or: probe EXPERIMENT.clamp.json [--anyway] [--methods FILE.cjs]… [--json]',
    summary:
      'Ask a model something by a method (see methods). An experiment file holds the whole question; its findings are ' +
      'kept beside it. --anyway runs what may not fit in memory; --methods adds those of a CommonJS file that exports them.',
    async run(args, io) {
      const { positionals, options } = parseOptions(args, {
        feed: 'many',
        dim: 'many',
        param: 'many',
        direction: 'many',
        site: 'one',
        seed: 'one',
        anyway: 'flag',
        methods: 'many',
        json: 'flag',
      });
      const [first, model] = positionals;
      const print = printer(options.json, io);
      const known = listWith(list, options.methods);
      const { anyway } = options;
      const experiment = first !== undefined && EXPERIMENT_FILE.test(first);
      if (experiment) {
        const { feed, dim, param, direction } = options;
        const given = feed.length + dim.length + param.length + direction.length;
        if (positionals.length > 1 || given > 0 || options.site !== undefined || options.seed !== undefined)
          throw usage('An experiment file holds the whole question.', 'Change it in the file.');
        const read = parseExperiment(await textOf(first), basename(first));
        const findings = await ask(
          start(io),
          { ...fromExperiment(known.all, read, first), anyway },
          known,
          print,
          io,
        );
        await writeFile(findingsFile(first), printFindings({ experiment: basename(first), findings }));
        return 0;
      }
      if (first === undefined || model === undefined || positionals.length > 2)
        throw usage('Name a method and one model.', 'Write patchclamp probe METHOD MODEL.onnx.');
      const method = findMethod(known.all, first);
      const question: Question = {
        model,
        method,
        params: parseParams(method, pairs(options.param)),
        feeds: options.feed,
        dims: options.dim,
        directions: options.direction,
        seed: seedOf(options.seed),
        beside: model,
        anyway,
        ...(options.site === undefined ? {} : { site: options.site }),
      };
      await ask(start(io), question, known, print, io);
      return 0;
    },
  };
}

function fromExperiment(
  list: readonly Method[],
  experiment: Experiment,
  file: string,
): Omit<Question, 'anyway'> {
  const { method, params } = methodOf(list, experiment);
  return {
    model: resolve(dirname(file), experiment.model),
    method,
    params: checkParams(method, params),
    feeds: Object.entries(experiment.feeds).map(([name, text]) => `${name}=${text}`),
    dims: Object.entries(experiment.dims).map(([name, size]) => `${name}=${String(size)}`),
    directions: [],
    seed: experiment.seed,
    beside: file,
  };
}

async function ask(
  engine: ProbeEngine,
  question: Question,
  known: MethodList,
  print: (finding: Finding, last: boolean) => void,
  io: Io,
): Promise<Finding[]> {
  try {
    const { method, params, seed, anyway: confirmed } = question;
    const module = known.moduleOf(method);
    const from = module === undefined ? {} : { module };
    const model = await openModel(engine, question.model, io);
    const files = commandFiles(question.beside);
    const feeds = await feedsTold(question.feeds, question.dims, model.inputs, files, io);
    const given = await arraysFrom('direction', 'NAME', question.directions, files);
    const directions = await directionsFor(objectiveTexts(method, params), given, files);
    const labels = await wordsFor(model.inputs, model.outputs, feeds, commandFiles(question.model));
    const findings: Finding[] = [];
    const site = question.site === undefined ? {} : { site: question.site };
    await engine.probe(
      model.id,
      { method: method.id, params, feeds, labels, directions, seed, confirmed, ...from, ...site },
      {
        onFinding: (finding, index) => {
          // All but the last go out as they come.
          const before = findings[index - 1];
          if (before !== undefined && findings[index] === undefined) print(before, false);
          findings[index] = finding;
        },
      },
      io.signal,
    );
    const last = findings.at(-1);
    if (last !== undefined) print(last, true);
    return findings;
  } finally {
    engine.dispose();
  }
}

/** One line of JSON per finding, the last with `done: true`; or tables to read. */
function printer(json: boolean, io: Io): (finding: Finding, last: boolean) => void {
  if (json) return (finding, last) => io.out(JSON.stringify(last ? { ...finding, done: true } : finding));
  return (finding) => {
    for (const line of printFinding(finding)) io.out(line);
  };
}

function pairs(texts: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const text of texts) {
    const [, name, value = ''] = /^([\w-]+)=(.*)$/s.exec(text) ?? [];
    if (name === undefined) throw usage(`"${text}" is not a parameter.`, 'Write --param NAME=VALUE.');
    if (Object.hasOwn(values, name)) throw usage(`The parameter "${name}" was given twice.`, 'Give it once.');
    values[name] = value;
  }
  return values;
}

function seedOf(text: string | undefined): number {
  const seed = Number(text ?? 0);
  if (text?.trim() !== '' && Number.isSafeInteger(seed)) return seed;
  throw usage(`"${text ?? ''}" is not a seed.`, 'Use a whole number.');
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw fileUnreadable(file, error);
  });
}
