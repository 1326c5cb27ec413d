/**
 * GraphProto, NodeProto and FunctionProto: bytes -> Graph. A part that cannot be read is left out with a warning.
 * Decoded in steps, so that a caller can let others run in between.
 */
import type {
  Attribute,
  FunctionDef,
  Graph,
  Node,
  OpsetImport,
  SparseTensor,
  ValueInfo,
  WeightRef,
} from '../contract/skeleton';
import { metadataOf, type Building, type Decoding } from './decoding';
import { decodeAttribute } from './decodeAttribute';
import { decodeSparse, decodeTensor } from './decodeTensor';
import { decodeValueInfo } from './decodeType';
import { FUNCTION, GRAPH, NODE, OPSET } from './fields';
import { describeNode } from './names';

/** Bodies inside bodies beyond this are not opened. The runtime itself refuses about half of it. */
const MAX_BODIES = 64;

const NONE: readonly never[] = Object.freeze([]);

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
          () => decodeNode(ctx, start, end, this.#path, index, this.#depth),
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

function decodeNode(
  ctx: Decoding,
  start: number,
  end: number,
  graph: string,
  index: number,
  depth: number,
): Node {
  const { cursor } = ctx;
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: Attribute[] = [];
  const spans: number[] = [];
  let metadata: Record<string, string> | null = null;
  const node: Building<Node> = {
    id: -1,
    index,
    graph,
    name: '',
    op: '',
    domain: '',
    overload: '',
    inputs,
    outputs,
    attributes,
    metadata: metadataOf(null),
    doc: '',
  };
  for (let at = start; at < end;) {
    const tag = cursor.open(at, end);
    const { start: from, end: to } = cursor;
    at = to;
    switch (tag) {
      case NODE.input:
        inputs.push(ctx.text(from, to));
        break;
      case NODE.output:
        outputs.push(ctx.text(from, to));
        break;
      case NODE.name:
        node.name = ctx.text(from, to);
        break;
      case NODE.opType:
        node.op = ctx.text(from, to);
        break;
      case NODE.domain:
        node.domain = normalDomain(ctx.text(from, to));
        break;
      case NODE.overload:
        node.overload = ctx.text(from, to);
        break;
      case NODE.docString:
        node.doc = ctx.text(from, to);
        break;
      case NODE.metadataProps:
        metadata = ctx.addEntry(metadata, from, to);
        break;
      case NODE.attribute:
        spans.push(from, to);
        break;
    }
  }
  node.metadata = metadataOf(metadata);
  // Attributes last: by now the node has the name its messages need.
  const owner = (): string => describeNode(node);
  for (let i = 0; i < spans.length; i += 2) {
    const [from = 0, to = 0] = [spans[i], spans[i + 1]];
    const attribute = decodeAttribute(ctx, from, to, owner, (part, bodyStart, bodyEnd) =>
      decodeBody(ctx, node, part, bodyStart, bodyEnd, depth + 1),
    );
    attributes.push(attribute);
  }
  return node;
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

/** Decodes a FunctionProto in [start, end). */
export function decodeFunction(ctx: Decoding, start: number, end: number): FunctionDef {
  const { cursor } = ctx;
  let [name, domain, overload, doc] = ['', '', '', ''];
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: string[] = [];
  const opsets: OpsetImport[] = [];
  const values = new Map<string, ValueInfo>();
  const spans: { readonly tag: number; readonly start: number; readonly end: number }[] = [];
  let metadata: Record<string, string> | null = null;
  for (let at = start; at < end;) {
    const tag = cursor.open(at, end);
    const { start: from, end: to } = cursor;
    at = to;
    switch (tag) {
      case FUNCTION.name:
        name = ctx.text(from, to);
        break;
      case FUNCTION.domain:
        domain = normalDomain(ctx.text(from, to));
        break;
      case FUNCTION.overload:
        overload = ctx.text(from, to);
        break;
      case FUNCTION.docString:
        doc = ctx.text(from, to);
        break;
      case FUNCTION.input:
        inputs.push(ctx.text(from, to));
        break;
      case FUNCTION.output:
        outputs.push(ctx.text(from, to));
        break;
      case FUNCTION.attribute:
        attributes.push(ctx.text(from, to));
        break;
      case FUNCTION.opsetImport:
        opsets.push(decodeOpset(ctx, from, to));
        break;
      case FUNCTION.valueInfo: {
        const info = decodeValueInfo(ctx, from, to);
        values.set(info.name, info);
        break;
      }
      case FUNCTION.metadataProps:
        metadata = ctx.addEntry(metadata, from, to);
        break;
      case FUNCTION.node:
      case FUNCTION.attributeProto:
        spans.push({ tag, start: from, end: to });
        break;
    }
  }
  let path = `fn:${domain}::${name}${overload === '' ? '' : `:${overload}`}`;
  while (ctx.graphs.has(path)) path += '~';
  const nodes: Node[] = [];
  const attributeDefaults: Attribute[] = [];
  for (const span of spans) {
    if (span.tag === FUNCTION.attributeProto) {
      attributeDefaults.push(
        decodeAttribute(
          ctx,
          span.start,
          span.end,
          () => `the function ${name}`,
          () => undefined,
        ),
      );
      continue;
    }
    const index = nodes.length;
    const node = ctx.attempt(
      () => `Node ${index} of the function ${name}`,
      () => decodeNode(ctx, span.start, span.end, path, index, 0),
    );
    if (node !== undefined) nodes.push(node);
  }
  const info = (value: string): ValueInfo => values.get(value) ?? { name: value, type: { kind: 'unknown' } };
  const graph: Graph = {
    path,
    name,
    doc,
    metadata: metadataOf(metadata),
    inputs: inputs.map(info),
    outputs: outputs.map(info),
    values,
    initializers: new Map(),
    sparseInitializers: new Map(),
    nodes,
    overridable: NONE,
  };
  ctx.graphs.set(path, graph);
  return {
    domain,
    name,
    overload,
    doc,
    inputs,
    outputs,
    attributes,
    attributeDefaults,
    opsets,
    graph,
    metadata: metadataOf(metadata),
  };
}

export function decodeOpset(ctx: Decoding, start: number, end: number): OpsetImport {
  const { cursor } = ctx;
  let domain = '';
  let version = 0;
  for (let at = start; at < end;) {
    const tag = cursor.open(at, end);
    at = cursor.end;
    if (tag === OPSET.domain) domain = normalDomain(ctx.text(cursor.start, cursor.end));
    else if (tag === OPSET.version) version = Number(cursor.int64());
  }
  return { domain, version };
}

/** 'ai.onnx' and '' are the same domain. */
function normalDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}
