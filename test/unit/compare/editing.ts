/**
 * A seeded editor of graphs: what optimisers, quantisers, exporters and people do to a model, with the truth kept: which
 * node of the edited model is which of the original, and which ones were touched. Works on skeletons; writes no files.
 */
import type { Attribute, Graph, Node, Skeleton, WeightRef } from '../../../src/contract/skeleton';

/** Mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface Part {
  op: string;
  name: string;
  inputs: string[];
  outputs: string[];
  attributes: readonly Attribute[];
  metadata: Node['metadata'];
  /** Id in the original model, or -1 for what was put in. */
  origin: number;
  touched: boolean;
}

export interface Edited {
  readonly skeleton: Skeleton;
  /** By node of the edited model: the original's id, or -1. */
  readonly origin: readonly number[];
  readonly renamedWeights: ReadonlyMap<WeightRef, WeightRef>;
  /** Original ids of nodes that no edit changed. */
  readonly unchanged: ReadonlySet<number>;
}

export type Edit =
  | 'rename'
  | 'renumber'
  | 'renameWeights'
  | 'insert'
  | 'quantise'
  | 'remove'
  | 'fuse'
  | 'reorder'
  | 'attribute'
  | 'swap';

export const EDITS: readonly Edit[] = [
  'rename',
  'renumber',
  'renameWeights',
  'insert',
  'quantise',
  'remove',
  'fuse',
  'reorder',
  'attribute',
  'swap',
];

/** Applies edits one after the other; `rate` is the share of nodes that each local edit touches. */
export function edit(original: Skeleton, edits: readonly Edit[], seed: number, rate = 0.02): Edited {
  const editing = new Editing(original, randomFrom(seed), rate);
  for (const kind of edits) editing.apply(kind);
  return editing.finish();
}

class Editing {
  parts: Part[];
  weights: Map<string, WeightRef>;
  outputs: string[];
  /** By weight of the original: the same under its new name. */
  readonly renamed = new Map<WeightRef, WeightRef>();
  #fresh = 0;

  constructor(
    private readonly original: Skeleton,
    private readonly random: () => number,
    private readonly rate: number,
  ) {
    this.parts = original.graph.nodes.map((node) => ({
      op: node.op,
      name: node.name,
      inputs: [...node.inputs],
      outputs: [...node.outputs],
      attributes: node.attributes,
      metadata: node.metadata,
      origin: node.id,
      touched: false,
    }));
    this.weights = new Map(original.graph.initializers);
    this.outputs = original.graph.outputs.map(({ name }) => name);
  }

  apply(kind: Edit): void {
    switch (kind) {
      case 'rename':
        return this.#rename(
          (part, index) => `${part.op.toLowerCase()}_${((index * 7919) % 104729).toString(36)}`,
        );
      case 'renumber':
        return this.#rename((part, index) => `node_${part.op}_${String(index)}`);
      case 'renameWeights':
        return this.#renameWeights();
      case 'insert':
        return this.#insert();
      case 'quantise':
        return this.#quantise();
      case 'remove':
        return this.#remove();
      case 'fuse':
        return this.#fuse();
      case 'reorder':
        return this.#reorder();
      case 'attribute':
        for (const part of this.#some((each) => each.attributes.length > 0)) {
          part.attributes = [...part.attributes, { name: 'extra', value: { type: 'int', value: 1 } }];
          part.touched = true;
        }
        return;
      case 'swap':
        for (const part of this.#some(({ op }) => op === 'Add' || op === 'Mul')) {
          part.inputs.reverse();
        }
    }
  }

  finish(): Edited {
    this.#sort((ready) => ready.shift());
    const nodes = this.parts.map((part, index): Node => ({
      id: index,
      index,
      graph: '',
      name: part.name,
      op: part.op,
      domain: '',
      overload: '',
      inputs: part.inputs,
      outputs: part.outputs,
      attributes: part.attributes,
      metadata: part.metadata,
      doc: '',
    }));
    const graph: Graph = {
      ...this.original.graph,
      nodes,
      initializers: this.weights,
      values: new Map(),
      outputs: this.outputs.map((name, index) => ({
        name,
        type: this.original.graph.outputs[index]?.type ?? { kind: 'unknown' },
      })),
    };
    return {
      skeleton: { ...this.original, graph, nodes, graphs: new Map([['', graph]]) },
      origin: this.parts.map(({ origin }) => origin),
      renamedWeights: this.renamed,
      unchanged: new Set(
        this.parts.filter(({ touched, origin }) => !touched && origin >= 0).map((p) => p.origin),
      ),
    };
  }

  #some(fits: (part: Part) => boolean): Part[] {
    return this.parts.filter((part) => fits(part) && this.random() < this.rate);
  }

  #rename(name: (part: Part, index: number) => string): void {
    const names = new Map<string, string>();
    this.parts.forEach((part, index) => {
      part.name = name(part, index);
      part.metadata = {};
      part.outputs = part.outputs.map((output, slot) => {
        if (output === '') return '';
        const fresh = `${part.name}_o${String(slot)}`;
        names.set(output, fresh);
        return fresh;
      });
    });
    for (const part of this.parts) part.inputs = part.inputs.map((input) => names.get(input) ?? input);
    this.outputs = this.outputs.map((output) => names.get(output) ?? output);
  }

  #renameWeights(): void {
    const names = new Map([...this.weights.keys()].map((name, index) => [name, `w_${String(index)}`]));
    this.weights = new Map(
      [...this.weights.values()].map((ref) => {
        const name = names.get(ref.name) ?? ref.name;
        const renamed = { ...ref, name };
        this.renamed.set(ref, renamed);
        return [name, renamed];
      }),
    );
    for (const part of this.parts) part.inputs = part.inputs.map((input) => names.get(input) ?? input);
  }

  /** An operator of its own between a node and all its users. */
  #insert(): void {
    for (const part of this.#some(({ outputs }) => outputs.length === 1)) {
      const op = ['Relu', 'Clip', 'Neg', 'Cast', 'Identity'][Math.floor(this.random() * 5)] ?? 'Relu';
      this.#between(part, [op]);
    }
  }

  #quantise(): void {
    for (const part of this.#some(
      ({ op }) => op === 'MatMul' || op === 'Add' || op === 'Conv' || op === 'Mul',
    ))
      this.#between(part, ['QuantizeLinear', 'DequantizeLinear']);
  }

  #between(part: Part, ops: readonly string[]): void {
    const [output = ''] = part.outputs;
    let last = output;
    const added: Part[] = [];
    for (const op of ops) {
      const name = `${op.toLowerCase()}_added_${String(this.#fresh++)}`;
      const extra = op === 'QuantizeLinear' || op === 'DequantizeLinear' ? ['epsilon'] : [];
      added.push({
        op,
        name,
        inputs: [last, ...extra],
        outputs: [`${name}_out`],
        attributes: [],
        metadata: {},
        origin: -1,
        touched: true,
      });
      last = `${name}_out`;
    }
    this.#reroute(output, last, new Set(added));
    this.parts.push(...added);
  }

  /** A node taken out; its users read what it read. */
  #remove(): void {
    for (const part of this.#some(({ op }) => ['Add', 'Mul', 'Neg', 'Relu', 'Sigmoid', 'Sub'].includes(op))) {
      const input = part.inputs.find((name) => !this.weights.has(name));
      const [output = ''] = part.outputs;
      if (input === undefined || input === output) continue;
      this.parts = this.parts.filter((other) => other !== part);
      this.#reroute(output, input, new Set());
    }
  }

  /** MatMul and the Add of a bias into a Gemm; Conv and BatchNormalization into a Conv; the parts of a norm into one. */
  #fuse(): void {
    const makers = new Map(
      this.parts.flatMap((part) => part.outputs.map((output) => [output, part] as const)),
    );
    for (const part of this.#some(({ op }) => op === 'Add' || op === 'BatchNormalization')) {
      const maker = makers.get(part.inputs[0] ?? '');
      const bias = part.inputs[1] ?? '';
      const fits =
        part.op === 'Add' ? maker?.op === 'MatMul' && this.weights.has(bias) : maker?.op === 'Conv';
      if (!fits || maker === undefined || this.#users(maker.outputs[0] ?? '') !== 1) continue;
      maker.op = part.op === 'Add' ? 'Gemm' : 'Conv';
      maker.inputs = [maker.inputs[0] ?? '', maker.inputs[1] ?? '', bias];
      maker.outputs = part.outputs;
      maker.touched = true;
      this.parts = this.parts.filter((other) => other !== part);
    }
  }

  #users(value: string): number {
    return this.parts.filter(({ inputs }) => inputs.includes(value)).length;
  }

  #reroute(from: string, to: string, but: ReadonlySet<Part>): void {
    for (const part of this.parts) {
      if (!but.has(part)) part.inputs = part.inputs.map((input) => (input === from ? to : input));
    }
    this.outputs = this.outputs.map((output) => (output === from ? to : output));
  }

  /** Another order that is as good. */
  #reorder(): void {
    this.#sort((ready) => {
      const at = Math.floor(this.random() * ready.length);
      const last = ready.pop();
      if (last === undefined || at >= ready.length) return last;
      const taken = ready[at];
      ready[at] = last;
      return taken;
    });
  }

  #sort(take: (ready: Part[]) => Part | undefined): void {
    const makers = new Map(
      this.parts.flatMap((part) => part.outputs.map((output) => [output, part] as const)),
    );
    const waits = new Map<Part, number>();
    const users = new Map<Part, Part[]>();
    const ready: Part[] = [];
    for (const part of this.parts) {
      const needs = new Set(
        part.inputs.map((input) => makers.get(input)).filter((maker) => maker !== undefined),
      );
      waits.set(part, needs.size);
      if (needs.size === 0) ready.push(part);
      for (const maker of needs) users.set(maker, [...(users.get(maker) ?? []), part]);
    }
    const sorted: Part[] = [];
    for (let next = take(ready); next !== undefined; next = take(ready)) {
      sorted.push(next);
      for (const user of users.get(next) ?? []) {
        const left = (waits.get(user) ?? 0) - 1;
        waits.set(user, left);
        if (left === 0) ready.push(user);
      }
    }
    if (sorted.length !== this.parts.length) throw new Error('The edited graph has a cycle.');
    this.parts = sorted;
  }
}
