/**
 * The strongest connections of a unit, each way: reads the few rows and columns of weights that a question needs, and
 * the activations of a run where there is one. Exact: incoming contributions and the layer's bias add up to the mean of
 * what the unit computes before its activation function.
 */
import { throwIfCancelled } from '../../base/cancel';
import type { NeuronLinks, NeuronQuestion, UnitActivity } from '../../contract/neurons';
import type { FoundLayer, Line, Read } from './found';
import { meanAlong, tapMeans } from './means';
import { featuresOf, pick, rowBox, Sums, type Strengths } from './picking';
import { Reading, type NeuronPorts, type Numbers } from './reading';
import { unitAt } from './unitMap';
import type { Weighted } from './weighted';

export class Connections {
  readonly #means = new Map<string, Promise<Float64Array | null>>();
  readonly #reading: Reading;

  constructor(
    private readonly layers: readonly FoundLayer[],
    ports: NeuronPorts,
  ) {
    this.#reading = new Reading(ports);
  }

  /** Forget what the run said: another one is shown. */
  forgetRun(): void {
    this.#means.clear();
  }

  async activity(id: number, signal?: AbortSignal): Promise<UnitActivity> {
    const layer = this.#layer(id);
    const found = await this.#reading.value(layer.value, layer.codes, signal);
    if (found === null || found.dims.at(layer.axis) !== layer.units) return null;
    return meanAlong(found.data, found.dims, layer.axis);
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
    const scale = (await this.#reading.scaleOf(layer))?.[unit] ?? 1;
    const { weighted } = layer;
    const row = await this.#reading.weights(weighted, rowBox(weighted, unit), signal);
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
    { source, value, axis, codes, weight, always }: Line,
    other: number,
    ends: readonly number[],
    index: number,
    signal: AbortSignal | undefined,
  ): Promise<Strengths> {
    const read = this.#layer(source);
    const known = always && !Number.isNaN(weight);
    const means = known ? await this.#meanOf({ value, codes }, axis, read.units, signal) : null;
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
    const scales = await this.#reading.scaleOf(layer);
    const features = featuresOf(layer, unit);
    const perGroup = weighted.inputs / weighted.groups;
    const unitsPerGroup = weighted.units / weighted.groups;
    for (const { start, count } of features) {
      const group = Math.floor(start / perGroup);
      const column = await this.#reading.column(
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

  /** Means of what a layer's weights meet: by feature, for kernels by channel and tap. null without a run. */
  #meansOf(layer: FoundLayer, signal: AbortSignal | undefined): Promise<Float64Array | null> {
    const { weighted, input } = layer;
    if (weighted === null || input === null) return Promise.resolve(null);
    const { window } = weighted;
    if (window === null) return this.#meanOf(input, -1, input.length, signal);
    return this.#once(`taps ${String(layer.id)}`, async () => {
      const found = await this.#reading.value(input.value, input.codes, signal);
      if (found === null || found.dims.length < (weighted.rank ?? 0)) return null;
      const { dims, data } = oneBatch(found, weighted.rank ?? 0);
      return tapMeans(data, dims, window);
    });
  }

  #meanOf(
    { value, codes }: Pick<Read, 'value' | 'codes'>,
    axis: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Float64Array | null> {
    return this.#once(`mean ${String(axis)} ${value}`, async () => {
      const found = await this.#reading.value(value, codes, signal);
      if (found === null || found.dims.at(axis) !== length) return null;
      return Float64Array.from(meanAlong(found.data, found.dims, axis));
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

  #layer(id: number): FoundLayer {
    const layer = this.layers[id];
    if (layer === undefined) throw new Error(`There is no layer ${String(id)}.`);
    return layer;
  }
}

/** Iterations of a body, stacked in front, count as more of the batch. */
function oneBatch({ dims, data }: Numbers, rank: number): Numbers {
  const extra = dims.length - rank;
  const batch = dims.slice(0, extra + 1).reduce((product, size) => product * size, 1);
  return { dims: [batch, ...dims.slice(extra + 1)], data };
}
