/**
 * Where bytes come from: a local file, `workspace.fs`, or memory. Readers ask for ranges and never for the whole file,
 * and every source counts what it handed out.
 */
import { AbortError } from './cancel';
import { Failure } from './errors';

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

/** Bytes already in memory: a file of a virtual workspace, a test. */
export class MemorySource implements ByteSource {
  #bytesRead = 0;

  constructor(
    readonly name: string,
    private readonly bytes: Uint8Array,
  ) {}

  get size(): number {
    return this.bytes.length;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    if (signal?.aborted === true) return Promise.reject(new AbortError());
    if (offset < 0 || length < 0 || offset + length > this.size) {
      return Promise.reject(
        new Failure({
          code: 'truncated',
          message: `${this.name} has ${this.size} bytes, but ${length} bytes at offset ${offset} were asked for.`,
          remedy: 'Download or export it again.',
        }),
      );
    }
    this.#bytesRead += length;
    return Promise.resolve(this.bytes.subarray(offset, offset + length));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
