/** One line of facts about a node for its box: `64×3×7×7, stride 2`. Empty where there is nothing worth a line. */
import type { AttributeValue, Node, WeightRef } from '../contract/skeleton';
import { maybeDtype } from '../tensor/dtype';
import { formatNumber } from '../tensor/format';
import { formatShape } from '../tensor/shape';

const MAX_LENGTH = 40;

/** `weights` are those the node reads or holds, in order. */
export function detailOf(node: Node, weights: readonly WeightRef[]): string {
  const facts: string[] = [];
  const attribute = (name: string): AttributeValue | undefined =>
    node.attributes.find((entry) => entry.name === name)?.value;
  if (node.op === 'Constant') return clip(constantText(node));
  const [weight] = weights;
  if (weight !== undefined && weight.dims.length > 0 && weight.count > 1)
    facts.push(formatShape(weight.dims));
  for (const [name, label] of Object.hasOwn(FACTS, node.op) ? (FACTS[node.op] ?? []) : []) {
    const text = attributeText(name, attribute(name));
    if (text !== '') facts.push(label === '' ? text : `${label} ${text}`);
  }
  return clip(facts.join(', '));
}

type Fact = readonly [attribute: string, label: string];

const CONV: readonly Fact[] = [
  ['strides', 'stride'],
  ['dilations', 'dilation'],
  ['group', 'groups'],
];
const POOL: readonly Fact[] = [
  ['kernel_shape', ''],
  ['strides', 'stride'],
];
const RNN: readonly Fact[] = [
  ['hidden_size', 'hidden'],
  ['direction', ''],
];
const AXIS: readonly Fact[] = [['axis', 'axis']];
const SLOPE: readonly Fact[] = [['alpha', 'slope']];

/** Attributes that say what a node does, by operator, with the word before each; defaults are left out. */
const FACTS: Readonly<Record<string, readonly Fact[]>> = {
  Conv: CONV,
  ConvTranspose: CONV,
  MaxPool: POOL,
  AveragePool: POOL,
  LpPool: POOL,
  LSTM: RNN,
  GRU: RNN,
  RNN,
  Concat: AXIS,
  Softmax: AXIS,
  LogSoftmax: AXIS,
  Gather: AXIS,
  Split: AXIS,
  Flatten: AXIS,
  LeakyRelu: SLOPE,
  Elu: SLOPE,
  Transpose: [['perm', '']],
  Cast: [['to', 'to']],
  Einsum: [['equation', '']],
  Resize: [['mode', '']],
};

function attributeText(name: string, value: AttributeValue | undefined): string {
  switch (value?.type) {
    case 'int':
      if (name === 'to') return maybeDtype(Number(value.value)) ?? String(value.value);
      return name === 'group' && Number(value.value) === 1 ? '' : String(value.value);
    case 'float':
      return formatNumber(value.value);
    case 'string':
      return value.value === 'forward' ? '' : value.value;
    case 'ints': {
      const [first] = value.value;
      const same = value.value.every((item) => item === first);
      if (same && value.value.length > 1) return first === 1 || first === 1n ? '' : String(first);
      return value.value.join('×');
    }
    default:
      return '';
  }
}

function constantText(node: Node): string {
  for (const { name, value } of node.attributes) {
    if (!name.startsWith('value')) continue;
    switch (value.type) {
      case 'tensor':
        return `${value.value.dtype} ${formatShape(value.value.dims)}`;
      case 'float':
        return formatNumber(value.value);
      case 'int':
        return String(value.value);
      case 'string':
        return value.value;
      case 'ints':
      case 'floats':
      case 'strings':
        return `[${value.value.slice(0, 6).join(', ')}${value.value.length > 6 ? ', …' : ''}]`;
      default:
        return '';
    }
  }
  return '';
}

function clip(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 1)}…` : text;
}
