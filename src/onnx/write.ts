/**
 * A skeleton, as it was read or rewritten, to the bytes of an ONNX model of kilobytes.
 * Large tensors stay where they are: they are written as external data that points back into the original file by
 * location, offset and length, so a session over the result maps what it reads and nothing is copied. Documentation and
 * metadata do not reach the runtime and are left out. No file is read or written here.
 */
import { Failure } from '../base/errors';
import { assertNever } from '../base/assert';
import type {
  Attribute,
  AttributeValue,
  FunctionDef,
  Graph,
  Node,
  OpsetImport,
  Skeleton,
  SparseTensor,
  ValueInfo,
  ValueType,
  WeightRef,
} from '../contract/skeleton';
import { dtypeCode } from '../tensor/dtype';
import { ProtobufWriter } from './protobufWriter';

/** What of a skeleton makes the model: all that a rewrite has to hand over. */
export type ModelParts = Pick<Skeleton, 'file' | 'irVersion' | 'opsets' | 'graph' | 'functions'>;

export interface WriteOptions {
  /** Name of the model's own file within the folder the runtime is told of: its base name. */
  readonly self: string;
  /** Raw little-endian bytes of a tensor that is kept varint-coded (`packed`) and so cannot be pointed at. */
  readonly packed: (ref: WeightRef) => Uint8Array;
  /** The same of tensors whose file the runtime would not read from; undefined for all others, which are pointed at. */
  readonly handed?: (ref: WeightRef) => Uint8Array | undefined;
}

/** The model as ONNX protobuf. Throws `bad-tensor` when a tensor that is part of it has no bytes. */
export function writeModel(model: ModelParts, options: WriteOptions): Uint8Array {
  const writer = new ProtobufWriter();
  const encoder = new ModelEncoder(writer, options);
  encoder.model(model);
  return writer.finish();
}

/** ONNX AttributeProto.AttributeType. */
const ATTRIBUTE_TYPE = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
  'sparse-tensor': 11,
  type: 13,
  types: 14,
} as const;

class ModelEncoder {
  constructor(
    private readonly out: ProtobufWriter,
    private readonly options: WriteOptions,
  ) {}

  model(model: ModelParts): void {
    this.out.int(1, model.irVersion);
    this.out.message(7, () => this.#graph(model.graph));
    for (const opset of model.opsets) this.#opset(8, opset);
    for (const definition of model.functions) this.out.message(25, () => this.#function(definition));
  }

  #opset(field: number, opset: OpsetImport): void {
    this.out.message(field, () => {
      this.out.string(1, opset.domain);
      this.out.int(2, opset.version);
    });
  }

  #graph(graph: Graph): void {
    const { out } = this;
    for (const node of graph.nodes) out.message(1, () => this.#node(node));
    // A graph has to have a name.
    out.string(2, graph.name === '' ? 'graph' : graph.name);
    for (const weight of graph.initializers.values()) out.message(5, () => this.#tensor(weight));
    for (const info of graph.inputs) out.message(11, () => this.#valueInfo(info));
    for (const name of graph.overridable) {
      const weight = graph.initializers.get(name);
      if (weight !== undefined) out.message(11, () => this.#valueInfo(weightInfo(weight)));
    }
    for (const info of graph.outputs) out.message(12, () => this.#valueInfo(info));
    const stated = new Set([...graph.inputs, ...graph.outputs].map((info) => info.name));
    for (const [name, info] of graph.values) {
      if (!stated.has(name) && !graph.initializers.has(name)) out.message(13, () => this.#valueInfo(info));
    }
    for (const [name, sparse] of graph.sparseInitializers) {
      out.message(15, () => this.#sparse({ ...sparse, values: { ...sparse.values, name } }));
    }
  }

  #function(definition: FunctionDef): void {
    const { out } = this;
    out.string(1, definition.name);
    for (const name of definition.inputs) out.string(4, name);
    for (const name of definition.outputs) out.string(5, name);
    for (const name of definition.attributes) out.string(6, name);
    for (const node of definition.graph.nodes) out.message(7, () => this.#node(node));
    for (const opset of definition.opsets) this.#opset(9, opset);
    out.text(10, definition.domain);
    for (const attribute of definition.attributeDefaults) this.#attribute(11, attribute);
    for (const info of definition.graph.values.values()) out.message(12, () => this.#valueInfo(info));
    out.text(13, definition.overload);
  }

  #node(node: Node): void {
    const { out } = this;
    for (const name of node.inputs) out.string(1, name);
    for (const name of node.outputs) out.string(2, name);
    out.text(3, node.name);
    out.string(4, node.op);
    for (const attribute of node.attributes) this.#attribute(5, attribute);
    out.text(7, node.domain);
    out.text(8, node.overload);
  }

  #attribute(field: number, { name, value }: Attribute): void {
    const { out } = this;
    if (value.type === 'opaque') return out.bytes(field, value.bytes);
    out.message(field, () => {
      out.string(1, name);
      if (value.type === 'reference') {
        out.int(20, value.of);
        out.string(21, value.name);
        return;
      }
      this.#attributeValue(value);
      out.int(20, ATTRIBUTE_TYPE[value.type]);
    });
  }

  #attributeValue(value: Exclude<AttributeValue, { type: 'opaque' | 'reference' }>): void {
    const { out } = this;
    switch (value.type) {
      case 'float':
        return out.float(2, value.value);
      case 'int':
        return out.int(3, value.value);
      case 'string':
        return out.bytes(4, value.bytes);
      case 'tensor':
        return out.message(5, () => this.#tensor(value.value));
      case 'graph':
        return out.message(6, () => this.#graph(value.value));
      case 'floats':
        return out.packedFloats(7, value.value);
      case 'ints':
        return out.packedInts(8, value.value);
      case 'strings':
        return value.value.forEach((text) => out.string(9, text));
      case 'tensors':
        return value.value.forEach((tensor) => out.message(10, () => this.#tensor(tensor)));
      case 'graphs':
        return value.value.forEach((graph) => out.message(11, () => this.#graph(graph)));
      case 'type':
        return out.message(14, () => this.#type(value.value));
      case 'types':
        return value.value.forEach((type) => out.message(15, () => this.#type(type)));
      case 'sparse-tensor':
        return out.message(22, () => this.#sparse(value.value));
      default:
        return assertNever(value);
    }
  }

  #tensor(ref: WeightRef): void {
    const { out } = this;
    out.packedInts(1, ref.dims);
    out.int(2, dtypeCode(ref.dtype));
    out.text(8, ref.name);
    const { where } = ref;
    switch (where.kind) {
      case 'inline':
        return out.bytes(9, where.bytes);
      case 'packed':
        return out.bytes(9, this.options.packed(ref));
      case 'strings':
        return where.values.forEach((text) => out.string(6, text));
      case 'file': {
        const bytes = this.options.handed?.(ref);
        if (bytes !== undefined) return out.bytes(9, bytes);
        this.#entry('location', where.file ?? this.options.self);
        this.#entry('offset', String(where.offset));
        this.#entry('length', String(where.length));
        return out.int(14, 1);
      }
      case 'missing':
        throw new Failure({
          code: 'bad-tensor',
          message: `The model cannot run: ${where.reason}`,
          remedy: '',
        });
      default:
        return assertNever(where);
    }
  }

  #entry(key: string, value: string): void {
    this.out.message(13, () => {
      this.out.string(1, key);
      this.out.string(2, value);
    });
  }

  #sparse(sparse: SparseTensor): void {
    this.out.message(1, () => this.#tensor(sparse.values));
    this.out.message(2, () => this.#tensor(sparse.indices));
    this.out.packedInts(3, sparse.dims);
  }

  #valueInfo(info: ValueInfo): void {
    this.out.string(1, info.name);
    if (info.type.kind !== 'unknown') this.out.message(2, () => this.#type(info.type));
  }

  #type(type: ValueType): void {
    const { out } = this;
    switch (type.kind) {
      case 'unknown':
        return;
      case 'tensor':
      case 'sparse':
        return out.message(type.kind === 'tensor' ? 1 : 8, () => {
          out.int(1, dtypeCode(type.dtype));
          if (type.shape === null) return;
          out.message(2, () => {
            for (const dim of type.shape ?? []) {
              out.message(1, () => {
                if (typeof dim === 'number') out.int(1, dim);
                else if (dim !== null) out.string(2, dim);
              });
            }
          });
        });
      case 'sequence':
      case 'optional':
        return out.message(type.kind === 'sequence' ? 4 : 9, () => out.message(1, () => this.#type(type.of)));
      case 'map':
        return out.message(5, () => {
          out.int(1, dtypeCode(type.key));
          out.message(2, () => this.#type(type.value));
        });
      default:
        return assertNever(type);
    }
  }
}

function weightInfo(weight: WeightRef): ValueInfo {
  return { name: weight.name, type: { kind: 'tensor', dtype: weight.dtype, shape: weight.dims } };
}
