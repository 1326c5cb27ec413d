/** External data: every location is checked once, then offset and length of each tensor against it. */
import { isCancelled, throwIfCancelled } from '../base/cancel';
import { describe } from '../base/errors';
import { formatInteger } from '../tensor/format';
import { missing, type Decoding, type ExternalTensor } from './decoding';
import { badExternalData } from './errors';
import { locationProblem, type ModelFolder } from './folder';
import { shorten } from './names';
import type { WeightLocation } from '../contract/skeleton';

const REMEDY = 'Put the model and its data files into one folder, under the names they were saved with.';

/** Gives every external tensor of the reading its place, or the reason why it has none. */
export async function resolveExternals(
  ctx: Decoding,
  folder: ModelFolder | null,
  signal: AbortSignal | undefined,
): Promise<void> {
  const sizes = new Map<string, number | string>();
  for (const external of ctx.externals) {
    throwIfCancelled(signal);
    let size = sizes.get(external.location);
    if (size === undefined) {
      size = await sizeOf(external.location, folder);
      sizes.set(external.location, size);
      if (typeof size === 'string') ctx.warn('external data files that cannot be used', size);
    }
    external.ref.where = typeof size === 'string' ? missing(size) : place(ctx, external, size);
  }
}

/** Bytes in the file, or the sentence that says why it cannot be used. */
async function sizeOf(location: string, folder: ModelFolder | null): Promise<number | string> {
  const problem = locationProblem(location);
  if (problem !== null) return badExternalData(location, `${problem}, so it is not read`, REMEDY).message;
  if (folder === null) {
    return badExternalData(location, 'is not within reach here', 'Open the model from a folder.').message;
  }
  try {
    return await folder.size(location);
  } catch (error) {
    if (isCancelled(error)) throw error;
    return describe(error);
  }
}

function place(
  ctx: Decoding,
  { ref, location, offset, length }: ExternalTensor,
  size: number,
): WeightLocation {
  const fail = (what: string): WeightLocation => {
    const reason = `The tensor "${shorten(ref.name)}" ${what}. Copy "${shorten(location)}" again, or export the model again.`;
    ctx.warn('tensors that cannot be read', reason);
    return missing(reason);
  };
  if (length !== null && length !== ref.byteLength) {
    const stated = `${formatInteger(length)} bytes are stated for "${shorten(location)}"`;
    return fail(`does not fit its shape: it takes ${formatInteger(ref.byteLength)} bytes, but ${stated}`);
  }
  if (offset + ref.byteLength > size) {
    const range = `bytes ${formatInteger(offset)} to ${formatInteger(offset + ref.byteLength)}`;
    return fail(
      `lies outside its file: ${range} of "${shorten(location)}", which has ${formatInteger(size)}`,
    );
  }
  return { kind: 'file', file: location, offset, length: ref.byteLength };
}
