/**
 * The strongest connections of a unit, each way: reads the few rows and columns of weights that a question needs, and
 * the activations of a run where there is one. Exact: incoming contributions and the layer's bias add up to the mean of
 * what the unit computes before its activation function.
 */
import { throwIfCancelled } from '../../base/cancel';
import type { NeuronLink, NeuronLinks, NeuronQuestion, UnitActivity } from '../../contract/neurons';
import type { TensorData } from '../../contract/tensor';
import type { WeightRef } from '../../contract/skeleton';
import { toNumbers } from '../../tensor/buffers';
import { sizeOf } from '../../tensor/shape';
import type { Box } from '../../tensor/slice';
import type { FoundLayer, Line, Scale } from './layers';
import { meanAlong, tapMeans } from './means';
import { strongest } from './strongest';
import { unitAt } from './unitMap';
import type { Weighted } from './weighted';

export interface NeuronPorts {
  readBox(ref: WeightRef, box: Box, signal?: AbortSignal): Promise<TensorData>;
  /** The whole value in the shown run; null where there is none. */
  activation(value: string, signal?: AbortSignal): Promise<TensorData | null>;
}

/** Strengths of every connection of one unit to the units of one other layer. */
export interface Strengths {
  readonly layer: number;
  readonly weight: Float64Array;
  readonly contribution: Float64Array;
}

export class Connections {
  readonly #means = new Map<string, Promise<Float64Array | null>>();
  #kept: { readonly ref: WeightRef; readonly numbers: ArrayLike<number> } | undefined;
  readonly #scales = new Map<number, Promise<Float64Array | null>>();

  constructor(
    private readonly layers: readonly FoundLayer[],
    private readonly ports: NeuronPorts,
  ) {}

  /** Forget what the run said: another one is shown. */
  forgetRun(): void {
    this.#means.clear();
  }

  async activity(id: number, signal?: AbortSignal): Promise<UnitActivity> {
    const layer = this.#layer(id);
    const tensor = await this.ports.activation(layer.value, signal);
    if (tensor === null || tensor.dims.at(layer.axis) !== layer.units) return null;
    return meanAlong(numbersOf(tensor), tensor.dims, layer.axis);
  }

  async links({ layer, unit, by, most }: NeuronQuestion, signal?: AbortSignal): Promise<NeuronLinks> {
    const incoming = pick(await this.incoming(layer, unit, signal), by, most);
    const outgoing = pick(await this.outgoing(layer, unit, signal), by, most);
    return {
      incoming: incoming.links,
      incomingOf: incoming.of,
      incomingShare: incoming.share,
      outgoing: outgoing.links,
      outgoingOf: outgoing.of,
      outgoingShare: outgoing.share,
    };
  }

  /** From every unit of the layers it reads. */
  async incoming(id: number, unit: number, signal?: AbortSignal): Promise<readonly Strengths[]> {
    const layer = this.#layer(id);
    if (layer.weighted === null || layer.input === null) {
      const lines = layer.lines.filter(({ from, to }) => unit >= from && unit < to);
      return Promise.all(
        lines.map(async (line) => {
          const at = line.spread ? 0 : unit + line.shift;
          return this.#tie(line, line.source, [at], at, signal);
        }),
      );
    }
    const { map, length } = layer.input;
    const units = this.#layer(map.layer).units;
    const sum = new Sums(map.layer, units);
    const means = await this.#meansOf(layer, signal);
    const scale = (await this.#scaleOf(layer))?.[unit] ?? 1;
    const { weighted } = layer;
    const row = await this.#weights(weighted, rowBox(weighted, unit), signal);
    const perGroup = weighted.inputs / weighted.groups;
    const first = Math.floor(unit / (weighted.units / weighted.groups)) * perGroup;
    for (let at = 0; at < row.length; at++) {
      const feature = first + Math.floor(at / weighted.taps);
      const mean = means?.[feature * weighted.taps + (at % weighted.taps)] ?? Number.NaN;
      sum.add(unitAt(map, feature, length), (row[at] ?? 0) * weighted.factor * scale, mean);
    }
    return [sum.done(row.length > units || weighted.taps > 1)];
  }

  /** To every unit of the layers that read it. */
  async outgoing(id: number, unit: number, signal?: AbortSignal): Promise<readonly Strengths[]> {
    const found: Strengths[] = [];
    for (const target of this.#layer(id).targets) {
      throwIfCancelled(signal);
      const layer = this.#layer(target);
      if (layer.weighted !== null) found.push(await this.#column(layer, layer.weighted, unit, signal));
      for (const line of layer.lines) {
        if (line.source !== id) continue;
        const there = unit - line.shift;
        const all = Array.from(
          { length: line.spread ? line.to - line.from : 0 },
          (_unused, k) => line.from + k,
        );
        const reached = line.spread ? all : there >= line.from && there < line.to ? [there] : [];
        if (reached.length > 0) found.push(await this.#tie(line, target, reached, unit, signal));
      }
    }
    return found;
  }

  /** Connections of units that belong together: `index` of the source, to or from these units of the other layer. */
  async #tie(
    { source, value, axis, weight }: Line,
    other: number,
    ends: readonly number[],
    index: number,
    signal: AbortSignal | undefined,
  ): Promise<Strengths> {
    const read = this.#layer(source);
    const means = Number.isNaN(weight) ? null : await this.#meanOf(value, axis, read.units, signal);
    const { units } = this.#layer(other);
    const strengths = {
      layer: other,
      weight: new Float64Array(units),
      contribution: new Float64Array(units),
    };
    for (const end of ends) {
      strengths.weight[end] = weight;
      strengths.contribution[end] = means === null ? Number.NaN : weight * (means[index] ?? Number.NaN);
    }
    return strengths;
  }

  /** What one unit gives to each unit of a layer with weights. */
  async #column(
    layer: FoundLayer,
    weighted: Weighted,
    unit: number,
    signal: AbortSignal | undefined,
  ): Promise<Strengths> {
    const sum = new Sums(layer.id, layer.units);
    const means = await this.#meansOf(layer, signal);
    const scales = await this.#scaleOf(layer);
    const features = featuresOf(layer, unit);
    const perGroup = weighted.inputs / weighted.groups;
    const unitsPerGroup = weighted.units / weighted.groups;
    for (const { start, count } of features) {
      const group = Math.floor(start / perGroup);
      const column = await this.#columnOf(
        weighted,
        start - group * perGroup,
        count,
        group * unitsPerGroup,
        signal,
      );
      const each = count * weighted.taps;
      for (let at = 0; at < column.length; at++) {
        const [u, rest] = weighted.rowsAreUnits
          ? [Math.floor(at / each), at % each]
          : [at % unitsPerGroup, Math.floor(at / unitsPerGroup)];
        const target = group * unitsPerGroup + u;
        const mean = means?.[start * weighted.taps + rest] ?? Number.NaN;
        sum.add(target, (column[at] ?? 0) * weighted.factor * (scales?.[target] ?? 1), mean);
      }
    }
    return sum.done(weighted.taps > 1 || weighted.inputs > this.#layer(layer.input?.map.layer ?? -1).units);
  }

  /** The weights by which a run of features meets the units of a group, from `unit` on. */
  async #columnOf(
    weighted: Weighted,
    feature: number,
    count: number,
    unit: number,
    signal: AbortSignal | undefined,
  ): Promise<ArrayLike<number>> {
    const { weight, rowsAreUnits, units: all, groups, taps } = weighted;
    const units = all / groups;
    if (!rowsAreUnits)
      return this.#weights(weighted, { start: [feature, unit], size: [count, units] }, signal);
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
          ? [0, await this.#weights(weighted, { start: [unit + first], size }, signal)]
          : [(unit + first) * row, whole];
      for (let r = 0; r < (size[0] ?? 0); r++)
        for (let k = 0; k < each; k++)
          column[(first + r) * each + k] = piece[from + r * row + feature * taps + k] ?? 0;
    }
    return column;
  }

  /** A whole weight; the one asked for last is kept, because who walks along a layer asks again. */
  async #whole(weighted: Weighted, signal: AbortSignal | undefined): Promise<ArrayLike<number>> {
    const { weight: ref } = weighted;
    if (this.#kept?.ref !== ref) this.#kept = { ref, numbers: await this.#weights(weighted, WHOLE, signal) };
    return this.#kept.numbers;
  }

  /** Part of a layer's weight; of a quantised one as the runtime unpacks it, in single precision. */
  async #weights(
    { weight, codes }: Weighted,
    box: Box,
    signal: AbortSignal | undefined,
  ): Promise<ArrayLike<number>> {
    const numbers = await this.#numbers(weight, box, signal);
    if (codes === null) return numbers;
    const scales = await this.#numbers(codes.scale, WHOLE, signal);
    const zeros = codes.zero === null ? [] : await this.#numbers(codes.zero, WHOLE, signal);
    const size = weight.dims.map((dim, axis) => box.size[axis] ?? dim);
    const inner = sizeOf(size.slice(codes.axis + 1));
    const along = size[codes.axis] ?? 1;
    const first = box.start[codes.axis] ?? 0;
    return Float64Array.from(numbers, (code, at) => {
      const channel = scales.length === 1 ? 0 : first + (Math.floor(at / inner) % along);
      return Math.fround((code - (zeros[channel] ?? 0)) * (scales[channel] ?? 0));
    });
  }

  /** Means of what a layer's weights meet: by feature, for kernels by channel and tap. null without a run. */
  #meansOf(layer: FoundLayer, signal: AbortSignal | undefined): Promise<Float64Array | null> {
    const { weighted, input } = layer;
    if (weighted === null || input === null) return Promise.resolve(null);
    const { window } = weighted;
    if (window === null) return this.#meanOf(input.value, -1, input.length, signal);
    return this.#once(`taps ${String(layer.id)}`, async () => {
      const tensor = await this.ports.activation(input.value, signal);
      if (tensor === null || tensor.dims.length !== weighted.rank) return null;
      return tapMeans(numbersOf(tensor), tensor.dims, window);
    });
  }

  #meanOf(value: string, axis: number, length: number, signal?: AbortSignal): Promise<Float64Array | null> {
    return this.#once(`mean ${String(axis)} ${value}`, async () => {
      const tensor = await this.ports.activation(value, signal);
      if (tensor === null || tensor.dims.at(axis) !== length) return null;
      return Float64Array.from(meanAlong(numbersOf(tensor), tensor.dims, axis));
    });
  }

  #once(key: string, make: () => Promise<Float64Array | null>): Promise<Float64Array | null> {
    const known = this.#means.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#means.set(key, made);
    made.catch(() => this.#means.delete(key));
    return made;
  }

  /** The product of all scales that follow, by unit; null where none does. */
  #scaleOf(layer: FoundLayer): Promise<Float64Array | null> {
    const known = this.#scales.get(layer.id);
    if (known !== undefined) return known;
    const made = this.#readScales(layer);
    this.#scales.set(layer.id, made);
    made.catch(() => this.#scales.delete(layer.id));
    return made;
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

  #layer(id: number): FoundLayer {
    const layer = this.layers[id];
    if (layer === undefined) throw new Error(`There is no layer ${String(id)}.`);
    return layer;
  }
}

/** Elements of a weight that may be kept in memory. */
const KEPT = 1 << 24;
/** Elements read at once. */
const PIECE = 1 << 22;
const WHOLE: Box = { start: [], size: [] };

/** Adds up the weights between pairs of units. */
class Sums {
  readonly #weight: Float64Array;
  readonly #squares: Float64Array;
  readonly #contribution: Float64Array;

  constructor(
    private readonly layer: number,
    units: number,
  ) {
    this.#weight = new Float64Array(units);
    this.#squares = new Float64Array(units);
    this.#contribution = new Float64Array(units);
  }

  add(unit: number, weight: number, mean: number): void {
    this.#weight[unit] = (this.#weight[unit] ?? 0) + weight;
    this.#squares[unit] = (this.#squares[unit] ?? 0) + weight * weight;
    this.#contribution[unit] = (this.#contribution[unit] ?? 0) + weight * mean;
  }

  /** @param several whether two units share more than one weight */
  done(several: boolean): Strengths {
    const weight = several
      ? this.#weight.map((sum, unit) => Math.sqrt(this.#squares[unit] ?? 0) * (sum < 0 ? -1 : 1))
      : this.#weight;
    return { layer: this.layer, weight, contribution: this.#contribution };
  }
}

/** All weights of one unit. */
function rowBox({ weight, rowsAreUnits }: Weighted, unit: number): Box {
  const whole = weight.dims.slice(1);
  return rowsAreUnits
    ? { start: [unit], size: [1, ...whole] }
    : { start: [0, unit], size: [weight.dims[0] ?? 0, 1] };
}

/** Runs of neighbouring features that are one unit of the source. */
function featuresOf({ input }: FoundLayer, unit: number): { start: number; count: number }[] {
  if (input === null) return [];
  const { map, length } = input;
  if (map.form === 'same') return [{ start: unit, count: 1 }];
  const each = length / map.units;
  if (map.form === 'block') return [{ start: unit * each, count: each }];
  return Array.from({ length: each }, (_unused, k) => ({ start: unit + k * map.units, count: 1 }));
}

function pick(
  all: readonly Strengths[],
  by: NeuronQuestion['by'],
  most: number,
): { links: NeuronLink[]; of: number; share: number } {
  const total = all.reduce((sum, { weight }) => sum + weight.length, 0);
  const values = new Float64Array(total);
  const starts: number[] = [];
  let at = 0;
  for (const { weight, contribution } of all) {
    starts.push(at);
    // Connections that are not linear have no number; they are listed after those that have.
    values.set(
      weight.map((is) => (Number.isNaN(is) ? Number.MIN_VALUE : is)),
      at,
    );
    if (by === 'contribution' && contribution.some((is) => is !== 0 && !Number.isNaN(is)))
      values.set(contribution, at);
    at += weight.length;
  }
  const found = strongest(values, most);
  const links = found.indices.map((index) => {
    const which = starts.findLastIndex((start) => start <= index);
    const from = all[which];
    const unit = index - (starts[which] ?? 0);
    return {
      layer: from?.layer ?? 0,
      unit,
      weight: from?.weight[unit] ?? Number.NaN,
      contribution: from?.contribution[unit] ?? Number.NaN,
    };
  });
  return { links, of: found.of, share: found.share };
}

function numbersOf({ dtype, data }: TensorData): ArrayLike<number> {
  if (!ArrayBuffer.isView(data)) throw new Error('A weight of strings has no numbers.');
  return toNumbers(dtype, data);
}
