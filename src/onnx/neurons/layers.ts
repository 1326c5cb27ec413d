/**
 * Finds the layers of units of a model, in file order, and which reads which: the main graph with the bodies of `If`,
 * `Loop` and `Scan` in it. Walks forward once: every value is the units of one layer or of none. What is linear in
 * single units or leaves them apart keeps them; sums, joins and parts make layers of one-to-one connections; everything
 * else begins a layer without connections. Pure.
 */
import type { Graph, Node } from '../../contract/skeleton';
import { unitsAfter } from './after';
import { codesAfter } from './codes';
import { enterBody, leaveBodies } from './control';
import type { Draft, FoundLayer, Line } from './found';
import { meetsAttention, partedBy, statedHeads } from './heads';
import { BINARY, NORMS, SAME, SUMS } from './operators';
import { shapeAfter } from './shapes';
import { quantisedLayer, type Quantised } from './quantised';
import type { KnownDims, UnitMap } from './unitMap';
import { sameUnits, Units } from './units';
import { denseWeight, kernelOf } from './weighted';

/** @param dims what is known of a value's shape; values of bodies by their address */
export function findLayers(graph: Graph, dims: (value: string) => KnownDims): readonly FoundLayer[] {
  return new Finder(new Units(graph, dims)).find();
}

class Finder {
  readonly #uses = new Map<string, number>();
  /** Values in which sums of codes become numbers, and the sums. */
  readonly #rescaled = new Map<string, string>();

  constructor(private readonly units: Units) {
    for (const step of units.written.steps) {
      const names = 'enter' in step ? step.enter.outputs : step.node.inputs;
      for (const name of names) this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1);
    }
  }

  find(): readonly FoundLayer[] {
    for (const step of this.units.written.steps) {
      if ('enter' in step) enterBody(this.units, step.owner, step.enter);
      else if (step.bodies.length > 0) leaveBodies(this.units, step.node, step.bodies);
      else this.#visit(step.node);
    }
    return this.units.drafts.done();
  }

  #visit(node: Node): void {
    const { units } = this;
    const [output = ''] = node.outputs;
    if (output === '' || !['', 'ai.onnx', 'com.microsoft'].includes(node.domain)) return;
    units.setCodes(output, codesAfter(node, units.facts, units.codes));
    const layer = plainLayer(node, units) ?? quantisedLayer(node, units.facts);
    if (layer !== undefined) {
      this.#addWeighted(node, layer);
      return;
    }
    const dynamic = node.inputs.filter((name) => name !== '' && !units.facts.isConstant(name));
    const [first = ''] = dynamic;
    const map = units.map(first);
    const stated = statedHeads(node, units.facts);
    if (this.#rescaled.has(output)) this.#rescale(output);
    else if (stated !== undefined) this.#attend(node, stated);
    else if (NORMS.has(node.op) && map?.form === 'same') {
      units.addLines('norm', node.id, output, map, [units.line(map, first, { weight: Number.NaN })]);
    } else if (node.op === 'Concat' || node.op === 'QLinearConcat') this.#join(node);
    else if (node.op === 'Split' && map !== undefined) this.#part(node, map);
    else if (node.op === 'MatMul' && dynamic.length > 1) this.#mix(node);
    else if (dynamic.length > 1 && BINARY.has(node.op)) this.#combine(node, dynamic);
    else if (map !== undefined) this.#keep(node, first, map);
  }

  /** A dense layer or a convolution: its own units, and the layer whose units it reads. */
  #addWeighted(node: Node, { weighted, codes, measure, rescaled }: Quantised): void {
    const { units } = this;
    const [output = ''] = node.outputs;
    const { inputs, inputAxis, axis } = weighted;
    const source = units.source(weighted.input, inputAxis, inputs, weighted.rank);
    const layer = units.drafts.add(weighted.kind, node.id, output, axis, weighted.units);
    layer.weighted = weighted;
    layer.measure = measure;
    layer.linear = measure === 'plain' ? output : '';
    layer.input = { value: weighted.input, map: source, length: inputs, codes };
    if (rescaled !== '') this.#rescaled.set(rescaled, output);
    units.drafts.wire(source.layer, layer.id);
    units.own(output, {
      layer: layer.id,
      axis,
      rank: weighted.rank ?? units.dims(output)?.length ?? source.rank,
      units: weighted.units,
      form: 'same',
    });
  }

  /** Sums of codes that a product has made numbers: the scale is the weight's and what it reads', not the units'. */
  #rescale(output: string): void {
    const map = this.units.map(this.#rescaled.get(output) ?? '');
    if (map === undefined) return;
    this.units.own(output, map);
    const layer = this.units.drafts.at(map.layer);
    if (layer !== undefined) layer.linear = output;
  }

  /** An operator that is attention: it says of itself how many heads there are. */
  #attend(node: Node, heads: readonly number[]): void {
    const { units } = this;
    for (const [index, count] of heads.entries()) {
      const map = units.map(node.inputs[index] ?? '');
      const layer = map?.form === 'same' && map.axis === -1 ? units.drafts.at(map.layer) : undefined;
      if (layer !== undefined && layer.units % count === 0)
        layer.heads = { count, size: layer.units / count };
    }
    const [value, output] = [node.inputs[2] ?? '', node.outputs[0] ?? ''];
    const map = units.map(value);
    const [count = 0, keys] = heads;
    if (map?.form !== 'same' || map.axis !== -1 || count !== keys || map.units % count !== 0) return;
    const line = units.line(map, value, { weight: Number.NaN });
    const layer = units.addLines('attention', node.id, output, map, [line]);
    layer.heads = { count, size: map.units / count };
  }

  /** A product of computed values: places are mixed within each head of the second, as attention mixes its values. */
  #mix(node: Node): void {
    const [, second = ''] = node.inputs;
    const map = this.units.map(second);
    if (map?.form !== 'heads' || map.axis !== -1 || map.heads?.axis === -2) return;
    this.units.own(node.outputs[0] ?? '', { ...map, mixed: node });
  }

  /** Several values element by element: the same units, or a layer where units of several layers meet. */
  #combine(node: Node, dynamic: readonly string[]): void {
    const { units } = this;
    const [output = ''] = node.outputs;
    const maps = dynamic.map((name) => units.map(name));
    const same = maps.filter((map) => map?.form === 'same');
    // The widest: a value of one unit is spread over the others'.
    const known = same.reduce((a, b) => ((b?.units ?? 0) > (a?.units ?? 0) ? b : a), same[0]);
    if (known === undefined) return;
    if (maps.every((map) => map !== undefined && sameUnits(map, known))) {
      units.own(output, known);
      return;
    }
    const read: { name: string; map: UnitMap; sign: number }[] = [];
    for (const [index, name] of dynamic.entries()) {
      let map = maps[index];
      if (map === undefined && units.dims(name)?.at(known.axis) === known.units)
        map = units.source(name, known.axis, known.units, known.rank);
      const fitting = map?.units === known.units || map?.units === 1;
      if (map?.form === 'same' && fitting && map.axis === known.axis)
        read.push({ name, map, sign: node.op === 'Sub' && index === 1 ? -1 : 1 });
    }
    // Something without units of its own (a mean, a gate) comes in: each unit depends on more than itself.
    const alone = read.length < dynamic.length;
    if (alone && units.drafts.at(known.layer)?.kind === 'norm') {
      units.own(output, known);
      return;
    }
    const linear = !alone && SUMS.has(node.op);
    const lines = read.map(({ name, map, sign }): Line => {
      const weight = linear ? sign : Number.NaN;
      return units.line(map, name, { spread: map.units < known.units, to: known.units, weight });
    });
    const layer = units.addLines(alone ? 'norm' : linear ? 'sum' : 'product', node.id, output, known, lines);
    if (linear && node.op.startsWith('QLinear')) layer.measure = 'rounded';
  }

  /** Values side by side along their units. */
  #join(node: Node): void {
    const { units } = this;
    const output = node.outputs[0] ?? '';
    const names =
      node.op === 'Concat' ? node.inputs : node.inputs.filter((_name, at) => at > 1 && at % 3 === 2);
    const maps = names.map((name) => units.map(name));
    const [first] = maps;
    if (first === undefined) return;
    const axis = units.facts.int(node, 'axis', 0);
    const along = axis < 0 ? axis : axis - (first.rank ?? Number.NaN);
    if (along !== first.axis) {
      if (maps.every((map) => map !== undefined && sameUnits(map, first))) units.own(output, first);
      return;
    }
    const lines: Line[] = [];
    let at = 0;
    for (const [index, map] of maps.entries()) {
      if (map?.form !== 'same' || map.axis !== along) return;
      lines.push(units.line(map, names[index] ?? '', { shift: -at, from: at, to: at + map.units }));
      at += map.units;
    }
    units.addLines('join', node.id, output, { ...first, units: at }, lines);
  }

  /** A value cut along its units, as the three parts of attention are. */
  #part(node: Node, map: UnitMap): void {
    const { units } = this;
    const axis = units.facts.int(node, 'axis', 0);
    const along = axis < 0 ? axis : axis - (map.rank ?? Number.NaN);
    if (along !== map.axis) {
      for (const output of node.outputs) units.own(output, map);
      return;
    }
    const count = node.outputs.length;
    const sizes = units.facts.ints(node.inputs[1] ?? '') ?? node.outputs.map(() => map.units / count);
    const value = node.inputs[0] ?? '';
    let at = 0;
    for (const [index, output] of node.outputs.entries()) {
      const length = sizes[index] ?? 0;
      if (output !== '' && length > 0 && Number.isInteger(length) && map.form === 'same') {
        units.setCodes(output, units.codes(value));
        const line = units.line(map, value, { shift: at, to: length });
        units.addLines('part', node.id, output, { ...map, units: length }, [line]);
      }
      at += length;
    }
  }

  #keep(node: Node, input: string, map: UnitMap): void {
    const { units } = this;
    const [output = ''] = node.outputs;
    const layer = units.drafts.at(map.layer);
    if (node.op === 'Reshape' && map.form === 'same' && layer !== undefined)
      this.#findHeads(node, map, layer);
    const next = unitsAfter(node, input, map, units.facts, units.dims);
    if (next === undefined) return;
    if (map.mixed !== undefined && next.form === 'same' && map.heads !== undefined) {
      // Heads side by side again, after places were mixed: each unit comes from the one of the values it is made of.
      const line = units.line({ ...next, layer: map.layer }, layer?.value ?? '', { weight: Number.NaN });
      const made = units.addLines('attention', map.mixed.id, output, next, [line]);
      made.heads = { count: map.heads.count, size: map.units / map.heads.count };
      return;
    }
    if (layer?.linear === input) this.#followLinear(layer, node, input, output);
    units.own(output, next);
  }

  /** A reshape that parts the units into heads, where attention follows. */
  #findHeads(node: Node, map: UnitMap, layer: Draft): void {
    if (map.axis !== -1 || layer.heads !== null || layer.kind === 'attention') return;
    const { facts, dims } = this.units;
    const heads = partedBy(shapeAfter(node, facts, dims), map.units);
    if (heads !== null && meetsAttention(node.outputs[0] ?? '', facts)) layer.heads = heads;
  }

  /** A layer stays linear through what scales or shifts each unit; the scales are kept. */
  #followLinear(layer: Draft, node: Node, input: string, output: string): void {
    layer.linear = '';
    if (this.#uses.get(input) !== 1 || !this.#sameBody(input, output)) return;
    const [, gamma, , , variance] = node.inputs.map((name) => this.units.facts.weight(name));
    const constant = node.inputs
      .map((name) => this.units.facts.weight(name))
      .find((ref) => ref !== undefined);
    if (node.op === 'BatchNormalization' && gamma !== undefined && variance !== undefined) {
      const epsilon = this.units.facts.float(node, 'epsilon', 1e-5);
      layer.scales.push({ kind: 'batch-norm', gamma, variance, epsilon });
    } else if (node.op === 'Mul' || (node.op === 'Div' && node.inputs[0] === input)) {
      const perUnit = constant?.count === layer.units && constant.dims.at(layer.axis) === layer.units;
      if (constant === undefined || (constant.count !== 1 && !perUnit)) return;
      layer.scales.push({ kind: 'factor', by: constant, divides: node.op === 'Div' });
    } else if (!SAME.has(node.op) && !(node.op === 'Add' || (node.op === 'Sub' && node.inputs[0] === input)))
      return;
    layer.linear = output;
  }

  #sameBody(input: string, output: string): boolean {
    const { written } = this.units;
    return written.pathOf(input) === written.pathOf(output);
  }
}

function plainLayer(node: Node, { facts }: Units): Quantised | undefined {
  const weighted = denseWeight(node, facts) ?? kernelOf(node, facts);
  return weighted && { weighted, codes: null, measure: 'plain', rescaled: '' };
}
