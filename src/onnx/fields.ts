/**
 * Field numbers of onnx.proto, as tags (`field << 3 | wire type`), and which of them the skim descends into or leaves on
 * disk. A plain table; decoding is elsewhere.
 */

const varint = (field: number): number => field << 3;
const bytes = (field: number): number => (field << 3) | 2;
const fixed32 = (field: number): number => (field << 3) | 5;
const fixed64 = (field: number): number => (field << 3) | 1;

export const MODEL = {
  irVersion: varint(1),
  producerName: bytes(2),
  producerVersion: bytes(3),
  domain: bytes(4),
  modelVersion: varint(5),
  docString: bytes(6),
  graph: bytes(7),
  opsetImport: bytes(8),
  metadataProps: bytes(14),
  trainingInfo: bytes(20),
  functions: bytes(25),
} as const;

export const GRAPH = {
  node: bytes(1),
  name: bytes(2),
  initializer: bytes(5),
  docString: bytes(10),
  input: bytes(11),
  output: bytes(12),
  valueInfo: bytes(13),
  sparseInitializer: bytes(15),
  metadataProps: bytes(16),
} as const;

export const NODE = {
  input: bytes(1),
  output: bytes(2),
  name: bytes(3),
  opType: bytes(4),
  attribute: bytes(5),
  docString: bytes(6),
  domain: bytes(7),
  overload: bytes(8),
  metadataProps: bytes(9),
} as const;

export const ATTRIBUTE = {
  name: bytes(1),
  f: fixed32(2),
  i: varint(3),
  s: bytes(4),
  t: bytes(5),
  g: bytes(6),
  floats: fixed32(7),
  floatsPacked: bytes(7),
  ints: varint(8),
  intsPacked: bytes(8),
  strings: bytes(9),
  tensors: bytes(10),
  graphs: bytes(11),
  typeProto: bytes(14),
  typeProtos: bytes(15),
  type: varint(20),
  refAttrName: bytes(21),
  sparseTensor: bytes(22),
  sparseTensors: bytes(23),
} as const;

export const TENSOR = {
  dims: varint(1),
  dimsPacked: bytes(1),
  dataType: varint(2),
  floatData: fixed32(4),
  floatDataPacked: bytes(4),
  int32Data: varint(5),
  int32DataPacked: bytes(5),
  stringData: bytes(6),
  int64Data: varint(7),
  int64DataPacked: bytes(7),
  name: bytes(8),
  rawData: bytes(9),
  doubleData: fixed64(10),
  doubleDataPacked: bytes(10),
  uint64Data: varint(11),
  uint64DataPacked: bytes(11),
  externalData: bytes(13),
  dataLocation: varint(14),
} as const;

export const SPARSE = { values: bytes(1), indices: bytes(2), dims: varint(3), dimsPacked: bytes(3) } as const;
export const ENTRY = { key: bytes(1), value: bytes(2) } as const;
export const OPSET = { domain: bytes(1), version: varint(2) } as const;
export const VALUE_INFO = { name: bytes(1), type: bytes(2) } as const;

export const TYPE = {
  tensor: bytes(1),
  sequence: bytes(4),
  map: bytes(5),
  sparse: bytes(8),
  optional: bytes(9),
  /** Inside tensor, sparse: elem_type and shape; inside map: key_type and value_type; inside the rest: elem_type. */
  elem: varint(1),
  key: varint(1),
  inner: bytes(1),
  shape: bytes(2),
  mapValue: bytes(2),
  dim: bytes(1),
  dimValue: varint(1),
  dimParam: bytes(2),
} as const;

export const FUNCTION = {
  name: bytes(1),
  input: bytes(4),
  output: bytes(5),
  attribute: bytes(6),
  node: bytes(7),
  docString: bytes(8),
  opsetImport: bytes(9),
  domain: bytes(10),
  attributeProto: bytes(11),
  valueInfo: bytes(12),
  overload: bytes(13),
  metadataProps: bytes(14),
} as const;

export type MessageKind = 'model' | 'graph' | 'node' | 'attribute' | 'tensor' | 'sparse' | 'function';

/** What to do with a large field: descend into it as that message, or leave its bytes on disk. */
export type LargeField = MessageKind | 'data';

/** By message and field number. Fields not listed are loaded whole. */
export const LARGE: Readonly<Record<MessageKind, ReadonlyMap<number, LargeField>>> = {
  model: new Map([
    [7, 'graph'],
    [20, 'data'],
    [25, 'function'],
  ]),
  graph: new Map([
    [1, 'node'],
    [5, 'tensor'],
    [14, 'data'],
    [15, 'sparse'],
  ]),
  node: new Map([[5, 'attribute']]),
  attribute: new Map([
    [5, 'tensor'],
    [6, 'graph'],
    [10, 'tensor'],
    [11, 'graph'],
    [22, 'sparse'],
    [23, 'sparse'],
  ]),
  tensor: new Map([
    [4, 'data'],
    [5, 'data'],
    [7, 'data'],
    [9, 'data'],
    [10, 'data'],
    [11, 'data'],
  ]),
  sparse: new Map([
    [1, 'tensor'],
    [2, 'tensor'],
  ]),
  function: new Map([
    [7, 'node'],
    [11, 'attribute'],
  ]),
};
