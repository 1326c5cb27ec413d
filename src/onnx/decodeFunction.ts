/** FunctionProto: bytes -> FunctionDef. Its nodes are decoded as a graph's are. */
import type { Attribute, FunctionDef, Graph, Node, OpsetImport, ValueInfo } from '../contract/skeleton';
import { decodeAttribute } from './decodeAttribute';
import { decodeBody } from './decodeGraph';
import { decodeNode, decodeOpset, normalDomain } from './decodeNode';
import { decodeValueInfo } from './decodeType';
import { metadataOf, type Decoding } from './decoding';
import { FUNCTION } from './fields';
import { shorten } from './names';

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
          () => `the function ${shorten(name)}`,
          () => undefined,
        ),
      );
      continue;
    }
    const index = nodes.length;
    const node = ctx.attempt(
      () => `Node ${index} of the function ${shorten(name)}`,
      () =>
        decodeNode(ctx, span.start, span.end, path, index, (owner, part, bodyStart, bodyEnd) =>
          decodeBody(ctx, owner, part, bodyStart, bodyEnd, 1),
        ),
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
    overridable: [],
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
