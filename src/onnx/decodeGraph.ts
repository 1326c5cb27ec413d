/**
 * GraphProto: bytes -> Graph, bodies included. A part that cannot be read is left out with a warning.
 * Decoded in steps, so that a caller can let others run in between.
 */
import type { Graph, Node, SparseTensor, ValueInfo, WeightRef } from '../contract/skeleton';
import { decodeNode, type DecodeBodyOf } from './decodeNode';
import { decodeSparse, decodeTensor } from './decodeTensor';
import { decodeValueInfo } from './decodeType';
import { metadataOf, type Decoding } from './decoding';
import { GRAPH } from './fields';
import { describeNode } from './names';

/** Bodies inside bodies beyond this are not opened. The runtime itself refuses about half of it. */
const MAX_BODIES = 64;

/** Builds one graph from one or several spans (protobuf merges a message that comes twice). */
export class GraphDecoder {
  readonly #ctx: Decoding;
  readonly #path: string;
  readonly #depth: number;
  #name = '';
  #doc = '';
  #metadata: Record<string, string> | null = null;
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #values = new Map<string, ValueInfo>();
  readonly #initializers = new Map<string, WeightRef>();
  readonly #sparse = new Map<string, SparseTensor>();
  readonly #nodes: Node[] = [];
  #at = 0;
  #end = 0;
  /** Where the graph's bytes stop making sense, if they do. */
  brokenAt: { readonly offset: number; readonly message: string } | null = null;

  constructor(ctx: Decoding, path: string, depth: number) {
    this.#ctx = ctx;
    this.#path = path;
    this.#depth = depth;
  }

  /** Goes on with the fields in [start, end). */
  begin(start: number, end: number): void {
    this.#at = start;
    this.#end = end;
  }

  /** Decodes up to `fields` fields; true when the span is done. */
  step(fields: number): boolean {
    const { cursor } = this.#ctx;
    for (let left = fields; left > 0 && this.#at < this.#end; left--) {
      const before = this.#at;
      let tag = 0;
      const read = this.#ctx.attempt(
        () => `The rest of ${this.#what()}`,
        () => (tag = cursor.open(this.#at, this.#end, true)),
      );
      if (read === undefined) {
        this.brokenAt = { offset: before, message: 'a field cannot be read' };
        this.#at = this.#end;
        break;
      }
      this.#at = cursor.end;
      this.#field(tag, cursor.start, cursor.end);
    }
    return this.#at >= this.#end;
  }

  /** The graph, registered under its path. */
  finish(): Graph {
    const inputs = this.#inputs.filter(({ name }) => !this.#initializers.has(name));
    const graph: Graph = {
      path: this.#path,
      name: this.#name,
      doc: this.#doc,
      metadata: metadataOf(this.#metadata),
      inputs,
      outputs: this.#outputs,
      values: this.#values,
      initializers: this.#initializers,
      sparseInitializers: this.#sparse,
      nodes: this.#nodes,
      overridable: this.#inputs.filter(({ name }) => this.#initializers.has(name)).map(({ name }) => name),
    };
    this.#ctx.graphs.set(this.#path, graph);
    return graph;
  }

  #field(tag: number, start: number, end: number): void {
    const ctx = this.#ctx;
    switch (tag) {
      case GRAPH.node: {
        const index = this.#nodes.length;
        const node = ctx.attempt(
          () => `Node ${index} of ${this.#what()}`,
          () => decodeNode(ctx, start, end, this.#path, index, bodies(ctx, this.#depth + 1)),
        );
        if (node !== undefined) this.#nodes.push(node);
        return;
      }
      case GRAPH.initializer: {
        const weight = ctx.attempt(
          () => `An initializer of ${this.#what()}`,
          () => decodeTensor(ctx, start, end, 'initializer', (name) => `The initializer "${name}"`),
        );
        if (weight !== undefined) this.#addInitializer(this.#initializers, weight.name, weight);
        return;
      }
      case GRAPH.sparseInitializer: {
        const sparse = ctx.attempt(
          () => `A sparse initializer of ${this.#what()}`,
          () => decodeSparse(ctx, start, end, (name) => `The sparse initializer "${name}"`),
        );
        if (sparse !== undefined) this.#addInitializer(this.#sparse, sparse.values.name, sparse);
        return;
      }
      case GRAPH.input:
      case GRAPH.output:
      case GRAPH.valueInfo: {
        const info = ctx.attempt(
          () => `An input, output or value description of ${this.#what()}`,
          () => decodeValueInfo(ctx, start, end),
        );
        if (info === undefined) return;
        if (tag === GRAPH.input) this.#inputs.push(info);
        else if (tag === GRAPH.output) this.#outputs.push(info);
        else this.#values.set(info.name, info);
        return;
      }
      case GRAPH.name:
        ctx.attempt(
          () => `The name of ${this.#what()}`,
          () => (this.#name = ctx.text(start, end)),
        );
        return;
      case GRAPH.docString:
        ctx.attempt(
          () => `The documentation of ${this.#what()}`,
          () => (this.#doc = ctx.text(start, end)),
        );
        return;
      case GRAPH.metadataProps:
        ctx.attempt(
          () => `Metadata of ${this.#what()}`,
          () => (this.#metadata = ctx.addEntry(this.#metadata, start, end)),
        );
        return;
    }
  }

  #addInitializer<T>(into: Map<string, T>, name: string, value: T): void {
    if (this.#initializers.has(name) || this.#sparse.has(name)) {
      this.#ctx.warn(
        'initializers named twice',
        `Two initializers of ${this.#what()} are named "${name}"; the last one is used, as the runtime does. Rename one.`,
      );
    }
    into.set(name, value);
  }

  #what(): string {
    return this.#path === '' ? 'the graph' : `the graph ${this.#path}`;
  }
}

/** How nodes of a graph decode the bodies they hold, which lie `depth` deep. */
export function bodies(ctx: Decoding, depth: number): DecodeBodyOf {
  return (owner, part, start, end) => decodeBody(ctx, owner, part, start, end, depth);
}

function decodeBody(
  ctx: Decoding,
  owner: Node,
  part: string,
  start: number,
  end: number,
  depth: number,
): Graph | undefined {
  if (depth > MAX_BODIES) {
    ctx.warn(
      'bodies nested too deep',
      `Bodies are nested more than ${MAX_BODIES} deep at ${describeNode(owner)}; what lies deeper is not shown. Flatten the model's control flow to see it.`,
      owner,
    );
    return undefined;
  }
  const prefix = owner.graph === '' ? '' : `${owner.graph}/`;
  let path = `${prefix}n${owner.index}.${part}`;
  while (ctx.graphs.has(path)) path += '~';
  const decoder = new GraphDecoder(ctx, path, depth);
  decoder.begin(start, end);
  decoder.step(Number.POSITIVE_INFINITY);
  return decoder.finish();
}
