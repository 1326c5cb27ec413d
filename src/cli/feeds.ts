/** Files and interventions as they are written on the command line. Feeds are read by `data/feedText.ts`. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Intervention } from '../contract/run';
import type { TensorData } from '../contract/tensor';
import type { DataFiles } from '../data/files';
import { readArray } from '../data/npz';
import { fileUnreadable } from '../onnx/errors';
import { usage } from './options';

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

async function isFile(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => null);
  return stats?.isFile() === true;
}

/** `scale SITE 0.5`, `set SITE 0`, `add SITE FILE.npy`, `replace SITE FILE.npy`; a number does for a file. */
export async function parseIntervention(text: string, files: DataFiles): Promise<Intervention> {
  const match = /^(\w+)\s+(.+)\s+(\S+)$/s.exec(text.trim());
  const [, kind = '', site = '', operand = ''] = match ?? [];
  const number = operand.trim() === '' ? NaN : Number(operand);
  switch (kind) {
    case 'scale':
    case 'set': {
      if (Number.isNaN(number) && operand.toLowerCase() !== 'nan') {
        throw usage(
          `"${operand}" is not a number to ${kind} by.`,
          `Write --intervene '${kind} SITE NUMBER'.`,
        );
      }
      return kind === 'scale' ? { kind, site, factor: number } : { kind, site, value: number };
    }
    case 'add':
    case 'replace': {
      const value: TensorData = Number.isNaN(number)
        ? readArray(await files.read(operand), operand)
        : { dtype: 'float32', dims: [], data: Float32Array.of(number) };
      return { kind, site, value };
    }
    default:
      throw usage(
        `"${text}" is not an intervention.`,
        "Write 'scale SITE NUMBER', 'set SITE NUMBER', 'add SITE FILE.npy' or 'replace SITE FILE.npy'.",
      );
  }
}
