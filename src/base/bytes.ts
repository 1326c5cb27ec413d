/**
 * Where bytes come from: a local file, `workspace.fs`, or memory. Readers ask for ranges and never for the whole file,
 * and every source counts what it handed out.
 */

export interface ByteSource {
  /** A path or URI for messages. */
  readonly name: string;
  /** Size in bytes. */
  readonly size: number;
  /** Total bytes read so far. */
  readonly bytesRead: number;
  /** Exactly `length` bytes from `offset`; rejects with `truncated` when the range leaves the file. */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  close(): Promise<void>;
}
