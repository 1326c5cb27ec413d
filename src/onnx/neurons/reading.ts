/**
 * Reads the parts of weights and the activations that connections ask for, as numbers: codes are unpacked, scales that
 * follow a layer multiplied together, and the weight asked for last is kept.
 */
import { throwIfCancelled } from '../../base/cancel';
import type { WeightRef } from '../../contract/skeleton';
import type { TensorData } from '../../contract/tensor';
import { toNumbers } from '../../tensor/buffers';
import { sizeOf } from '../../tensor/shape';
import type { Box } from '../../tensor/slice';
import type { Constant, ValueCodes } from './codes';
import type { FoundLayer, Scale } from './found';
import type { Weighted } from './weighted';

export interface NeuronPorts {
  readBox(ref: WeightRef, box: Box, signal?: AbortSignal): Promise<TensorData>;
  /** The whole value in the shown run; null where there is none. */
  activation(value: string, signal?: AbortSignal): Promise<TensorData | null>;
}

export interface Numbers {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

/** Elements of a weight that may be kept in memory. */
const KEPT = 1 << 24;
/** Elements read at once. */
const PIECE = 1 << 22;
const WHOLE: Box = { start: [], size: [] };

export class Reading {
  #kept: { readonly ref: WeightRef; readonly numbers: ArrayLike<number> } | undefined;
  readonly #scales = new Map<number, Promise<Float64Array | null>>();

  constructor(private readonly ports: NeuronPorts) {}

  /** A value in the shown run, its codes as the numbers they stand for; null where nothing was recorded. */
  async value(
    name: string,
    codes: ValueCodes | null,
    signal: AbortSignal | undefined,
  ): Promise<Numbers | null> {
    const tensor = await this.ports.activation(name, signal);
    if (tensor === null) return null;
    const { dims } = tensor;
    const data = numbersOf(tensor);
    if (codes === null) return { dims, data };
    const [scale, zero] = [await this.#one(codes.scale, 1, signal), await this.#one(codes.zero, 0, signal)];
    if (scale === null || zero === null) return null;
    return { dims, data: Float64Array.from(data, (code) => (code - zero) * scale) };
  }

  /** Part of a layer's weight; of a quantised one as the runtime unpacks it, in single precision. */
  async weights(
    { weight, codes }: Weighted,
    box: Box,
    signal: AbortSignal | undefined,
  ): Promise<ArrayLike<number>> {
    const numbers = await this.#numbers(weight, box, signal);
    if (codes === null) return numbers;
    const scales = codes.scale === null ? [1] : await this.#numbers(codes.scale, WHOLE, signal);
    const zeros = codes.zero === null ? [] : await this.#numbers(codes.zero, WHOLE, signal);
    const size = weight.dims.map((dim, axis) => box.size[axis] ?? dim);
    const inner = sizeOf(size.slice(codes.axis + 1));
    const along = size[codes.axis] ?? 1;
    const first = box.start[codes.axis] ?? 0;
    return Float64Array.from(numbers, (code, at) => {
      const channel = first + (Math.floor(at / inner) % along);
      const zero = zeros[zeros.length === 1 ? 0 : channel] ?? 0;
      return Math.fround((code - zero) * (scales[scales.length === 1 ? 0 : channel] ?? 0));
    });
  }

  /** The weights by which a run of features meets the units of a group, from `unit` on. */
  async column(
    weighted: Weighted,
    feature: number,
    count: number,
    unit: number,
    signal: AbortSignal | undefined,
  ): Promise<ArrayLike<number>> {
    const { weight, rowsAreUnits, units: all, groups, taps } = weighted;
    const units = all / groups;
    if (!rowsAreUnits)
      return this.weights(weighted, { start: [feature, unit], size: [count, units] }, signal);
    // A column's elements lie far apart: whole rows are read, a good piece at a time.
    const row = weight.count / all;
    const each = count * taps;
    const column = new Float64Array(units * each);
    const rows = Math.max(1, Math.floor(PIECE / row));
    const whole = weight.count <= KEPT ? await this.#whole(weighted, signal) : undefined;
    for (let first = 0; first < units; first += rows) {
      throwIfCancelled(signal);
      const size = [Math.min(rows, units - first), ...weight.dims.slice(1)];
      const [from, piece] =
        whole === undefined
          ? [0, await this.weights(weighted, { start: [unit + first], size }, signal)]
          : [(unit + first) * row, whole];
      for (let r = 0; r < (size[0] ?? 0); r++)
        for (let k = 0; k < each; k++)
          column[(first + r) * each + k] = piece[from + r * row + feature * taps + k] ?? 0;
    }
    return column;
  }

  /** The product of all scales that follow, by unit; null where none does. */
  scaleOf(layer: FoundLayer): Promise<Float64Array | null> {
    const known = this.#scales.get(layer.id);
    if (known !== undefined) return known;
    const made = this.#readScales(layer);
    this.#scales.set(layer.id, made);
    made.catch(() => this.#scales.delete(layer.id));
    return made;
  }

  async #one(
    constant: Constant | null,
    otherwise: number,
    signal: AbortSignal | undefined,
  ): Promise<number | null> {
    if (constant === null) return otherwise;
    if ('weight' in constant) return (await this.#numbers(constant.weight, WHOLE, signal))[0] ?? null;
    const tensor = await this.ports.activation(constant.value, signal);
    // In a body there is one for every iteration, and none for all.
    return tensor === null || sizeOf(tensor.dims) !== 1 ? null : (numbersOf(tensor)[0] ?? null);
  }

  /** A whole weight; the one asked for last is kept, because who walks along a layer asks again. */
  async #whole(weighted: Weighted, signal: AbortSignal | undefined): Promise<ArrayLike<number>> {
    const { weight: ref } = weighted;
    if (this.#kept?.ref !== ref) this.#kept = { ref, numbers: await this.weights(weighted, WHOLE, signal) };
    return this.#kept.numbers;
  }

  async #readScales({ scales, units }: FoundLayer): Promise<Float64Array | null> {
    if (scales.length === 0) return null;
    const all = new Float64Array(units).fill(1);
    for (const scale of scales) {
      const by = await this.#scale(scale);
      for (let unit = 0; unit < units; unit++)
        all[unit] = (all[unit] ?? 1) * (by[by.length === 1 ? 0 : unit] ?? 1);
    }
    return all;
  }

  async #scale(scale: Scale): Promise<ArrayLike<number>> {
    if (scale.kind === 'factor') {
      const by = await this.#numbers(scale.by, WHOLE);
      return scale.divides ? Array.from(by, (value) => 1 / value) : by;
    }
    const gamma = await this.#numbers(scale.gamma, WHOLE);
    const variance = await this.#numbers(scale.variance, WHOLE);
    return Array.from(gamma, (value, unit) => value / Math.sqrt((variance[unit] ?? 0) + scale.epsilon));
  }

  async #numbers(ref: WeightRef, box: Box, signal?: AbortSignal): Promise<ArrayLike<number>> {
    return numbersOf(await this.ports.readBox(ref, box, signal));
  }
}

function numbersOf({ dtype, data }: TensorData): ArrayLike<number> {
  if (!ArrayBuffer.isView(data)) throw new Error('A weight of strings has no numbers.');
  return toNumbers(dtype, data);
}
