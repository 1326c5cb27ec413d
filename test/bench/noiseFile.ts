/** Weights of noise, written to a file beside the model as they are asked for: models of hundreds of megabytes. */
import { create } from '@bufbuild/protobuf';
import { TensorProto_DataLocation, TensorProtoSchema, type TensorProto } from 'onnx-buf';
import { closeSync, openSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { normal } from '../../src/data/random';

export class NoiseFile {
  /** The tensors written so far, as the model refers to them. */
  readonly tensors: TensorProto[] = [];
  readonly #noise = Float32Array.from({ length: 1 << 20 }, normal(1));
  readonly #out: number;
  readonly #location: string;
  #offset = 0;

  /** Writes MODEL.data. */
  constructor(model: string) {
    this.#out = openSync(`${model}.data`, 'w');
    this.#location = `${basename(model)}.data`;
  }

  /** Normal noise of this deviation; gives the name back. */
  weight(name: string, dims: readonly number[], deviation: number): string {
    const count = dims.reduce((product, dim) => product * dim, 1);
    const scaled = this.#noise.map((x) => x * deviation);
    for (let left = count; left > 0; left -= scaled.length)
      writeSync(this.#out, new Uint8Array(scaled.buffer, 0, Math.min(left, scaled.length) * 4));
    const entry = (key: string, value: string | number) => ({ key, value: String(value) });
    this.tensors.push(
      create(TensorProtoSchema, {
        name,
        dims: dims.map(BigInt),
        dataType: 1,
        dataLocation: TensorProto_DataLocation.EXTERNAL,
        externalData: [
          entry('location', this.#location),
          entry('offset', this.#offset),
          entry('length', count * 4),
        ],
      }),
    );
    this.#offset += count * 4;
    return name;
  }

  close(): void {
    closeSync(this.#out);
  }
}
