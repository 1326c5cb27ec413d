/** Files and interventions as they are written on the command line. Feeds are read by `data/feedText.ts`. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isFailure } from '../base/errors';
import type { FeedSpec, Intervention } from '../contract/run';
import type { TensorData } from '../contract/tensor';
import { makeFeeds } from '../data/feedText';
import type { DataFiles } from '../data/files';
import { readArray } from '../data/npz';
import { fileUnreadable } from '../onnx/errors';
import { usage, type Io } from './options';

/** Files named on the command line are relative to where it was started; those beside the model, to its folder. */
export function commandFiles(model: string): DataFiles {
  const folder = dirname(model);
  return {
    read: async (file) => {
      const beside = join(folder, file);
      const path = (await isFile(file)) || !(await isFile(beside)) ? file : beside;
      return readFile(path).catch((error: unknown) => {
        throw fileUnreadable(file, error);
      });
    },
    beside: () => readdir(folder),
  };
}

/** Feeds as they are written on the command line; what had to be guessed is told on standard error. */
export async function feedsTold(
  texts: readonly string[],
  dims: readonly string[],
  inputs: readonly FeedSpec[],
  files: DataFiles,
  io: Io,
): Promise<Record<string, TensorData>> {
  const { feeds, guessed } = await makeFeeds(texts, dims, inputs, files);
  for (const sentence of guessed) io.err(sentence);
  return feeds;
}

async function isFile(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => null);
  return stats?.isFile() === true;
}

/**
 * `scale SITE 0.5`, `set SITE 0`, `add SITE FILE.npy`, `replace SITE FILE.npy`; a number does for a file. Everything between
 * is the site, spaces and all; a file may have spaces in its name where it is there.
 */
export async function parseIntervention(text: string, files: DataFiles): Promise<Intervention> {
  const match = /^\s*(\w+)\s(.+)\s(\S+)\s*$/s.exec(text);
  const [, kind = '', site = '', operand = ''] = match ?? [];
  const number = numberIn(operand);
  switch (kind) {
    case 'scale':
    case 'set': {
      if (number === undefined)
        throw usage(
          `"${operand}" is not a number to ${kind} by.`,
          `Write --intervene '${kind} SITE NUMBER'.`,
        );
      return kind === 'scale' ? { kind, site, factor: number } : { kind, site, value: number };
    }
    case 'add':
    case 'replace': {
      if (number === undefined) return { kind, ...(await siteAndFile(`${site} ${operand}`, files)) };
      return { kind, site, value: { dtype: 'float64', dims: [], data: Float64Array.of(number) } };
    }
    default:
      throw usage(
        `"${text}" is not an intervention.`,
        "Write 'scale SITE NUMBER', 'set SITE NUMBER', 'add SITE FILE.npy' or 'replace SITE FILE.npy'.",
      );
  }
}

/** `NAME=FILE.npy`, as often as it is written; by name. */
export async function arraysFrom(
  option: string,
  what: string,
  texts: readonly string[],
  files: DataFiles,
): Promise<Record<string, TensorData>> {
  const found: Record<string, TensorData> = {};
  for (const text of texts) {
    const cut = text.lastIndexOf('=');
    if (cut < 1) throw usage(`"${text}" is not a direction.`, `Write --${option} ${what}=FILE.npy.`);
    const [name, file] = [text.slice(0, cut), text.slice(cut + 1)];
    if (Object.hasOwn(found, name)) throw usage(`The direction "${name}" was given twice.`, 'Give it once.');
    found[name] = readArray(await files.read(file), file);
  }
  return found;
}

/**
 * `nan` and `inf` are numbers too, as NumPy and PyTorch print them. Throws `usage` for a whole number that a double cannot
 * hold: another one would be used.
 */
function numberIn(text: string): number | undefined {
  const whole = /^[+-]?\d+$/.test(text);
  if (whole && (!Number.isFinite(Number(text)) || BigInt(text.replace('+', '')) !== BigInt(Number(text)))) {
    throw usage(
      `${text} is no number that can be written here exactly.`,
      "Write it to a file as int64, and use 'replace SITE FILE.npy'.",
    );
  }
  if (/^nan$/i.test(text)) return NaN;
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity;
  const number = text === '' ? NaN : Number(text);
  return Number.isNaN(number) ? undefined : number;
}

/** Where the site ends and the file begins: at the last space behind which there is a file, else at the last one. */
async function siteAndFile(text: string, files: DataFiles): Promise<{ site: string; value: TensorData }> {
  let problem: unknown;
  for (let at = text.lastIndexOf(' '); at > 0; at = text.lastIndexOf(' ', at - 1)) {
    const file = text.slice(at + 1);
    try {
      return { site: text.slice(0, at), value: readArray(await files.read(file), file) };
    } catch (error) {
      if (!isFailure(error) || error.code !== 'file-unreadable') throw error;
      problem ??= error;
    }
  }
  throw problem;
}
