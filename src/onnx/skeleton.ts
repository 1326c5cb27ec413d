/**
 * Bytes -> Skeleton: one pass over the file that leaves weights where they are, then decoding in memory. Where weights
 * of other files lie is checked against the model's folder. What can be opened opens, with warnings.
 */
import type { ByteSource } from '../base/bytes';
import { breathe, throwIfCancelled } from '../base/cancel';
import type {
  FunctionDef,
  Graph,
  Metadata,
  Node,
  OpsetImport,
  Skeleton,
  Warning,
} from '../contract/skeleton';
import { formatBytes } from '../tensor/format';
import { checkModel } from './checks';
import { Decoding, metadataOf, type Building } from './decoding';
import { decodeFunction } from './decodeFunction';
import { GraphDecoder } from './decodeGraph';
import { decodeOpset } from './decodeNode';
import { brokenModel, cutOff, emptyFile, emptyGraph, notOnnx } from './errors';
import { resolveExternals } from './external';
import { MODEL } from './fields';
import type { ModelFolder } from './folder';
import { looksLike } from './lookalikes';
import { skim } from './skim';
import { bodiesOf, weightsOf } from './walk';
import { WireError, type Cursor } from './wire';

/** Decoding lets others run after this long, in milliseconds. */
const SLICE = 12;
const FIELDS_PER_STEP = 256;

export interface ReadOptions {
  /** Where external data may lie; null: nowhere (every external tensor becomes `missing`). */
  readonly folder: ModelFolder | null;
  readonly signal?: AbortSignal;
}

interface Header {
  irVersion: number;
  producer: string;
  producerVersion: string;
  domain: string;
  modelVersion: number;
  doc: string;
  metadata: Metadata;
  opsets: OpsetImport[];
}

/**
 * Reads a model's skeleton. Rejects with `not-onnx`, `truncated` or `bad-model` only when nothing can be shown, and with
 * `AbortError` when cancelled.
 */
export async function readSkeleton(source: ByteSource, options: ReadOptions): Promise<Skeleton> {
  const { signal } = options;
  if (source.size === 0) throw emptyFile(source.name);
  const segments = await skim(source, signal);
  const ctx = new Decoding(segments, source.size);
  const model = await decodeModel(ctx, source, signal);
  await resolveExternals(ctx, options.folder, signal);
  const { functions, graph, header, whole } = model;
  const graphs = new Map<string, Graph>();
  const nodes = assignIds(graph, functions, graphs);
  checkModel(ctx, { graph, functions, graphs, opsets: header.opsets, whole });
  ctx.finish();
  const { parameters, weightBytes } = countWeights(graphs);
  return {
    file: source.name,
    ...header,
    graph,
    functions,
    nodes,
    graphs,
    parameters,
    weightBytes,
    fileBytes: source.size,
    warnings: ctx.warnings.map(toWarning),
  };
}

interface Model {
  readonly header: Header;
  readonly graph: Graph;
  readonly functions: readonly FunctionDef[];
  /** The whole file could be read. */
  readonly whole: boolean;
}

async function decodeModel(
  ctx: Decoding,
  source: ByteSource,
  signal: AbortSignal | undefined,
): Promise<Model> {
  const { cursor } = ctx;
  const header: Header = {
    irVersion: 0,
    producer: '',
    producerVersion: '',
    domain: '',
    modelVersion: 0,
    doc: '',
    metadata: metadataOf(null),
    opsets: [],
  };
  const functions: FunctionDef[] = [];
  let metadata: Record<string, string> | null = null;
  let decoder: GraphDecoder | null = null;
  let broken: WireError | null = null;
  let sliceEnd = performance.now() + SLICE;
  for (let at = 0; at < source.size;) {
    let tag = 0;
    try {
      tag = cursor.open(at, source.size, true);
      ctx.cut ||= cursor.clipped;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      if (error.past > source.size) ctx.cut = true;
      else broken = error;
      break;
    }
    const { start, end } = cursor;
    at = end;
    switch (tag) {
      case MODEL.graph:
        decoder ??= new GraphDecoder(ctx, '', 0);
        decoder.begin(start, end);
        while (!decoder.step(FIELDS_PER_STEP)) {
          throwIfCancelled(signal);
          if (performance.now() < sliceEnd) continue;
          await breathe();
          sliceEnd = performance.now() + SLICE;
        }
        break;
      case MODEL.functions: {
        const made = ctx.attempt(
          () => `Function ${functions.length} of the model`,
          () => decodeFunction(ctx, start, end),
        );
        if (made !== undefined) functions.push(made);
        break;
      }
      case MODEL.metadataProps:
        ctx.attempt(
          () => 'Metadata of the model',
          () => (metadata = ctx.addEntry(metadata, start, end)),
        );
        break;
      case MODEL.trainingInfo:
        ctx.warn(
          'training graphs',
          'The model carries training information (an initialization or algorithm graph), which is not shown. Use the training tools that made it to see that.',
        );
        break;
      default:
        ctx.attempt(
          () => 'A field of the model',
          () => decodeHeaderField(ctx, header, tag, start, end),
        );
    }
  }
  header.metadata = metadataOf(metadata);
  const graph = decoder?.finish();
  const empty =
    graph === undefined ||
    (graph.nodes.length === 0 &&
      graph.inputs.length === 0 &&
      graph.outputs.length === 0 &&
      graph.initializers.size === 0);
  if (graph === undefined || (empty && functions.length === 0)) {
    throw nothingToShow(ctx, source, header, { graph, broken, clipped: ctx.cut });
  }
  if (ctx.cut || broken !== null) {
    const why = ctx.cut
      ? `The file is cut off: it ends after ${formatBytes(source.size)} before the model does; ${graph.nodes.length} nodes could be read. Download or export it again.`
      : `The file cannot be read beyond byte ${broken?.offset ?? 0} (${broken?.message ?? ''}); ${graph.nodes.length} nodes were read before it. Download or export it again.`;
    ctx.warnings.unshift({ message: why, node: null });
  }
  return { header, graph, functions, whole: !ctx.cut && broken === null };
}

function decodeHeaderField(ctx: Decoding, header: Header, tag: number, start: number, end: number): void {
  const { cursor } = ctx;
  switch (tag) {
    case MODEL.irVersion:
      header.irVersion = Number(cursor.int64());
      return;
    case MODEL.modelVersion:
      header.modelVersion = Number(cursor.int64());
      return;
    case MODEL.producerName:
      header.producer = ctx.text(start, end);
      return;
    case MODEL.producerVersion:
      header.producerVersion = ctx.text(start, end);
      return;
    case MODEL.domain:
      header.domain = ctx.text(start, end);
      return;
    case MODEL.docString:
      header.doc = ctx.text(start, end);
      return;
    case MODEL.opsetImport:
      header.opsets.push(decodeOpset(ctx, start, end));
      return;
  }
}

function nothingToShow(
  ctx: Decoding,
  source: ByteSource,
  header: Header,
  found: { readonly graph: Graph | undefined; readonly broken: WireError | null; readonly clipped: boolean },
): Error {
  const head = firstBytes(ctx.cursor, source.size);
  const known = looksLike(head);
  if (known !== null) return notOnnx(source.name, known.what, known.remedy);
  const plausible = header.irVersion > 0 && header.irVersion < 100;
  if (plausible && found.clipped) return cutOff(source.name, source.size);
  if (plausible && found.broken !== null)
    return brokenModel(source.name, found.broken.message, found.broken.offset);
  if (found.graph !== undefined && plausible) {
    return emptyGraph(source.name);
  }
  return notOnnx(
    source.name,
    null,
    'Check that it is an .onnx file, and export it again if it should be one.',
  );
}

function firstBytes(cursor: Cursor, size: number): Uint8Array {
  for (let length = Math.min(512, size); length > 0; length = Math.floor(length / 2)) {
    if (cursor.has(0, length)) return cursor.bytes(0, length);
  }
  return new Uint8Array(0);
}

/** Numbers all nodes: the main graph's first, then bodies and functions in the order they are met. */
function assignIds(main: Graph, functions: readonly FunctionDef[], graphs: Map<string, Graph>): Node[] {
  const nodes: Node[] = [];
  const queue: Graph[] = [main, ...functions.map(({ graph }) => graph)];
  const visit = (graph: Graph): void => {
    graphs.set(graph.path, graph);
    for (const node of graph.nodes) {
      const building: Building<Node> = node;
      building.id = nodes.length;
      nodes.push(node);
    }
    for (const node of graph.nodes) for (const body of bodiesOf(node)) visit(body);
  };
  for (const graph of queue) visit(graph);
  return nodes;
}

function countWeights(graphs: ReadonlyMap<string, Graph>): { parameters: number; weightBytes: number } {
  let parameters = 0;
  let weightBytes = 0;
  for (const graph of graphs.values()) {
    for (const weight of weightsOf(graph)) {
      parameters += weight.count;
      weightBytes += weight.byteLength;
    }
  }
  return { parameters, weightBytes };
}

function toWarning({ message, node }: { readonly message: string; readonly node: Node | null }): Warning {
  return node === null || node.id < 0 ? { message } : { message, node: node.id };
}
