/**
 * Which traced operations and ONNX operators a Python call or operator can make. Used to tell apart several calls that
 * the rest of the evidence allows. A name that is not listed may make anything. Pure.
 */

interface Entry {
  readonly aten: ReadonlySet<string>;
  readonly onnx: ReadonlySet<string>;
}

const TABLE = new Map<string, Entry>();

function entry(names: string, aten: string, onnx: string): void {
  const value = { aten: new Set(aten.split(' ')), onnx: new Set(onnx.split(' ')) };
  for (const name of names.split(' ')) TABLE.set(name, value);
}

entry('+ add iadd radd', 'add', 'Add Sum');
entry('- sub isub subtract rsub', 'sub rsub', 'Sub');
entry('* mul multiply imul rmul', 'mul', 'Mul');
entry('/ div divide true_divide', 'div reciprocal true_divide mul', 'Div Reciprocal Mul');
entry('// floor_divide', 'floor_divide div floor', 'Div Floor');
entry('% remainder fmod', 'remainder fmod', 'Mod');
entry('** pow', 'pow square', 'Pow Mul');
entry('@ matmul mm bmm', 'matmul mm bmm addmm baddbmm mv dot linear', 'MatMul Gemm');
entry('neg negative', 'neg', 'Neg');
entry('< lt less', 'lt', 'Less');
entry('<= le', 'le', 'LessOrEqual Less Not Greater');
entry('> gt greater', 'gt', 'Greater');
entry('>= ge', 'ge', 'GreaterOrEqual Greater Not Less');
entry('== eq', 'eq', 'Equal');
entry('!= ne', 'ne', 'Equal Not');
entry('& bitwise_and logical_and', 'bitwise_and logical_and', 'And BitwiseAnd');
entry('| bitwise_or logical_or', 'bitwise_or logical_or', 'Or BitwiseOr');
entry('bitwise_not logical_not', 'bitwise_not logical_not', 'Not BitwiseNot');
entry(
  'getitem',
  'slice select index unsqueeze squeeze alias gather unbind split chunk',
  'Slice Gather GatherND GatherElements Unsqueeze Squeeze Transpose Split',
);
entry(
  'setitem',
  'copy slice_scatter select_scatter index_put fill slice select masked_fill scatter expand',
  'ScatterND Slice Expand Where Transpose Gather Unsqueeze Scatter ScatterElements',
);
entry('unbind', 'unbind select split slice', 'Split Squeeze Gather Slice SequenceAt SplitToSequence');
entry('shape size', 'sym_size', 'Shape Gather Slice');
entry('relu relu6', 'relu clamp hardtanh', 'Relu Clip Min Max');
entry('gelu', 'gelu', 'Gelu Erf Div Mul Add Tanh Pow');
entry('sigmoid', 'sigmoid', 'Sigmoid');
entry('tanh', 'tanh', 'Tanh');
entry('silu', 'silu sigmoid mul', 'Sigmoid Mul Swish');
entry('softmax', 'softmax _softmax', 'Softmax');
entry('log_softmax', 'log_softmax _log_softmax', 'LogSoftmax');
entry('exp', 'exp', 'Exp');
entry('log', 'log', 'Log');
entry('sqrt', 'sqrt', 'Sqrt');
entry('rsqrt', 'rsqrt', 'Sqrt Div Reciprocal');
entry('sin', 'sin', 'Sin');
entry('cos', 'cos', 'Cos');
entry('abs absolute', 'abs', 'Abs');
entry('sign', 'sign', 'Sign');
entry('floor', 'floor', 'Floor');
entry('erf', 'erf', 'Erf');
entry('where', 'where', 'Where');
entry('masked_fill', 'masked_fill where', 'Where');
entry('clamp clip clamp_min clamp_max', 'clamp clamp_min clamp_max', 'Clip Min Max Where');
entry('max amax maximum', 'max amax maximum', 'ReduceMax Max ArgMax TopK');
entry('min amin minimum', 'min amin minimum', 'ReduceMin Min ArgMin TopK');
entry('argmax', 'argmax', 'ArgMax');
entry('argmin', 'argmin', 'ArgMin');
entry('mean', 'mean', 'ReduceMean');
entry('sum', 'sum', 'ReduceSum');
entry('cumsum', 'cumsum', 'CumSum');
entry('cat concat concatenate', 'cat', 'Concat');
entry('stack', 'stack cat unsqueeze', 'Concat Unsqueeze');
entry(
  'chunk split tensor_split',
  'chunk split split_with_sizes slice',
  'Split Slice SplitToSequence SequenceAt Shape Gather Add Div Mul Unsqueeze',
);
entry(
  'reshape view view_as reshape_as',
  'view reshape _unsafe_view unsafe_view alias clone',
  'Reshape Shape Gather Concat Unsqueeze Slice Squeeze',
);
entry('flatten', 'view reshape flatten _unsafe_view', 'Reshape Flatten Shape Slice Concat Gather Unsqueeze');
entry('unflatten', 'view reshape unflatten', 'Reshape Shape Concat Gather Slice');
entry('permute transpose swapaxes movedim t T mT adjoint', 'permute transpose t numpy_T mT', 'Transpose');
entry('unsqueeze', 'unsqueeze', 'Unsqueeze');
entry('squeeze', 'squeeze', 'Squeeze');
entry(
  'expand expand_as broadcast_to',
  'expand',
  'Expand Shape Where Equal Mul ConstantOfShape Reshape Concat Gather Unsqueeze',
);
entry('repeat tile', 'repeat', 'Tile Expand Shape Concat Reshape');
entry(
  'pad',
  'pad constant_pad_nd reflection_pad1d reflection_pad2d replication_pad2d',
  'Pad Slice Concat Reshape Cast Transpose ConstantOfShape Shape',
);
entry('roll', 'roll', 'Slice Concat Gather');
entry('flip', 'flip', 'Slice Gather');
entry('conv1d conv2d conv3d', 'conv1d conv2d conv3d convolution', 'Conv');
entry('linear', 'linear addmm mm t matmul', 'Gemm MatMul Add Transpose');
entry('layer_norm', 'layer_norm native_layer_norm', 'LayerNormalization ReduceMean Sub Pow Add Sqrt Div Mul');
entry(
  'batch_norm',
  'batch_norm _native_batch_norm_legit_no_training native_batch_norm',
  'BatchNormalization',
);
entry(
  'group_norm',
  'group_norm native_group_norm',
  'GroupNormalization InstanceNormalization Reshape Mul Add Shape Unsqueeze',
);
entry('embedding', 'embedding', 'Gather');
entry('max_pool1d max_pool2d', 'max_pool1d max_pool2d max_pool2d_with_indices', 'MaxPool Unsqueeze Squeeze');
entry('avg_pool1d avg_pool2d', 'avg_pool1d avg_pool2d', 'AveragePool Pad Squeeze Unsqueeze');
entry(
  'adaptive_avg_pool1d adaptive_avg_pool2d',
  'adaptive_avg_pool1d adaptive_avg_pool2d mean avg_pool2d _adaptive_avg_pool2d avg_pool1d',
  'GlobalAveragePool AveragePool ReduceMean',
);
entry(
  'interpolate upsample',
  'upsample_nearest2d upsample_bilinear2d upsample_nearest1d upsample_bicubic2d',
  'Resize Shape Slice Concat Upsample',
);
entry(
  'scaled_dot_product_attention',
  'scaled_dot_product_attention _scaled_dot_product_flash_attention_for_cpu',
  'MatMul Softmax Mul Transpose Sqrt Shape Slice Cast Div Add Attention Reshape IsNaN Where',
);
entry('masked_select', 'masked_select', 'Compress');
entry('gather', 'gather', 'GatherElements');
entry('index_select', 'index_select', 'Gather');
entry('triu', 'triu', 'Trilu');
entry('tril', 'tril', 'Trilu');
entry('topk', 'topk', 'TopK');
entry('arange', 'arange', 'Range');

/** Operations that converting, copying and type promotion add beside any other. */
const SIDE = new Set(
  '_to_copy to type_as lift_fresh lift_fresh_copy clone alias detach contiguous scalar_tensor expand view reshape copy _assert_tensor_metadata sym_size full'.split(
    ' ',
  ),
);
const SIDE_ONNX = new Set(
  'Cast CastLike Constant ConstantOfShape Identity Shape Gather Unsqueeze Concat Squeeze Expand Reshape Slice Range'.split(
    ' ',
  ),
);
/** Listed, but library functions of the name may be composed of other operations too. */
const COMPOSITE = new Set(
  'gelu silu group_norm layer_norm interpolate scaled_dot_product_attention pad unflatten roll linear @ matmul'.split(
    ' ',
  ),
);

/** How well a call's name fits an operation: `same`, `unlike`, or `open` where nothing is known. */
export type Fit = 'same' | 'side' | 'open' | 'unlike';

export function plainName(name: string): string {
  const bare = name.replace(/^__i?|__$/g, '');
  return bare.length > 1 && bare.endsWith('_') ? bare.slice(0, -1) : bare;
}

/** `aten.mul.Tensor` -> `mul`. */
export function targetName(target: string): string {
  const parts = target.split('.');
  return parts[0] === 'aten' || parts[0] === 'prims' ? (parts[1] ?? target) : target;
}

const SEVERAL =
  /^(?:chunk|split|tensor_split|unbind|topk|max|min|sort|var_mean|std_mean|lstm|gru|meshgrid|broadcast_tensors|where|nonzero)$/;

/** Fit with a traced operation such as `aten.mul.Tensor`. */
export function fitTarget(name: string, target: string): Fit {
  // Taking one of several results: part of the call that gave them.
  if (target.includes('getitem')) return SEVERAL.test(plainName(name)) ? 'same' : 'side';
  const base = targetName(target).replace(/_$/, '');
  const plain = plainName(name);
  const known = TABLE.get(plain);
  if (known?.aten.has(base) === true || plain === base) return 'same';
  if (SIDE.has(base)) return 'side';
  if (known !== undefined) return COMPOSITE.has(plain) ? 'open' : 'unlike';
  return 'open';
}

/** Fit with an ONNX operator, for exports that name no traced operation. */
export function fitOperator(name: string, op: string): Fit {
  const plain = plainName(name);
  const known = TABLE.get(plain);
  if (known?.onnx.has(op) === true || plain.replaceAll('_', '').toLowerCase() === op.toLowerCase())
    return 'same';
  if (SIDE_ONNX.has(op)) return 'side';
  if (known !== undefined) return COMPOSITE.has(plain) ? 'open' : 'unlike';
  return 'open';
}

/** True when a call of this name makes nothing but what the table lists for it. */
export function isPlain(name: string): boolean {
  const plain = plainName(name);
  return TABLE.has(plain) && !COMPOSITE.has(plain);
}

/** True when a call of this name makes one operation: a second of the same kind is another call's. */
export function isSingle(name: string): boolean {
  const known = TABLE.get(plainName(name));
  return known !== undefined && known.onnx.size <= 3;
}

/** True for operations that any call may make beside its own. */
export function isSide(target: string): boolean {
  return SIDE.has(targetName(target).replace(/_$/, ''));
}

const MODULE_OPERATORS: readonly (readonly [RegExp, RegExp])[] = [
  [/^Conv\d?d?$|^Conv\dd|^ConvTranspose/, /^(?:Conv|ConvTranspose|Pad)$/],
  [/^Linear$|Linear$/, /^(?:Gemm|MatMul|Add|Transpose)$/],
  [/BatchNorm/, /^(?:BatchNormalization|Conv|Mul|Add)$/],
  [/LayerNorm/, /^(?:LayerNormalization|ReduceMean|Sub|Pow|Add|Sqrt|Div|Mul)$/],
  [/^ReLU$/, /^Relu$/],
  [/^(?:ReLU6|Hardtanh)$/, /^(?:Clip|Min|Max|Relu)$/],
  [/^GELU$/, /^(?:Gelu|Div|Erf|Add|Mul|Tanh|Pow)$/],
  [/^SiLU$/, /^(?:Sigmoid|Mul|Swish)$/],
  [
    /^(?:ELU|LeakyReLU|PReLU|Softplus|HardSwish|HardSigmoid|Mish|Selu|Softsign)$/i,
    /^(?:Elu|LeakyRelu|PRelu|Softplus|HardSwish|HardSigmoid|Mish|Selu|Softsign|Mul|Tanh|Div|Clip|Add)$/,
  ],
  [/GroupNorm|InstanceNorm/, /^(?:GroupNormalization|InstanceNormalization|Mul|Add)$/],
  [/^Upsample$/, /^Resize$/],
  [/^Flatten$/, /^Flatten$/],
  [/^LogSoftmax$/, /^LogSoftmax$/],
  [/^Embedding$/, /^Gather$/],
  [/MaxPool/, /^MaxPool$/],
  [/AvgPool/, /Pool|ReduceMean|Pad/],
  [/^Sigmoid$/, /^Sigmoid$/],
  [/^Tanh$/, /^Tanh$/],
  [/^Softmax$/, /^Softmax$/],
];

/** Whether a library module of this class can make these operators; undefined when nothing is known. */
export function classMakes(className: string, ops: ReadonlySet<string>): boolean | undefined {
  const rule = MODULE_OPERATORS.find(([names]) => names.test(className));
  if (rule === undefined) return undefined;
  const telling = [...ops].filter((op) => !SIDE_ONNX.has(op));
  return telling.length === 0 ? undefined : telling.every((op) => rule[1].test(op));
}

const MODULE_TARGETS: readonly (readonly [RegExp, RegExp])[] = [
  [
    /^Conv\dd$|^ConvTranspose\dd$/,
    /^(?:conv\dd|convolution|conv_transpose\dd|pad|reflection_pad\dd|replication_pad\dd)/,
  ],
  [/^(?:Linear|NonDynamicallyQuantizableLinear)$/, /^(?:linear|addmm|mm|t|permute|matmul|view|bmm|add)$/],
  [/^BatchNorm\dd$|^SyncBatchNorm$/, /batch_norm/],
  [/^LayerNorm$/, /layer_norm/],
  [/^GroupNorm$/, /group_norm/],
  [/^RMSNorm$/, /rms_norm|pow|mean|rsqrt|mul|add/],
  [/^ReLU$/, /^relu$/],
  [/^GELU$/, /^gelu$/],
  [/^SiLU$/, /^silu$/],
  [
    /^(?:Sigmoid|Tanh|Softmax|Hardswish|Mish|ELU|LeakyReLU|PReLU|Softplus)$/,
    /^(?:sigmoid|tanh|_?softmax|hardswish|mish|elu|leaky_relu|_?prelu\w*|softplus)$/,
  ],
  [/^Embedding$/, /^embedding$/],
  [/^MaxPool\dd$/, /^max_pool\dd/],
  [/^(?:Adaptive)?AvgPool\dd$/, /avg_pool\dd|^mean$/],
  [/^Dropout\d?d?$/, /^dropout|^clone$/],
  [/^Flatten$/, /^(?:flatten|view|reshape|_unsafe_view)$/],
  [/^Upsample$/, /^upsample_/],
];

/** Whether a library module of this class performs this traced operation; undefined when nothing is known. */
export function classTraces(className: string, target: string): boolean | undefined {
  const rule = MODULE_TARGETS.find(([names]) => names.test(className));
  return rule?.[1].test(targetName(target));
}

/** True for operators that shapes are computed with: any call may make them beside its own. */
export function isShapeWork(op: string): boolean {
  return SIDE_ONNX.has(op);
}
