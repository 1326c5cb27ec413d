/**
 * An experiment: which method is asked of which model, with what, kept as a `*.clamp.json` file that a person can read,
 * review and run again. Feeds are the short texts of the command line. Its findings lie beside it. No vscode, no engine.
 */
import { describe, Failure } from '../base/errors';
import type { Finding, Method, Params } from '../contract/method';
import type { DataFiles } from '../data/files';
import { checkParams, findMethod } from '../methods/params';

export interface Experiment {
  readonly $schema?: string;
  /** Relative to the experiment's folder. */
  readonly model: string;
  readonly method: string;
  /** Only what differs from the method's defaults. */
  readonly params: Readonly<Record<string, unknown>>;
  /** A short text per input: `images/7.png`, `x.npy`, `text:…`, `random:1`, or numbers. */
  readonly feeds: Readonly<Record<string, string>>;
  readonly dims: Readonly<Record<string, number>>;
  readonly seed: number;
}

export const EXPERIMENT_FILE = /\.clamp\.json$/i;

/** What lies beside an experiment once it has run. */
export interface KeptFindings {
  readonly experiment: string;
  readonly findings: readonly Finding[];
}

/** `digits.clamp.json` -> `digits.findings.json`. */
export function findingsFile(experiment: string): string {
  return experiment.replace(EXPERIMENT_FILE, '.findings.json');
}

/** The bytes of a findings file: the same findings give the same bytes. */
export function printFindings(kept: KeptFindings): string {
  return `${JSON.stringify(kept, null, 1)}\n`;
}

/** Reads an experiment's text. Throws `bad-data` with the sentence to show. `name` is what messages call the file. */
export function parseExperiment(text: string, name: string): Experiment {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad(`${name} is not JSON: ${describe(error)}.`, 'Correct it; VS Code marks the place.');
  }
  if (!isObject(value)) throw bad(`${name} does not hold an object.`, HOW);
  const { $schema, model, method, params = {}, feeds = {}, dims = {}, seed = 0, ...rest } = value;
  const unknown = Object.keys(rest);
  if (unknown.length > 0) throw bad(`${name} has an unknown entry "${unknown[0] ?? ''}".`, HOW);
  if (typeof model !== 'string' || model === '') throw bad(`${name} names no model.`, HOW);
  if (typeof method !== 'string' || method === '') throw bad(`${name} names no method.`, HOW);
  if (!isObject(params)) throw bad(`"params" of ${name} is not an object.`, HOW);
  if (!isObject(feeds) || !Object.values(feeds).every((feed) => typeof feed === 'string'))
    throw bad(`"feeds" of ${name} is not an object of texts.`, HOW);
  if (!isObject(dims) || !Object.values(dims).every((dim) => Number.isInteger(dim) && Number(dim) >= 0))
    throw bad(`"dims" of ${name} is not an object of whole numbers.`, HOW);
  if (typeof seed !== 'number' || !Number.isInteger(seed))
    throw bad(`"seed" of ${name} is not a whole number.`, HOW);
  return {
    ...(typeof $schema === 'string' ? { $schema } : {}),
    model,
    method,
    params,
    feeds: feeds as Record<string, string>,
    dims: dims as Record<string, number>,
    seed,
  };
}

/** Its method and checked parameters. Throws `usage`. */
export function methodOf(
  methods: readonly Method[],
  { method: id, params }: Experiment,
): { readonly method: Method; readonly params: Params } {
  const method = findMethod(methods, id);
  return { method, params: checkParams(method, params) };
}

const HOW =
  'Write {"model": "model.onnx", "method": "attribution", "feeds": {"input": "x.npy"}, "params": {}}.';

function bad(message: string, remedy: string): Failure {
  return new Failure({ code: 'bad-data', message, remedy });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An experiment as a file to read: what equals the method's defaults is left out. */
export function printExperiment(experiment: Experiment, method: Method | undefined): string {
  const { model, feeds, dims, params, seed } = experiment;
  const spoken = Object.fromEntries(
    Object.entries(params).filter(([name, value]) => {
      const spec = method?.params.find((candidate) => candidate.name === name);
      return spec === undefined || JSON.stringify(spec.default) !== JSON.stringify(value);
    }),
  );
  const some = Object.keys(dims).length > 0 ? { dims } : {};
  return `${JSON.stringify({ model, method: experiment.method, feeds, ...some, params: spoken, seed }, null, 2)}\n`;
}

/** Files as an experiment names them: beside itself first, then beside the model, where tokenizers and labels lie. */
export function experimentFiles(own: DataFiles, model: DataFiles): DataFiles {
  return {
    read: (file) =>
      own.read(file).catch((error: unknown) =>
        model.read(file).catch(() => {
          throw error;
        }),
      ),
    beside: () => model.beside(),
  };
}
