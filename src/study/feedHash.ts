/** The hash by which a run knows its inputs again: of a tensor's type, shape and bytes. */
import { createHash } from 'node:crypto';
import type { TensorData } from '../contract/tensor';

/** SHA-256 in hex; the same tensor gives the same hash, whatever it was made from. */
export function hashTensor({ dtype, dims, data }: TensorData): string {
  const hash = createHash('sha256').update(`${dtype} ${dims.join(',')} `);
  if (ArrayBuffer.isView(data)) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  else hash.update(JSON.stringify(data));
  return hash.digest('hex');
}
