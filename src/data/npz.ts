/** Arrays in .npy and .npz files, by name. */
import { unzipSync } from 'fflate';
import type { TensorData } from '../contract/tensor';
import { describe } from '../base/errors';
import type { Dtype } from '../tensor/dtype';
import { npyType, readNpy } from '../tensor/npy';
import { badData } from './errors';

/** An archive that unpacks to more than this is refused. */
const MOST_BYTES = 2 ** 31;

/** The one array of a .npy file, or the named array of a .npz. Throws `bad-data`. */
export function readArray(bytes: Uint8Array, name: string, entry?: string): TensorData {
  if (!isZip(bytes)) return readNpy(bytes, name);
  const arrays = arrayNames(bytes, name);
  const [only] = arrays;
  const wanted = entry ?? (arrays.length === 1 ? only : undefined);
  if (wanted === undefined) {
    throw badData(
      `${name} holds ${String(arrays.length)} arrays: ${arrays.join(', ')}.`,
      'Say which one to feed.',
    );
  }
  if (!arrays.includes(wanted)) {
    throw badData(`${name} holds no array "${wanted}".`, `It has ${arrays.join(', ')}.`);
  }
  const file = `${wanted}.npy`;
  const unpacked = unpack(bytes, name, (entryName) => entryName === file)[file];
  if (unpacked === undefined) throw badData(`"${wanted}" cannot be unpacked from ${name}.`, 'Save it again.');
  return readNpy(unpacked, `${name}:${wanted}`);
}

/** Names of the arrays in a .npz, in the file's order. */
export function arrayNames(bytes: Uint8Array, name: string): string[] {
  const names: string[] = [];
  unpack(bytes, name, (entry) => {
    if (entry.endsWith('.npy')) names.push(entry.slice(0, -4));
    return false;
  });
  return names;
}

/** What each array of a .npy or .npz is, without its elements. Throws `bad-data`. */
export function arrayTypes(
  bytes: Uint8Array,
  name: string,
): readonly { readonly entry?: string; readonly dtype: Dtype; readonly dims: readonly number[] }[] {
  if (!isZip(bytes)) return [npyType(bytes, name)];
  return Object.entries(unpack(bytes, name, (entry) => entry.endsWith('.npy'))).map(([entry, unpacked]) => ({
    entry: entry.slice(0, -4),
    ...npyType(unpacked, `${name}:${entry}`),
  }));
}

function unpack(
  bytes: Uint8Array,
  name: string,
  take: (entry: string) => boolean,
): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, {
      filter: (file) => {
        if (!take(file.name)) return false;
        if (file.originalSize <= MOST_BYTES) return true;
        throw new Error(`"${file.name}" claims ${String(file.originalSize)} bytes`);
      },
    });
  } catch (error) {
    throw badData(
      `${name} is not a whole .npz archive (${describe(error)}).`,
      'Save it again with numpy.savez.',
      error,
    );
  }
}

function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b;
}
