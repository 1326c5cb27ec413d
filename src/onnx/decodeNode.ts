/** NodeProto and OperatorSetIdProto: bytes -> Node. Bodies are decoded by the function it is handed. */
import type { Attribute, Graph, Node, OpsetImport } from '../contract/skeleton';
import { decodeAttribute, type DecodeBody } from './decodeAttribute';
import { metadataOf, type Building, type Decoding } from './decoding';
import { NODE, OPSET } from './fields';
import { describeNode } from './names';

/** Decodes the body that `owner` holds in its attribute `part`; undefined when it is too deep or broken. */
export type DecodeBodyOf = (owner: Node, part: string, start: number, end: number) => Graph | undefined;

/** Decodes a NodeProto in [start, end), the node `index` of the graph at path `graph`. Throws `WireError`. */
export function decodeNode(
  ctx: Decoding,
  start: number,
  end: number,
  graph: string,
  index: number,
  body: DecodeBodyOf,
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
  if (spans.length === 0) return node;
  // Attributes last: by now the node has the name its messages need.
  const owner = (): string => describeNode(node);
  const ownBody: DecodeBody = (part, from, to) => body(node, part, from, to);
  for (let i = 0; i < spans.length; i += 2) {
    attributes.push(decodeAttribute(ctx, spans[i] ?? 0, spans[i + 1] ?? 0, owner, ownBody));
  }
  return node;
}

/** Decodes an OperatorSetIdProto in [start, end). */
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
export function normalDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}
