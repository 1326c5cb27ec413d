/**
 * Directions that an objective's text projects on: `dot(hidden, truth.npy)[0,-1]` names a file, which is found as files of
 * feeds are; any other name is one that was given beside the text.
 */
import type { TensorData } from '../contract/tensor';
import type { DataFiles } from './files';
import { readArray } from './npz';

/** The files that texts name as directions, each once. */
export function directionFiles(texts: readonly string[]): string[] {
  return [
    ...new Set(
      texts.flatMap((text) => [...text.matchAll(/,\s*([^\s(),]+\.npy)\s*\)/gi)].map(([, file = '']) => file)),
    ),
  ];
}

/** Directions by the names in the texts: those that were given, and those that are files. Throws `file-unreadable`. */
export async function directionsFor(
  texts: readonly string[],
  given: Readonly<Record<string, TensorData>>,
  files: Pick<DataFiles, 'read'>,
): Promise<Readonly<Record<string, TensorData>>> {
  const directions = { ...given };
  for (const file of directionFiles(texts)) directions[file] ??= readArray(await files.read(file), file);
  return directions;
}
