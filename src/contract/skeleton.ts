/**
 * Skeleton: a model without its weights. Types only.
 * Produced by `onnx/skeleton.ts` by position; every large tensor is a reference into a file.
 */
import type { Dtype } from '../tensor/dtype';
import type { Dim, Shape } from '../tensor/shape';

export type { Dim, Dtype, Shape };

/** Address of a graph: '' is the main graph, `n12.then_branch` a body, `fn:domain::name` a function; joined by '/'. */
export type GraphPath = string;

/** Something odd that did not stop the model from opening. */
export interface Warning {
  /** One sentence or two: what is wrong, where, and what to do. */
  readonly message: string;
  /** The node it is about, by id. */
  readonly node?: number;
}

export interface OpsetImport {
  readonly domain: string;
  readonly version: number;
}

export type ValueType =
  | { readonly kind: 'tensor' | 'sparse'; readonly dtype: Dtype; readonly shape: Shape }
  | { readonly kind: 'sequence' | 'optional'; readonly of: ValueType }
  | { readonly kind: 'map'; readonly key: Dtype; readonly value: ValueType }
  | { readonly kind: 'unknown' };

export interface ValueInfo {
  readonly name: string;
  readonly type: ValueType;
}

/** Where a tensor's bytes lie. `file: null` is the model file itself, else a path relative to the model's folder. */
export type WeightLocation =
  /** Raw little-endian bytes in a file (embedded `raw_data`, packed float/double data, or external data). */
  | { readonly kind: 'file'; readonly file: string | null; readonly offset: number; readonly length: number }
  /** Varint-coded typed data in the model file, as protobuf keeps int32_data, int64_data and uint64_data. */
  | {
      readonly kind: 'packed';
      readonly field: 'int32_data' | 'int64_data' | 'uint64_data';
      readonly chunks: readonly { readonly offset: number; readonly length: number }[];
    }
  /** Small tensors, normalised to raw little-endian bytes (ONNX's packing for sub-byte types). */
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | { readonly kind: 'strings'; readonly values: readonly string[] }
  /** Cannot be read; `reason` is the sentence to show. */
  | { readonly kind: 'missing'; readonly reason: string };

export interface WeightRef {
  readonly name: string;
  readonly dtype: Dtype;
  readonly dims: readonly number[];
  /** Elements: the product of dims. */
  readonly count: number;
  /** Bytes the elements take once decoded to raw form. */
  readonly byteLength: number;
  readonly where: WeightLocation;
  /** Where it was found. `sparse` keeps its parts in `sparseParts`. */
  readonly origin: 'initializer' | 'sparse-initializer' | 'attribute';
}

export interface SparseTensor {
  readonly values: WeightRef;
  readonly indices: WeightRef;
  readonly dims: readonly number[];
}

export type AttributeValue =
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'int'; readonly value: number | bigint }
  | { readonly type: 'string'; readonly value: string; readonly bytes: Uint8Array }
  | { readonly type: 'tensor'; readonly value: WeightRef }
  | { readonly type: 'sparse-tensor'; readonly value: SparseTensor }
  | { readonly type: 'graph'; readonly value: Graph }
  | { readonly type: 'type'; readonly value: ValueType }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'ints'; readonly value: readonly (number | bigint)[] }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'tensors'; readonly value: readonly WeightRef[] }
  | { readonly type: 'graphs'; readonly value: readonly Graph[] }
  | { readonly type: 'types'; readonly value: readonly ValueType[] }
  /** `ref_attr_name`: taken from the calling function node. */
  | { readonly type: 'reference'; readonly name: string; readonly of: number }
  /** Bytes of an AttributeProto this version cannot interpret; kept so that a rewrite loses nothing. */
  | { readonly type: 'opaque'; readonly bytes: Uint8Array };

export interface Attribute {
  readonly name: string;
  readonly value: AttributeValue;
}

/** Metadata, interned: many nodes share strings. */
export type Metadata = Readonly<Record<string, string>>;

export interface Node {
  /** Unique in the skeleton; main-graph nodes come first, so there `id === index`. */
  readonly id: number;
  /** Position in its graph, from 0. */
  readonly index: number;
  readonly graph: GraphPath;
  /** May be empty or used twice: never a key. */
  readonly name: string;
  readonly op: string;
  /** '' is ai.onnx. */
  readonly domain: string;
  readonly overload: string;
  /** '' marks an optional input left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly Attribute[];
  readonly metadata: Metadata;
  readonly doc: string;
}

export interface Graph {
  readonly path: GraphPath;
  readonly name: string;
  readonly doc: string;
  readonly metadata: Metadata;
  /** Without initializers that are also listed as inputs (IR < 4); those stay in `initializers`. */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly values: ReadonlyMap<string, ValueInfo>;
  readonly initializers: ReadonlyMap<string, WeightRef>;
  readonly sparseInitializers: ReadonlyMap<string, SparseTensor>;
  readonly nodes: readonly Node[];
  /** Names of initializers that are also graph inputs, in file order: defaults a feed may override. */
  readonly overridable: readonly string[];
}

export interface FunctionDef {
  readonly domain: string;
  readonly name: string;
  readonly overload: string;
  readonly doc: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly string[];
  readonly attributeDefaults: readonly Attribute[];
  readonly opsets: readonly OpsetImport[];
  readonly graph: Graph;
  readonly metadata: Metadata;
}

export interface Skeleton {
  /** File path or URI, for messages. */
  readonly file: string;
  readonly irVersion: number;
  readonly producer: string;
  readonly producerVersion: string;
  readonly domain: string;
  readonly modelVersion: number;
  readonly doc: string;
  readonly metadata: Metadata;
  readonly opsets: readonly OpsetImport[];
  readonly graph: Graph;
  readonly functions: readonly FunctionDef[];
  /** All nodes of all graphs and functions, by id. */
  readonly nodes: readonly Node[];
  /** All graphs by path, bodies and function bodies included. */
  readonly graphs: ReadonlyMap<GraphPath, Graph>;
  /** Elements in initializers and weight-like constants (two elements or more), bodies and functions included. */
  readonly parameters: number;
  /** Their bytes. */
  readonly weightBytes: number;
  /** Bytes of the model file. */
  readonly fileBytes: number;
  readonly warnings: readonly Warning[];
}
