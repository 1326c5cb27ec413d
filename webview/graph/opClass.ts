/**
 * Which operators matter at a glance: told apart by weight and shape before hue. A table of names, nothing else; an
 * operator that is not in it is drawn plainly.
 */

export const OpClass = {
  Plain: 0,
  /** Does the work: products, convolutions, attention, recurrence. */
  Work: 1,
  /** Normalisation. */
  Norm: 2,
  /** Activation functions. */
  Activation: 3,
  /** Moves data without changing it. */
  Moving: 4,
  /** Has bodies. */
  Control: 5,
} as const;
export type OpClass = (typeof OpClass)[keyof typeof OpClass];

const classes: readonly (readonly [OpClass, string])[] = [
  [
    OpClass.Work,
    'MatMul Gemm Conv ConvTranspose ConvInteger MatMulInteger QLinearMatMul QLinearConv DeformConv Einsum Attention ' +
      'MultiHeadAttention GroupQueryAttention RotaryEmbedding LSTM GRU RNN FusedMatMul FusedGemm FusedConv MatMulNBits ' +
      'EmbedLayerNormalization QAttention TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor LinearClassifier ' +
      'LinearRegressor SVMClassifier SVMRegressor',
  ],
  [
    OpClass.Norm,
    'LayerNormalization BatchNormalization InstanceNormalization GroupNormalization RMSNormalization LRN ' +
      'SkipLayerNormalization SimplifiedLayerNormalization SkipSimplifiedLayerNormalization LpNormalization ' +
      'MeanVarianceNormalization',
  ],
  [
    OpClass.Activation,
    'Relu Gelu Sigmoid Tanh Softmax LogSoftmax Softplus Softsign LeakyRelu PRelu Elu Selu Celu HardSigmoid HardSwish ' +
      'Swish Mish Clip Erf ThresholdedRelu Hardmax FastGelu QuickGelu BiasGelu',
  ],
  [
    OpClass.Moving,
    'Reshape Transpose Flatten Squeeze Unsqueeze Identity Cast CastLike Expand Tile Slice Shape Size Constant ' +
      'ConstantOfShape Split Pad QuantizeLinear DequantizeLinear Dropout',
  ],
  [OpClass.Control, 'If Loop Scan SequenceMap'],
];

const byName = new Map(
  classes.flatMap(([kind, names]) => names.split(' ').map((name) => [name, kind] as const)),
);

/** Domains are read past: `com.microsoft.Attention` is an `Attention`. */
export function opClass(op: string): OpClass {
  return byName.get(op.slice(op.lastIndexOf('.') + 1)) ?? OpClass.Plain;
}
