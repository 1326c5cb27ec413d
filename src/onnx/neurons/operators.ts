/** What operators do to units: keep each where it is, or join, part and mix them. A table; no graph. */

const set = (names: string): ReadonlySet<string> => new Set(names.split(' '));

/** One number in, one number out: a unit stays a unit. */
export const UNARY = set(
  'Relu LeakyRelu Sigmoid Tanh Elu Selu Celu Gelu FastGelu BiasGelu QuickGelu HardSigmoid HardSwish Swish Mish Softplus ' +
    'Softsign PRelu Clip Identity Dropout Cast Erf Exp Log Neg Abs Sqrt Reciprocal Floor Ceil Round Sign Sin Cos ' +
    'ThresholdedRelu Shrink QuantizeLinear DequantizeLinear DynamicQuantizeLinear QLinearSigmoid QLinearLeakyRelu',
);

/** Two values, element by element. */
export const BINARY = set('Add Sub Mul Div Pow Sum Min Max Where Mean PRelu QLinearAdd QLinearMul');

/** Moves or sums up places, never channels. */
export const SPATIAL = set(
  'MaxPool AveragePool GlobalAveragePool GlobalMaxPool LpPool GlobalLpPool Resize Upsample Pad BatchNormalization ' +
    'QLinearAveragePool QLinearGlobalAveragePool',
);

/** Keeps channels apart but makes each depend on all of them. */
export const NORMS = set(
  'LayerNormalization RMSNormalization SimplifiedLayerNormalization SkipLayerNormalization GroupNormalization ' +
    'InstanceNormalization LRN Softmax LogSoftmax LpNormalization MeanVarianceNormalization QLinearSoftmax',
);

export const REDUCTIONS = set('ReduceMean ReduceSum ReduceMax ReduceMin ReduceL2');

/** Leaves a number as it is, so that a scale before it is a scale after it. */
export const SAME = set('Identity Dropout Cast Reshape Flatten Squeeze Unsqueeze Transpose');

/** Of which a sum is made, unit by unit. */
export const SUMS = set('Add Sub Sum QLinearAdd');
