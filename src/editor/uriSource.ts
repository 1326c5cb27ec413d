/**
 * Bytes of a file that only `workspace.fs` can reach. That interface has no ranges, so the file is fetched whole, once,
 * on the first read; local files never come this way.
 */
import * as vscode from 'vscode';
import type { ByteSource } from '../base/bytes';
import { throwIfCancelled } from '../base/cancel';
import { Failure } from '../base/errors';

export async function openUri(uri: vscode.Uri): Promise<ByteSource> {
  const { size } = await vscode.workspace.fs.stat(uri);
  let bytes: Promise<Uint8Array> | undefined;
  let bytesRead = 0;
  return {
    name: uri.toString(true),
    size,
    get bytesRead() {
      return bytesRead;
    },
    read: async (offset, length, signal) => {
      throwIfCancelled(signal);
      bytes ??= Promise.resolve(vscode.workspace.fs.readFile(uri));
      const all = await bytes;
      throwIfCancelled(signal);
      if (offset < 0 || length < 0 || offset + length > all.byteLength) {
        throw new Failure({
          code: 'truncated',
          message: `${uri.path} ends at byte ${String(all.byteLength)}, before byte ${String(offset + length)}.`,
          remedy: 'Fetch the file again; it is probably incomplete.',
        });
      }
      bytesRead += length;
      return all.subarray(offset, offset + length);
    },
    close: () => {
      bytes = undefined;
      return Promise.resolve();
    },
  };
}
