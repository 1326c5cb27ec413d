/** Tensors that stay in the child, under handles that the host asks by. */
import type { TensorHandle } from '../../contract/run';
import type { TensorData } from '../../contract/tensor';
import { Lru } from '../../base/lru';
import { goneTensor } from './failures';

/** What a tensor takes in memory, in bytes. */
export function bytesOf({ data }: TensorData): number {
  return ArrayBuffer.isView(data)
    ? data.byteLength
    : data.reduce((sum, text) => sum + text.length * 2 + 16, 0);
}

export class TensorStore {
  readonly #tensors: Lru<TensorHandle, TensorData>;
  #next = 1;

  /** `budget` in bytes: the least recently used beyond it are let go. */
  constructor(budget: number) {
    this.#tensors = new Lru(budget);
  }

  get size(): number {
    return this.#tensors.size;
  }

  put(tensor: TensorData): TensorHandle {
    const handle = `t${String(process.pid)}.${String(this.#next++)}`;
    this.#tensors.set(handle, tensor, bytesOf(tensor));
    return handle;
  }

  /** Throws `disconnected` when it was let go. */
  get(handle: TensorHandle): TensorData {
    const tensor = this.#tensors.get(handle);
    if (tensor === undefined) throw goneTensor();
    return tensor;
  }

  release(handles: readonly TensorHandle[]): void {
    for (const handle of handles) this.#tensors.delete(handle);
  }
}
