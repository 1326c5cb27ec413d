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
import { describeNode, shorten } from './names';

/** Bodies inside bodies beyond this are not opened. The runtime itself refuses about half of it. */
const MAX_BODIES = 64;

/** Builds one graph from one or several spans (protobuf merges a message that comes twice). */
export class GraphDecoder {
  readonly #ctx: Decoding;
  readonly #path: string;
  readonly #bodies: DecodeBodyOf;
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

  constructor(ctx: Decoding, path: string, depth: number) {
    this.#ctx = ctx;
    this.#path = path;
    this.#bodies = (owner, part, start, end) => decodeBody(ctx, owner, part, start, end, depth + 1);
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
      const at = this.#at;
      // Where the field itself cannot be read, nothing after it can.
      this.#at = this.#end;
      let tag = 0;
      try {
        tag = cursor.open(at, this.#end, true);
        this.#at = cursor.end;
        this.#field(tag, cursor.start, cursor.end);
      } catch (error) {
        this.#ctx.leaveOut(error, `${this.#partName(tag)} ${this.#what()}`);
      }
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
      case GRAPH.node:
        this.#nodes.push(decodeNode(ctx, start, end, this.#path, this.#nodes.length, this.#bodies));
        return;
      case GRAPH.initializer: {
        const weight = decodeTensor(ctx, start, end, 'initializer', nameInitializer);
        this.#addInitializer(this.#initializers, weight.name, weight);
        return;
      }
      case GRAPH.sparseInitializer: {
        const sparse = decodeSparse(ctx, start, end, nameInitializer);
        if (sparse !== undefined) this.#addInitializer(this.#sparse, sparse.values.name, sparse);
        return;
      }
      case GRAPH.input:
        this.#inputs.push(decodeValueInfo(ctx, start, end));
        return;
      case GRAPH.output:
        this.#outputs.push(decodeValueInfo(ctx, start, end));
        return;
      case GRAPH.valueInfo: {
        const info = decodeValueInfo(ctx, start, end);
        this.#values.set(info.name, info);
        return;
      }
      case GRAPH.name:
        this.#name = ctx.text(start, end);
        return;
      case GRAPH.docString:
        this.#doc = ctx.text(start, end);
        return;
      case GRAPH.metadataProps:
        this.#metadata = ctx.addEntry(this.#metadata, start, end);
        return;
    }
  }

  #partName(tag: number): string {
    if (tag === GRAPH.node) return `Node ${this.#nodes.length} of`;
    return PARTS.get(tag) ?? 'The rest of';
  }

  #addInitializer<T>(into: Map<string, T>, name: string, value: T): void {
    if (this.#initializers.has(name) || this.#sparse.has(name)) {
      this.#ctx.warn(
        'initializers named twice',
        `Two initializers of ${this.#what()} are named "${shorten(name)}"; the last one is used, as the runtime does. Rename one.`,
      );
    }
    into.set(name, value);
  }

  #what(): string {
    return this.#path === '' ? 'the graph' : `the graph ${shorten(this.#path)}`;
  }
}

const PARTS: ReadonlyMap<number, string> = new Map<number, string>([
  [GRAPH.initializer, 'An initializer of'],
  [GRAPH.sparseInitializer, 'A sparse initializer of'],
  [GRAPH.input, 'An input of'],
  [GRAPH.output, 'An output of'],
  [GRAPH.valueInfo, 'The description of a value of'],
  [GRAPH.name, 'The name of'],
  [GRAPH.docString, 'The documentation of'],
  [GRAPH.metadataProps, 'Metadata of'],
]);

function nameInitializer(name: string): string {
  return `The initializer "${shorten(name)}"`;
}

/** Decodes the body that `owner` holds in its attribute `part`; undefined when it lies too deep. */
export function decodeBody(
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
