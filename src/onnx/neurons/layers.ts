/**
 * Finds the layers of units of a model's main graph, in file order, and which reads which. Walks forward once: every
 * value is the units of one layer or of none. What is linear in single units or leaves them apart keeps them; sums, joins
 * and parts make layers of one-to-one connections; everything else begins a layer without connections. Pure.
 */
import type { NeuronKind, NeuronLayer } from '../../contract/neurons';
import type { Graph, Node, WeightRef } from '../../contract/skeleton';
import { BINARY, NORMS, REDUCTIONS, SAME, SPATIAL, UNARY } from './operators';
import { NodeFacts } from './nodeFacts';
import {
  fits,
  flatten,
  insertAxes,
  reduceAxes,
  removeAxes,
  reshape,
  transpose,
  type KnownDims,
  type UnitMap,
} from './unitMap';
import { denseWeight, kernelOf, type Weighted } from './weighted';

/** A layer with what the connections are computed from. */
export interface FoundLayer extends NeuronLayer {
  /** Dense and convolution: the weight and how it is read. */
  readonly weighted: Weighted | null;
  /** Scales of single units that follow, before anything that is not linear. */
  readonly scales: readonly Scale[];
  /** What the node reads, where it has weights. */
  readonly input: { readonly value: string; readonly map: UnitMap; readonly length: number } | null;
  /** One-to-one connections: unit i of this layer from unit i + `shift` of the source. */
  readonly lines: readonly Line[];
}

export interface Line {
  readonly source: number;
  /** The value that is read, whose units are the source's. */
  readonly value: string;
  /** Axis of the units in that value, from the end. */
  readonly axis: number;
  /** The source has one unit, which is read by all here. */
  readonly spread: boolean;
  /** Unit of the source less unit here. */
  readonly shift: number;
  /** Units here that have this connection: first, and one behind the last. */
  readonly from: number;
  readonly to: number;
  /** NaN where the connection is not linear. */
  readonly weight: number;
}

/** A factor per unit, from a normalisation in inference or a product with a constant. */
export type Scale =
  | {
      readonly kind: 'batch-norm';
      readonly gamma: WeightRef;
      readonly variance: WeightRef;
      readonly epsilon: number;
    }
  | { readonly kind: 'factor'; readonly by: WeightRef; readonly divides: boolean };

/** @param dims what is known of a value's shape */
export function findLayers(graph: Graph, dims: (value: string) => KnownDims): readonly FoundLayer[] {
  return new Finder(graph, dims).find();
}

interface Draft {
  id: number;
  kind: NeuronKind;
  node: number;
  value: string;
  axis: number;
  units: number;
  weighted: Weighted | null;
  scales: Scale[];
  input: FoundLayer['input'];
  lines: Line[];
  sources: Set<number>;
  targets: Set<number>;
  /** The value up to which all is linear; '' once it is not. */
  linear: string;
}

class Finder {
  readonly #layers: Draft[] = [];
  readonly #maps = new Map<string, UnitMap>();
  readonly #facts: NodeFacts;
  readonly #uses = new Map<string, number>();

  constructor(
    private readonly graph: Graph,
    private readonly dims: (value: string) => KnownDims,
  ) {
    this.#facts = new NodeFacts(graph);
    for (const node of graph.nodes)
      for (const name of node.inputs) this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1);
  }

  find(): readonly FoundLayer[] {
    for (const node of this.graph.nodes) this.#visit(node);
    return this.#layers.map(({ linear: _linear, sources, targets, ...layer }) => ({
      ...layer,
      sources: [...sources],
      targets: [...targets],
    }));
  }

  #visit(node: Node): void {
    const [output = ''] = node.outputs;
    if (output === '' || !['', 'ai.onnx', 'com.microsoft'].includes(node.domain)) return;
    const weighted = denseWeight(node, this.#facts) ?? kernelOf(node, this.#facts);
    if (weighted !== undefined) {
      this.#addWeighted(node, weighted);
      return;
    }
    const dynamic = node.inputs.filter((name) => name !== '' && !this.#facts.isConstant(name));
    const [first = ''] = dynamic;
    const map = this.#maps.get(first);
    if (NORMS.has(node.op) && map?.form === 'same') {
      this.#addLines('norm', node, map, [
        {
          source: map.layer,
          value: first,
          axis: map.axis,
          spread: false,
          shift: 0,
          from: 0,
          to: map.units,
          weight: Number.NaN,
        },
      ]);
    } else if (node.op === 'Concat') this.#join(node);
    else if (node.op === 'Split' && map !== undefined) this.#part(node, map);
    else if (dynamic.length > 1 && BINARY.has(node.op)) this.#combine(node, dynamic);
    else if (map !== undefined) this.#keep(node, first, map);
  }

  /** A dense layer or a convolution: its own units, and the layer whose units it reads. */
  #addWeighted(node: Node, weighted: Weighted): void {
    const [output = ''] = node.outputs;
    const { inputs, units, inputAxis, axis } = weighted;
    const source = this.#sourceOf(weighted.input, inputAxis, inputs, weighted.rank);
    const layer = this.#add(weighted.kind, node.id, output, axis, units);
    layer.weighted = weighted;
    layer.linear = output;
    layer.input = { value: weighted.input, map: source, length: inputs };
    this.#wire(source.layer, layer.id);
    this.#own(output, {
      layer: layer.id,
      axis,
      rank: weighted.rank ?? this.dims(output)?.length,
      units,
      form: 'same',
    });
  }

  /** Units of what a layer reads; a value nobody's units are known of becomes a layer of its own. */
  #sourceOf(value: string, axis: number, length: number, rank: number | undefined): UnitMap {
    const map = this.#maps.get(value);
    if (map?.axis === axis && fits(map, length)) return map;
    const made = this.#facts.producer(value);
    const layer = this.#add('value', made?.id ?? -1, value, axis, length);
    const own: UnitMap = {
      layer: layer.id,
      axis,
      rank: rank ?? this.dims(value)?.length,
      units: length,
      form: 'same',
    };
    // A value read in two ways keeps what it was first.
    if (map === undefined) this.#own(value, own);
    return own;
  }

  /** Several values element by element: the same units, or a layer where units of several layers meet. */
  #combine(node: Node, dynamic: readonly string[]): void {
    const [output = ''] = node.outputs;
    const maps = dynamic.map((name) => this.#maps.get(name));
    const same = maps.filter((map) => map?.form === 'same');
    // The widest: a value of one unit is spread over the others'.
    const known = same.reduce((a, b) => ((b?.units ?? 0) > (a?.units ?? 0) ? b : a), same[0]);
    if (known === undefined) return;
    if (maps.every((map) => map !== undefined && sameUnits(map, known))) {
      this.#own(output, known);
      return;
    }
    const read: { name: string; map: UnitMap; sign: number }[] = [];
    for (const [index, name] of dynamic.entries()) {
      let map = maps[index];
      if (map === undefined && this.dims(name)?.at(known.axis) === known.units)
        map = this.#sourceOf(name, known.axis, known.units, known.rank);
      const fitting = map?.units === known.units || map?.units === 1;
      if (map?.form === 'same' && fitting && map.axis === known.axis)
        read.push({ name, map, sign: node.op === 'Sub' && index === 1 ? -1 : 1 });
    }
    // Something without units of its own (a mean, a gate) comes in: each unit depends on more than itself.
    const alone = read.length < dynamic.length;
    if (alone && this.#layers[known.layer]?.kind === 'norm') {
      this.#own(output, known);
      return;
    }
    const linear = !alone && ['Add', 'Sub', 'Sum'].includes(node.op);
    const lines = read.map(({ name, map, sign }): Line => {
      const weight = linear ? sign : Number.NaN;
      const spread = map.units < known.units;
      const to = known.units;
      return { source: map.layer, value: name, axis: map.axis, spread, shift: 0, from: 0, to, weight };
    });
    this.#addLines(alone ? 'norm' : linear ? 'sum' : 'product', node, known, lines);
  }

  /** Values side by side along their units. */
  #join(node: Node): void {
    const maps = node.inputs.map((name) => this.#maps.get(name));
    const [first] = maps;
    if (first === undefined) return;
    const axis = this.#facts.int(node, 'axis', 0);
    const along = axis < 0 ? axis : axis - (first.rank ?? Number.NaN);
    if (along !== first.axis) {
      const [output = ''] = node.outputs;
      if (maps.every((map) => map !== undefined && sameUnits(map, first))) this.#own(output, first);
      return;
    }
    const lines: Line[] = [];
    let at = 0;
    for (const [index, map] of maps.entries()) {
      if (map?.form !== 'same' || map.axis !== along) return;
      const value = node.inputs[index] ?? '';
      lines.push({
        source: map.layer,
        value,
        axis: map.axis,
        spread: false,
        shift: -at,
        from: at,
        to: at + map.units,
        weight: 1,
      });
      at += map.units;
    }
    this.#addLines('join', node, { ...first, units: at }, lines);
  }

  /** A value cut along its units, as the three parts of attention are. */
  #part(node: Node, map: UnitMap): void {
    const axis = this.#facts.int(node, 'axis', 0);
    const along = axis < 0 ? axis : axis - (map.rank ?? Number.NaN);
    if (along !== map.axis) {
      for (const output of node.outputs) this.#own(output, map);
      return;
    }
    const count = node.outputs.length;
    const sizes = this.#facts.ints(node.inputs[1] ?? '') ?? node.outputs.map(() => map.units / count);
    let at = 0;
    for (const [index, output] of node.outputs.entries()) {
      const units = sizes[index] ?? 0;
      if (output !== '' && units > 0 && Number.isInteger(units) && map.form === 'same') {
        const value = node.inputs[0] ?? '';
        const line: Line = {
          source: map.layer,
          value,
          axis: map.axis,
          spread: false,
          shift: at,
          from: 0,
          to: units,
          weight: 1,
        };
        this.#addLines('part', node, { ...map, units }, [line], output);
      }
      at += units;
    }
  }

  #keep(node: Node, input: string, map: UnitMap): void {
    const [output = ''] = node.outputs;
    const next = this.#after(node, input, map);
    if (next === undefined) return;
    const layer = this.#layers[map.layer];
    if (layer?.linear === input) this.#followLinear(layer, node, input, output);
    this.#own(output, next);
  }

  /** Where the units lie once a node has worked on them; undefined where they are lost. */
  #after(node: Node, input: string, map: UnitMap): UnitMap | undefined {
    if (UNARY.has(node.op) || BINARY.has(node.op)) return map;
    if (SPATIAL.has(node.op)) return map.rank !== undefined && map.axis === 1 - map.rank ? map : undefined;
    if (REDUCTIONS.has(node.op)) {
      const axes = this.#facts.intsAttribute(node, 'axes') ?? this.#facts.ints(node.inputs[1] ?? '');
      if (axes === undefined) return undefined;
      return this.#facts.int(node, 'keepdims', 1) === 0 ? removeAxes(map, axes) : reduceAxes(map, axes);
    }
    switch (node.op) {
      case 'Transpose': {
        const perm = this.#facts.intsAttribute(node, 'perm');
        return perm === undefined ? undefined : transpose(map, perm);
      }
      case 'Flatten':
        return flatten(map, this.#facts.int(node, 'axis', 1));
      case 'Squeeze': {
        const axes = this.#facts.intsAttribute(node, 'axes') ?? this.#facts.ints(node.inputs[1] ?? '');
        return axes === undefined ? undefined : removeAxes(map, axes);
      }
      case 'Unsqueeze': {
        const axes = this.#facts.intsAttribute(node, 'axes') ?? this.#facts.ints(node.inputs[1] ?? '');
        return axes === undefined ? undefined : insertAxes(map, axes);
      }
      case 'Reshape':
        return reshape(map, this.dims(input), this.dims(node.outputs[0] ?? '') ?? this.#asked(node));
      default:
        return undefined;
    }
  }

  /** The shape a Reshape asks for, as far as its numbers say. */
  #asked(node: Node): KnownDims {
    return this.#facts.ints(node.inputs[1] ?? '')?.map((dim) => (dim > 0 ? dim : undefined));
  }

  /** A layer stays linear through what scales or shifts each unit; the scales are kept. */
  #followLinear(layer: Draft, node: Node, input: string, output: string): void {
    layer.linear = '';
    if (this.#uses.get(input) !== 1) return;
    const [, gamma, , , variance] = node.inputs.map((name) => this.#facts.weight(name));
    const constant = node.inputs.map((name) => this.#facts.weight(name)).find((ref) => ref !== undefined);
    if (node.op === 'BatchNormalization' && gamma !== undefined && variance !== undefined) {
      const epsilon = this.#facts.float(node, 'epsilon', 1e-5);
      layer.scales.push({ kind: 'batch-norm', gamma, variance, epsilon });
    } else if (node.op === 'Mul' || (node.op === 'Div' && node.inputs[0] === input)) {
      const perUnit = constant?.count === layer.units && constant.dims.at(layer.axis) === layer.units;
      if (constant === undefined || (constant.count !== 1 && !perUnit)) return;
      layer.scales.push({ kind: 'factor', by: constant, divides: node.op === 'Div' });
    } else if (!SAME.has(node.op) && !(node.op === 'Add' || (node.op === 'Sub' && node.inputs[0] === input)))
      return;
    layer.linear = output;
  }

  #addLines(
    kind: NeuronKind,
    node: Node,
    map: UnitMap,
    lines: readonly Line[],
    output = node.outputs[0] ?? '',
  ): void {
    const layer = this.#add(kind, node.id, output, map.axis, map.units);
    layer.lines.push(...lines);
    for (const { source } of lines) this.#wire(source, layer.id);
    this.#own(output, { ...map, layer: layer.id });
  }

  #add(kind: NeuronKind, node: number, value: string, axis: number, units: number): Draft {
    const draft: Draft = {
      id: this.#layers.length,
      kind,
      node,
      value,
      axis,
      units,
      weighted: null,
      scales: [],
      input: null,
      lines: [],
      sources: new Set(),
      targets: new Set(),
      linear: '',
    };
    this.#layers.push(draft);
    return draft;
  }

  #wire(source: number, target: number): void {
    this.#layers[source]?.targets.add(target);
    this.#layers[target]?.sources.add(source);
  }

  /** The units of a value; a layer is known by the last value that holds its units one by one. */
  #own(value: string, map: UnitMap): void {
    if (value === '') return;
    const length = this.dims(value)?.at(map.axis);
    // What is known of the shape has the last word: a broadcast nobody foresaw ends here.
    if (length !== undefined && !fits(map, length)) return;
    this.#maps.set(value, map);
    const layer = this.#layers[map.layer];
    if (layer === undefined || map.form !== 'same') return;
    layer.value = value;
    layer.axis = map.axis;
  }
}

function sameUnits(a: UnitMap, b: UnitMap): boolean {
  return a.layer === b.layer && a.form === b.form && a.axis === b.axis && a.units === b.units;
}
