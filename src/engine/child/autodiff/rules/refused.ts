/** Operators without a useful gradient: why, and what to export instead. */
import { refuse, type RuleTable } from './define';

const quantised = refuse(
  'it computes on quantised integers, which have no slope',
  'Export the float model and take the gradient there.',
);
const random = refuse(
  'it draws random numbers',
  'Export the model in evaluation mode, or feed the noise as an input.',
);

const QUANTISED = [
  'QuantizeLinear',
  'DequantizeLinear',
  'DynamicQuantizeLinear',
  'MatMulInteger',
  'ConvInteger',
  'QLinearMatMul',
  'QLinearConv',
  'com.microsoft::QLinearAdd',
  'com.microsoft::QLinearMul',
  'com.microsoft::QLinearGlobalAveragePool',
  'com.microsoft::QLinearSigmoid',
  'com.microsoft::QLinearConcat',
  'com.microsoft::MatMulNBits',
  'com.microsoft::DynamicQuantizeMatMul',
  'com.microsoft::MatMulIntegerToFloat',
  'com.microsoft::QAttention',
  'com.microsoft::QGemm',
];

const RANDOM = [
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Bernoulli',
  'Multinomial',
];

export const refused: RuleTable = {
  ...Object.fromEntries(QUANTISED.map((op) => [op, quantised])),
  ...Object.fromEntries(RANDOM.map((op) => [op, random])),
  NonMaxSuppression: refuse(
    'it selects boxes by comparing them',
    'Take the gradient of the scores before it.',
  ),
  Unique: refuse('it sorts and merges values', 'Take the gradient of what comes before it.'),
};
