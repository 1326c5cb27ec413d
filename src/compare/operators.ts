/**
 * What a comparison has to know of operators: which ones leave the meaning of a tensor alone, and which ones are the
 * same operation under another name. Everything else is told by labels.
 */

/** Operators that a value passes with the same meaning: quantising, optimising and casting put them in and take them out. */
const THROUGH = new Set([
  'Identity',
  'Dropout',
  'QuantizeLinear',
  'DynamicQuantizeLinear',
  'DequantizeLinear',
  'Cast',
]);

/** Kernels that a quantiser or an optimiser puts in another's place. */
const FAMILIES: Readonly<Record<string, string>> = {
  QLinearConv: 'Conv',
  ConvInteger: 'Conv',
  FusedConv: 'Conv',
  NhwcFusedConv: 'Conv',
  NhwcConv: 'Conv',
  Gemm: 'MatMul',
  FusedGemm: 'MatMul',
  FusedMatMul: 'MatMul',
  QLinearMatMul: 'MatMul',
  QGemm: 'MatMul',
  MatMulInteger: 'MatMul',
  MatMulIntegerToFloat: 'MatMul',
  DynamicQuantizeMatMul: 'MatMul',
  MatMulNBits: 'MatMul',
  QLinearAdd: 'Add',
  QLinearMul: 'Mul',
  QLinearConcat: 'Concat',
  QLinearSigmoid: 'Sigmoid',
  QLinearLeakyRelu: 'LeakyRelu',
  QLinearSoftmax: 'Softmax',
  QLinearAveragePool: 'AveragePool',
  QLinearGlobalAveragePool: 'GlobalAveragePool',
  SkipLayerNormalization: 'LayerNormalization',
  FastGelu: 'Gelu',
  BiasGelu: 'Gelu',
  QuickGelu: 'Gelu',
  SimplifiedLayerNormalization: 'RMSNormalization',
  SkipSimplifiedLayerNormalization: 'RMSNormalization',
  QAttention: 'Attention',
};

export function isThrough(op: string): boolean {
  return THROUGH.has(op);
}

/** The name under which an operator's relatives meet: `QLinearConv` is a `Conv`. */
export function familyOf(op: string): string {
  return Object.hasOwn(FAMILIES, op) ? (FAMILIES[op] ?? op) : op;
}

/** Operators whose operands may be swapped. */
export function isCommutative(op: string): boolean {
  return op === 'Add' || op === 'Mul' || op === 'Sum' || op === 'Max' || op === 'Min' || op === 'Mean';
}

/** Attributes whose default is the same in every operator that has them, as texts: `*` stands for any number of these. */
const DEFAULTS: Readonly<Record<string, string>> = {
  auto_pad: 'NOTSET',
  storage_order: '0',
  noop_with_empty_axes: '0',
  transA: '0',
  transB: '0',
  ceil_mode: '0',
  count_include_pad: '0',
  keepdims: '1',
  group: '1',
  allowzero: '0',
  training_mode: '0',
  saturate: '1',
  stash_type: '1',
  select_last_index: '0',
  largest: '1',
  sorted: '1',
  exclusive: '0',
  reverse: '0',
  momentum: '0.8999999761581421',
  dilations: '1*',
  strides: '1*',
  pads: '0*',
};

/** The same for products of matrices alone, whatever they are called. */
const PRODUCT_DEFAULTS: Readonly<Record<string, string>> = {
  alpha: '1',
  beta: '1',
  transBatchA: '0',
  transBatchB: '0',
};

/** True where an attribute says what holds without it: exporters differ in whether they write that down. */
export function isDefault(op: string, name: string, text: string): boolean {
  const known = familyOf(op) === 'MatMul' ? { ...DEFAULTS, ...PRODUCT_DEFAULTS } : DEFAULTS;
  const standard = Object.hasOwn(known, name) ? (known[name] ?? '') : undefined;
  if (standard === undefined) return false;
  if (!standard.endsWith('*')) return text === standard;
  return text
    .slice(1, -1)
    .split(', ')
    .every((item) => item === standard.slice(0, -1));
}

/** Where kernels on codes keep what their relatives on floats read, in the same order; scales and zero points left out. */
const OPERANDS: Readonly<Record<string, readonly number[]>> = {
  QLinearConv: [0, 3, 8],
  QLinearMatMul: [0, 3],
  QGemm: [0, 3, 6],
  QLinearAdd: [0, 3],
  QLinearMul: [0, 3],
  ConvInteger: [0, 1],
  MatMulInteger: [0, 1],
  MatMulIntegerToFloat: [0, 1, 6],
  DynamicQuantizeMatMul: [0, 1, 4],
  QLinearSigmoid: [0],
  QLinearLeakyRelu: [0],
  QLinearSoftmax: [0],
  QLinearAveragePool: [0],
  QLinearGlobalAveragePool: [0],
};

/** Positions of a node's operands as its relatives know them; undefined: as they stand. */
export function operandsOf(op: string): readonly number[] | undefined {
  return Object.hasOwn(OPERANDS, op) ? OPERANDS[op] : undefined;
}

/** Where the scale of an operand's codes stands, right after the codes; the zero point follows it. */
export function readsCodes(op: string, input: number): boolean {
  return /^Q(Linear(Conv|MatMul|Add|Mul)|Gemm)$/.test(op) && (input === 0 || input === 3);
}

/** Whether an operand of an operator holds codes. */
export function holdsCodes(op: string, input: number): boolean {
  if (op === 'DynamicQuantizeMatMul') return input === 1;
  return readsCodes(op, input) || (/^(MatMulInteger(ToFloat)?|ConvInteger)$/.test(op) && input < 2);
}

/** Where kernels that give floats keep the scale of their weight's codes, and the zero point. */
const WEIGHT_SCALES: Readonly<Record<string, readonly [scale: number, zero: number]>> = {
  MatMulIntegerToFloat: [3, 5],
  DynamicQuantizeMatMul: [2, 3],
};

export function weightScaleOf(op: string): readonly [scale: number, zero: number] | undefined {
  return Object.hasOwn(WEIGHT_SCALES, op) ? WEIGHT_SCALES[op] : undefined;
}

/** Input of the scale of a node's output codes; the zero point follows it. */
const OUTPUT_SCALES: Readonly<Record<string, number>> = {
  QuantizeLinear: 1,
  QLinearConv: 6,
  QLinearMatMul: 6,
  QLinearAdd: 6,
  QLinearMul: 6,
  QGemm: 7,
  QLinearConcat: 0,
  QLinearSigmoid: 3,
  QLinearLeakyRelu: 3,
  QLinearSoftmax: 3,
  QLinearAveragePool: 3,
  QLinearGlobalAveragePool: 3,
};

export function outputScaleOf(op: string): number | undefined {
  return Object.hasOwn(OUTPUT_SCALES, op) ? OUTPUT_SCALES[op] : undefined;
}

/** Operators that move elements about and leave their scale alone. */
const MOVES = new Set([
  'MaxPool',
  'Reshape',
  'Transpose',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Slice',
  'Identity',
  'Expand',
  'Gather',
  'Resize',
  'Upsample',
  'Split',
  'Tile',
  'DepthToSpace',
  'SpaceToDepth',
]);

export function keepsScale(op: string): boolean {
  return MOVES.has(op);
}
