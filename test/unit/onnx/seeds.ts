/**
 * Small models that together use every corner of the format, encoded by onnx-buf (not by our own writer): the seeds of
 * the unit tests and of the mutations in test/prove/mutate.ts.
 */
import { create, toBinary, type Message, type MessageInitShape } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as Kind,
  type AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  TensorProto_DataLocation,
  type TensorProtoSchema,
  type TypeProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';

export type Model = MessageInitShape<typeof ModelProtoSchema>;
export type GraphInit = Exclude<MessageInitShape<typeof GraphProtoSchema>, Message>;
export type NodeInit = MessageInitShape<typeof NodeProtoSchema>;
export type TensorInit = MessageInitShape<typeof TensorProtoSchema>;
type AttributeInit = MessageInitShape<typeof AttributeProtoSchema>;
type TypeInit = MessageInitShape<typeof TypeProtoSchema>;
type ValueInit = MessageInitShape<typeof ValueInfoProtoSchema>;

export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export const FLOAT = 1;
export const INT64 = 7;

/** Encodes a model; IR version 10 and opset 20 unless it says otherwise. */
export function encode(model: Model): Uint8Array {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, { irVersion: 10n, opsetImport: [{ domain: '', version: 20n }], ...model }),
  );
}

/** A model of one graph. */
export function modelOf(graph: GraphInit, rest: Model = {}): Uint8Array {
  return encode({ graph: create(GraphProtoSchema, graph), ...rest });
}

export function node(opType: string, input: string[], output: string[], rest: NodeInit = {}): NodeInit {
  return { opType, input, output, ...rest };
}

export function tensorType(elemType: number, dims: (number | string | null)[] | null): TypeInit {
  const dim = dims?.map((value) => ({
    value:
      value === null
        ? { case: undefined }
        : typeof value === 'number'
          ? { case: 'dimValue' as const, value: BigInt(value) }
          : { case: 'dimParam' as const, value },
  }));
  return {
    value: { case: 'tensorType', value: dim === undefined ? { elemType } : { elemType, shape: { dim } } },
  };
}

export function info(
  name: string,
  dims: (number | string | null)[] | null = [2, 3],
  elemType = FLOAT,
): ValueInit {
  return { name, type: tensorType(elemType, dims) };
}

export function floats(name: string, dims: number[], values?: number[]): TensorInit {
  const count = dims.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: count }, (_unused, i) => values?.[i] ?? Math.sin(i + name.length));
  return { name, dims: dims.map(BigInt), dataType: FLOAT, rawData: new Uint8Array(data.buffer) };
}

export function ints(name: string, values: number[]): TensorInit {
  return { name, dims: [BigInt(values.length)], dataType: INT64, int64Data: values.map(BigInt) };
}

export function attribute(name: string, type: Kind, rest: AttributeInit): AttributeInit {
  return { name, type, ...rest };
}

export function graphAttribute(name: string, graph: GraphInit): AttributeInit {
  return attribute(name, Kind.GRAPH, { g: create(GraphProtoSchema, graph) });
}

/** x -> Add(x, w) -> Relu -> y. */
export function plain(): GraphInit {
  return {
    name: 'plain',
    docString: 'Adds and clips.',
    input: [info('x', ['batch', 3])],
    output: [info('y', ['batch', 3])],
    valueInfo: [info('sum', ['batch', 3])],
    initializer: [floats('w', [3])],
    node: [node('Add', ['x', 'w'], ['sum'], { name: 'add' }), node('Relu', ['sum'], ['y'], { name: 'relu' })],
    metadataProps: [{ key: 'where', value: 'graph' }],
  };
}

/** Every element type, in every field that may hold it. */
function tensors(elements: number): GraphInit {
  const raw = (name: string, dataType: number, count: number, bits: number): TensorInit => {
    const rawData = Uint8Array.from(
      { length: Math.ceil((count * bits) / 8) },
      (_unused, i) => (i * 37 + dataType) & 0xff,
    );
    // Bits of the last byte that belong to no element are zero.
    const used = (count * bits) % 8;
    if (used > 0) rawData.set([(rawData.at(-1) ?? 0) & ((1 << used) - 1)], rawData.length - 1);
    return { name, dataType, dims: [BigInt(count)], rawData };
  };
  const bits: readonly (readonly [number, number])[] = [
    [1, 32],
    [2, 8],
    [3, 8],
    [4, 16],
    [5, 16],
    [6, 32],
    [7, 64],
    [9, 8],
    [10, 16],
    [11, 64],
    [12, 32],
    [13, 64],
    [14, 64],
    [15, 128],
    [16, 16],
    [17, 8],
    [18, 8],
    [19, 8],
    [20, 8],
    [21, 4],
    [22, 4],
    [23, 4],
    [24, 8],
    [25, 2],
    [26, 2],
  ];
  const small = bits.map(([code, size]) => raw(`raw${code}`, code, 7, size));
  const large = bits.map(([code, size]) => raw(`large${code}`, code, elements, size));
  const typed: TensorInit[] = [
    { name: 'float_data', dataType: 1, dims: [2n, 2n], floatData: [1.5, -2, 0, Number.NaN] },
    { name: 'double_data', dataType: 11, dims: [2n], doubleData: [Math.PI, -1e300] },
    { name: 'complex_data', dataType: 14, dims: [2n], floatData: [1, 2, 3, 4] },
    { name: 'int32_data', dataType: 6, dims: [3n], int32Data: [1, -1, -2147483648] },
    { name: 'int64_data', dataType: 7, dims: [3n], int64Data: [1n, -1n, -(2n ** 63n)] },
    { name: 'uint64_data', dataType: 13, dims: [2n], uint64Data: [0n, 2n ** 64n - 1n] },
    { name: 'uint32_data', dataType: 12, dims: [2n], uint64Data: [7n, 4294967295n] },
    { name: 'half_data', dataType: 10, dims: [3n], int32Data: [0x3c00, 0xbc00, 0x7e00] },
    { name: 'bool_data', dataType: 9, dims: [3n], int32Data: [1, 0, 1] },
    { name: 'int8_data', dataType: 3, dims: [2n], int32Data: [-128, 127] },
    { name: 'int4_data', dataType: 22, dims: [3n], int32Data: [0x21, 0x0f] },
    { name: 'strings', dataType: 8, dims: [2n], stringData: [Buffer.from('käse'), Buffer.from('')] },
    { name: 'scalar', dataType: 1, floatData: [42] },
    { name: 'empty', dataType: 1, dims: [0n, 4n] },
    {
      name: 'many_int64',
      dataType: 7,
      dims: [3000n],
      int64Data: Array.from({ length: 3000 }, (_unused, i) => BigInt(i * i) - 99n),
    },
    {
      name: 'many_float',
      dataType: 1,
      dims: [10n, 300n],
      floatData: Array.from({ length: 3000 }, (_unused, i) => Math.cos(i)),
    },
  ];
  const initializer = [...small, ...large, ...typed];
  return {
    name: 'tensors',
    initializer,
    sparseInitializer: [
      {
        values: floats('sparse', [3]),
        indices: { dataType: INT64, dims: [3n], int64Data: [0n, 5n, 11n] },
        dims: [3n, 4n],
      },
    ],
    node: initializer.map(({ name }) => node('Identity', [name ?? ''], [`${name ?? ''}_out`])),
    output: [info('float_data_out', [2, 2])],
  };
}

/** Attributes of every type. */
function attributes(): GraphInit {
  return {
    name: 'attributes',
    input: [info('x')],
    output: [info('y')],
    node: [
      node('Custom', ['x', '', 'x'], ['y', '', 'z'], {
        domain: 'com.example',
        overload: 'fast',
        docString: 'Everything at once.',
        attribute: [
          attribute('f', Kind.FLOAT, { f: 0.5 }),
          attribute('i', Kind.INT, { i: -7n }),
          attribute('big', Kind.INT, { i: 2n ** 62n }),
          attribute('s', Kind.STRING, { s: Buffer.from('text') }),
          attribute('bytes', Kind.STRING, { s: Uint8Array.of(0xff, 0x00, 0xfe) }),
          attribute('t', Kind.TENSOR, { t: floats('inner', [4, 100]) }),
          attribute('floats', Kind.FLOATS, { floats: [1, 2.5, -3] }),
          attribute('ints', Kind.INTS, { ints: [1n, -2n, 2n ** 60n] }),
          attribute('strings', Kind.STRINGS, { strings: [Buffer.from('a'), Buffer.from('ü')] }),
          attribute('tensors', Kind.TENSORS, { tensors: [floats('one', [1]), floats('two', [2])] }),
          attribute('sparse', Kind.SPARSE_TENSOR, {
            sparseTensor: {
              values: floats('v', [1]),
              indices: { dataType: INT64, dims: [1n], int64Data: [2n] },
              dims: [4n],
            },
          }),
          attribute('type', Kind.TYPE_PROTO, { tp: tensorType(FLOAT, [1, 'n', null]) }),
          attribute('types', Kind.TYPE_PROTOS, {
            typeProtos: [tensorType(INT64, null), tensorType(FLOAT, [])],
          }),
          attribute('graphs', Kind.GRAPHS, {
            graphs: [create(GraphProtoSchema, plain()), create(GraphProtoSchema, { name: 'empty' })],
          }),
        ],
        metadataProps: [
          { key: 'pkg.torch.onnx.name_scopes', value: "['', 'blocks.0', 'blocks.0.mlp', 'linear']" },
          {
            key: 'pkg.torch.onnx.class_hierarchy',
            value: "['m.M', 'm.Block', 'm.MLP', 'aten.linear.default']",
          },
        ],
      }),
      // An old file: no attribute types.
      node('Legacy', ['y'], ['w'], {
        attribute: [{ name: 'alpha', f: 2 }, { name: 'axes', ints: [0n, 1n] }, { name: 'none' }],
      }),
    ],
  };
}

/** If inside Loop inside If, with captures, and a Scan. */
function bodies(): GraphInit {
  const branch = (name: string, op: string): GraphInit => ({
    name,
    node: [node(op, ['x', 'w'], [`${name}_out`], { name: `/block/${op}` })],
    output: [info(`${name}_out`)],
  });
  const loopBody: GraphInit = {
    name: 'loop',
    input: [info('i', [], INT64), info('go', [], 9), info('v')],
    output: [info('go_out', [], 9), info('v_out'), info('seen')],
    initializer: [floats('step', [3])],
    node: [
      node('Identity', ['go'], ['go_out']),
      node('If', ['go'], ['v_new'], {
        attribute: [
          graphAttribute('then_branch', branch('t', 'Add')),
          graphAttribute('else_branch', branch('e', 'Mul')),
        ],
      }),
      node('Add', ['v_new', 'v'], ['v_sum']),
      node('Add', ['v_sum', 'step'], ['v_out']),
      node('Identity', ['v_out'], ['seen']),
    ],
  };
  return {
    name: 'bodies',
    input: [info('x'), info('cond', [], 9)],
    output: [info('last'), info('scanned', null)],
    initializer: [floats('w', [3]), ints('trips', [4])],
    node: [
      node('Loop', ['trips', 'cond', 'x'], ['last', 'all'], {
        name: 'loop',
        attribute: [graphAttribute('body', loopBody)],
      }),
      node('Scan', ['x', 'all'], ['carried', 'scanned'], {
        attribute: [
          attribute('num_scan_inputs', Kind.INT, { i: 1n }),
          graphAttribute('body', {
            name: 'scan',
            input: [info('state'), info('item')],
            output: [info('state_out'), info('item_out')],
            node: [node('Add', ['state', 'item'], ['state_out']), node('Relu', ['item'], ['item_out'])],
          }),
        ],
      }),
    ],
  };
}

function functions(): Model {
  return {
    opsetImport: [
      { domain: '', version: 18n },
      { domain: 'local', version: 1n },
    ],
    graph: create(GraphProtoSchema, {
      name: 'calls',
      input: [info('x')],
      output: [info('y')],
      node: [
        node('Scale', ['x'], ['h'], { domain: 'local', attribute: [attribute('by', Kind.FLOAT, { f: 3 })] }),
        node('Twice', ['h'], ['k'], { domain: 'local' }),
        node('Twice', ['k'], ['y'], { domain: 'local' }),
      ],
    }),
    functions: [
      {
        name: 'Scale',
        domain: 'local',
        input: ['a'],
        output: ['b'],
        attribute: ['by'],
        attributeProto: [attribute('bias', Kind.FLOAT, { f: 0.5 })],
        opsetImport: [{ domain: '', version: 18n }],
        node: [
          node('Constant', [], ['c'], {
            attribute: [{ name: 'value_float', refAttrName: 'by', type: Kind.FLOAT }],
          }),
          node('Mul', ['a', 'c'], ['b']),
        ],
        docString: 'Scales.',
        metadataProps: [{ key: 'k', value: 'v' }],
      },
      {
        name: 'Twice',
        domain: 'local',
        overload: '',
        input: ['a'],
        output: ['b'],
        opsetImport: [{ domain: '', version: 18n }],
        valueInfo: [info('a')],
        node: [node('Add', ['a', 'a'], ['b'])],
      },
    ],
  };
}

function types(): Model {
  const sequence: TypeInit = {
    value: { case: 'sequenceType', value: { elemType: tensorType(FLOAT, [1, null]) } },
  };
  const optional: TypeInit = { value: { case: 'optionalType', value: { elemType: sequence } } };
  const map: TypeInit = {
    value: { case: 'mapType', value: { keyType: INT64, valueType: tensorType(FLOAT, null) } },
  };
  const sparse: TypeInit = {
    value: {
      case: 'sparseTensorType',
      value: { elemType: FLOAT, shape: { dim: [{ value: { case: 'dimValue', value: 3n } }] } },
    },
  };
  return {
    producerName: 'hand',
    producerVersion: '1',
    domain: 'test',
    modelVersion: 3n,
    docString: 'Types.',
    metadataProps: [{ key: 'author', value: 'nobody' }],
    graph: create(GraphProtoSchema, {
      name: 'types',
      input: [{ name: 'seq', type: sequence }, { name: 'opt', type: optional }, { name: 'bare' }],
      output: [
        { name: 'map', type: map },
        { name: 'sparse', type: sparse },
      ],
      node: [
        node('ZipMap', ['seq'], ['map'], { domain: 'ai.onnx.ml' }),
        node('Make', ['opt', 'bare'], ['sparse'], { domain: 'x' }),
      ],
      quantizationAnnotation: [
        { tensorName: 'seq', quantParameterTensorNames: [{ key: 'SCALE_TENSOR', value: 's' }] },
      ],
    }),
    opsetImport: [
      { domain: 'ai.onnx', version: 17n },
      { domain: 'ai.onnx.ml', version: 3n },
      { domain: 'x', version: 1n },
    ],
    trainingInfo: [{ algorithm: create(GraphProtoSchema, plain()) }],
  };
}

/** The graph with an initializer that is also an input, as IR versions before 4 required. */
function overridable(): Model {
  const graph = create(GraphProtoSchema, plain());
  graph.input.push(create(ValueInfoProtoSchema, info('w', [3])));
  return { irVersion: 3n, graph };
}

export function externalTensor(
  name: string,
  dims: number[],
  location: string,
  offset = 0,
  length?: number,
): TensorInit {
  return {
    name,
    dataType: FLOAT,
    dims: dims.map(BigInt),
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: [
      { key: 'location', value: location },
      { key: 'offset', value: String(offset) },
      ...(length === undefined ? [] : [{ key: 'length', value: String(length) }]),
    ],
  };
}

function external(): GraphInit {
  return {
    name: 'external',
    input: [info('x')],
    output: [info('y')],
    initializer: [
      externalTensor('w', [3], 'weights.bin', 4096, 12),
      externalTensor('b', [3], 'weights.bin', 0),
    ],
    node: [node('Add', ['x', 'w'], ['h']), node('Add', ['h', 'b'], ['y'])],
  };
}

/** A model of `blocks` equal blocks named as `names` says. */
export function blocks(count: number, names: 'metadata' | 'slashes' | 'initializers' | 'none'): GraphInit {
  const nodes: NodeInit[] = [];
  const initializer: TensorInit[] = [];
  let at = 'x';
  const add = (
    block: number,
    module: string,
    op: string,
    inputs: string[],
    weight: string | null,
  ): string => {
    const out = `v${nodes.length}`;
    const scope = module === '' ? `blocks.${block}` : `blocks.${block}.${module}`;
    let weightName: string | null = null;
    if (weight !== null) {
      weightName = names === 'initializers' ? `${scope}.${weight}` : `t${initializer.length}`;
      initializer.push(floats(weightName, [3, 3]));
    }
    const extra: NodeInit = {};
    if (names === 'slashes') extra.name = `/${scope.replace(/\.(?=[a-z])/g, '/')}/${op}`;
    if (names === 'metadata') {
      const scopes = ['', `blocks.${block}`, ...(module === '' ? [] : [scope]), `op_${nodes.length}`];
      const classes = [
        'm.Net',
        'm.Block',
        ...(module === '' ? [] : ['torch.nn.modules.linear.Linear']),
        'aten.op',
      ];
      const repr = (list: string[]): string => `[${list.map((item) => `'${item}'`).join(', ')}]`;
      extra.metadataProps = [
        { key: 'pkg.torch.onnx.name_scopes', value: repr(scopes) },
        { key: 'pkg.torch.onnx.class_hierarchy', value: repr(classes) },
      ];
    }
    nodes.push(node(op, [...inputs, ...(weightName === null ? [] : [weightName])], [out], extra));
    return out;
  };
  for (let i = 0; i < count; i++) {
    const up = add(i, 'up', 'MatMul', [at], 'weight');
    const act = add(i, '', 'Relu', [up], null);
    const down = add(i, 'down', 'MatMul', [act], 'weight');
    at = add(i, '', 'Add', [at, down], null);
  }
  return { name: 'blocks', input: [info('x', [3, 3])], output: [info(at, [3, 3])], initializer, node: nodes };
}

/** All seeds, by name. `large` is how many elements the larger tensors have: with 5001 they stay in the file. */
export function seeds(large = 5001): readonly Seed[] {
  return [
    { name: 'plain', bytes: modelOf(plain()) },
    { name: 'tensors', bytes: modelOf(tensors(large)) },
    {
      name: 'attributes',
      bytes: modelOf(attributes(), {
        opsetImport: [
          { domain: '', version: 20n },
          { domain: 'com.example', version: 1n },
        ],
      }),
    },
    { name: 'bodies', bytes: modelOf(bodies()) },
    { name: 'functions', bytes: encode(functions()) },
    { name: 'types', bytes: encode(types()) },
    { name: 'overridable', bytes: encode(overridable()) },
    { name: 'external', bytes: modelOf(external()) },
    { name: 'metadata', bytes: modelOf(blocks(4, 'metadata')) },
    { name: 'slashes', bytes: modelOf(blocks(3, 'slashes')) },
    { name: 'unnamed', bytes: modelOf(blocks(5, 'none')) },
  ];
}
