/**
 * A recording of a framework's own run: arrays by key. Keys as `recorder.ts` writes them: `input:NAME`, `module:PATH`,
 * `module:PATH@1` for a second call, `module:PATH[1]` for a second tensor, `output:0`, and `floor:KEY` for the framework's
 * own rounding at a key; a key without a kind is a module's path.
 */
import type { TensorData } from '../contract/tensor';

export interface RecordedArray {
  /** `module:stem.conv@1[0]` without its kind: `stem.conv@1`, and which tensor. */
  readonly kind: 'input' | 'module' | 'output' | 'floor';
  readonly path: string;
  readonly index: number;
  /** As in the archive. */
  readonly key: string;
}

export interface Recording {
  readonly arrays: readonly RecordedArray[];
  read(key: string): TensorData;
}

/** Reads a key of the archive. */
export function recordedArray(key: string): RecordedArray {
  const [, kind = '', rest = key] = /^(input|module|output|floor):(.*)$/s.exec(key) ?? [];
  const [, path = rest, index = '0'] = /^(.*)\[(\d+)\]$/s.exec(rest) ?? [];
  const known = kind === 'input' || kind === 'output' || kind === 'floor' ? kind : 'module';
  return { kind: known, path: known === 'floor' ? rest : path, index: Number(index), key };
}
