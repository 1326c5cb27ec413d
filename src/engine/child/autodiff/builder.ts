/**
 * Emits ONNX nodes, one call per operator, and knows the exact shape of everything it emits. All emitted nodes are
 * opset 18, whatever the model's own opset is: a backward graph is a model of its own. Not a runtime: nothing is
 * computed here but shapes.
 */
import { Failure } from '../../../base/errors';
import type { Attribute, AttributeValue, Node, WeightRef } from '../../../contract/skeleton';
import { byteLengthOf, dtypeCode, type Dtype } from '../../../tensor/dtype';
import { sizeOf } from '../../../tensor/shape';
import { broadcastDims, normalizeAxis, permuteDims } from './dims';
import { encode } from './encode';

/** A tensor of the graph being built: its name, element type and exact shape. */
export interface Value {
  readonly name: string;
  readonly dtype: Dtype;
  readonly dims: readonly number[];
}

/** Opset versions of everything a builder emits. */
export function emittedOpset(domain: string): number {
  return domain === '' ? 18 : 1;
}

/** Remembers what was asked for: a backward graph holds only as long as those numbers stay the same. */
export class KnownIntegers {
  readonly #numbers = new Map<string, readonly number[]>();
  readonly consulted = new Set<string>();

  set(name: string, numbers: readonly number[]): void {
    this.#numbers.set(name, numbers);
  }

  get(name: string): readonly number[] | undefined {
    const numbers = this.#numbers.get(name);
    if (numbers !== undefined) this.consulted.add(name);
    return numbers;
  }
}

export type AttributeInput = number | string | readonly number[] | { readonly float: number };

export class Builder {
  readonly nodes: Node[] = [];
  readonly initializers = new Map<string, WeightRef>();
  /** Integer contents of small constants and of observed values, for rules that need numbers and not tensors. */
  readonly known = new KnownIntegers();
  /** By output: the node of the program whose gradient an emitted node is part of. */
  readonly origins = new Map<string, Node>();
  /** Names of tensors that are the same at every run and whose rearranging may be left to the session that is made. */
  readonly #fixed = new Set<string>();
  #rearranges = false;
  readonly #constants = new Map<string, Value>();
  readonly #values = new Map<string, Value>();
  readonly #taken: (name: string) => boolean;
  #next = 0;

  constructor(taken: (name: string) => boolean = () => false) {
    this.#taken = taken;
  }

  /** Says of all nodes emitted since there were `start` of them that they are part of this node's gradient. */
  blame(start: number, origin: Node): void {
    for (const { outputs } of this.nodes.slice(start))
      for (const name of outputs) this.origins.set(name, origin);
  }

  /** The value of that name, when it was declared or emitted here. */
  maybeValue(name: string): Value | undefined {
    return this.#values.get(name);
  }

  /** Makes a tensor that comes from outside (a forward value, a weight) known by shape. */
  declare(value: Value): Value {
    this.#values.set(value.name, value);
    return value;
  }

  /** Says of a tensor that what is computed from it, and of constants, can be computed once, when the session is made. */
  fix({ name }: Pick<Value, 'name'>): void {
    this.#fixed.add(name);
  }

  /** Whether it can; whoever asks and hears yes makes something of it that should be computed once. */
  isFixed({ name }: Value): boolean {
    const fixed = this.#fixed.has(name);
    if (fixed) this.#rearranges = true;
    return fixed;
  }

  /** Whether something was emitted that the session should compute once. */
  get rearranges(): boolean {
    return this.#rearranges;
  }

  #followsFromFixed(inputs: readonly (Value | null)[]): boolean {
    const names = inputs.flatMap((input) => input?.name ?? []);
    const fixed = names.filter((name) => this.#fixed.has(name));
    return fixed.length > 0 && names.every((name) => fixed.includes(name) || this.initializers.has(name));
  }

  /** The emitted node that gives a value; none gives what comes from outside. */
  makerOf({ name }: Value): Node | undefined {
    return this.nodes.findLast(({ outputs }) => outputs.includes(name));
  }

  fresh(hint: string): string {
    let name: string;
    do name = `grad/${hint}_${String(this.#next++)}`;
    while (this.#taken(name));
    return name;
  }

  /** Emits a node with the outputs' types and shapes given by the caller. '' stands for an input left out. */
  emit(
    op: string,
    inputs: readonly (Value | null)[],
    attributes: Readonly<Record<string, AttributeInput>>,
    outputs: readonly { readonly dtype: Dtype; readonly dims: readonly number[] }[],
    domain = '',
  ): readonly Value[] {
    const values = outputs.map(({ dtype, dims }) => this.declare({ name: this.fresh(op), dtype, dims }));
    if (this.#followsFromFixed(inputs)) values.forEach((value) => this.fix(value));
    const index = this.nodes.length;
    this.nodes.push({
      id: index,
      index,
      graph: '',
      name: values[0]?.name ?? op,
      op,
      domain,
      overload: '',
      inputs: inputs.map((input) => input?.name ?? ''),
      outputs: values.map((value) => value.name),
      attributes: Object.entries(attributes).map(([name, value]) => toAttribute(name, value)),
      metadata: {},
      doc: '',
    });
    return values;
  }

  one(
    op: string,
    inputs: readonly (Value | null)[],
    dtype: Dtype,
    dims: readonly number[],
    attributes: Readonly<Record<string, AttributeInput>> = {},
    domain = '',
  ): Value {
    const [value] = this.emit(op, inputs, attributes, [{ dtype, dims }], domain);
    if (value === undefined) throw new Error('An operator emits at least one value.');
    return value;
  }

  /** A constant tensor; equal constants are emitted once. */
  constant(dtype: Dtype, dims: readonly number[], numbers: readonly number[]): Value {
    const key = `${dtype}[${dims.join()}]${numbers.join()}`;
    const existing = this.#constants.get(key);
    if (existing !== undefined) return existing;
    const value = this.declare({ name: this.fresh('constant'), dtype, dims });
    const count = sizeOf(dims);
    const bytes = encode(dtype, numbers);
    this.initializers.set(value.name, {
      name: value.name,
      dtype,
      dims,
      count,
      byteLength: byteLengthOf(dtype, count),
      where: { kind: 'inline', bytes },
      origin: 'initializer',
    });
    if (dtype === 'int64' || dtype === 'int32' || dtype === 'bool') this.known.set(value.name, numbers);
    this.#constants.set(key, value);
    return value;
  }

  ints(numbers: readonly number[]): Value {
    return this.constant('int64', [numbers.length], numbers);
  }

  /** A scalar of the same type as `like`. */
  scalar(number: number, like: Value | Dtype): Value {
    return this.constant(typeof like === 'string' ? like : like.dtype, [], [number]);
  }

  /** `number` in every element, without storing them. */
  full(dims: readonly number[], number: number, dtype: Dtype): Value {
    return this.expand(this.constant(dtype, [], [number]), dims);
  }

  zerosLike(value: Value): Value {
    return this.full(value.dims, 0, value.dtype);
  }

  /** 0, 1, 2, … as int64. */
  range(count: number): Value {
    return this.one(
      'Range',
      [this.scalar(0, 'int64'), this.scalar(count, 'int64'), this.scalar(1, 'int64')],
      'int64',
      [count],
    );
  }

  /** A node of the model once more, with its own attributes, over other inputs. */
  copyNodeOutputs(
    node: Node,
    inputs: readonly (Value | null)[],
    outputs: readonly { readonly dtype: Dtype; readonly dims: readonly number[] }[],
  ): readonly Value[] {
    const values = this.emit(node.op, inputs, {}, outputs, node.domain);
    const last = this.nodes.pop();
    if (last !== undefined) this.nodes.push({ ...last, attributes: node.attributes });
    return values;
  }

  /** Adds attributes taken from a node of the model to the node emitted last. */
  addAttributes(attributes: readonly Attribute[]): void {
    const last = this.nodes.pop();
    if (last !== undefined) this.nodes.push({ ...last, attributes: [...last.attributes, ...attributes] });
  }

  copyNode(node: Node, inputs: readonly (Value | null)[], dtype: Dtype, dims: readonly number[]): Value {
    const [value] = this.copyNodeOutputs(node, inputs, [{ dtype, dims }]);
    if (value === undefined) throw new Error('An operator emits at least one value.');
    return value;
  }

  unary(op: string, x: Value, attributes: Readonly<Record<string, AttributeInput>> = {}): Value {
    return this.one(op, [x], x.dtype, x.dims, attributes);
  }

  binary(op: string, a: Value, b: Value, dtype: Dtype = a.dtype): Value {
    return this.one(op, [a, b], dtype, broadcastDims(op, a.dims, b.dims));
  }

  add = (a: Value, b: Value): Value => this.binary('Add', a, b);
  sub = (a: Value, b: Value): Value => this.binary('Sub', a, b);
  mul = (a: Value, b: Value): Value => this.binary('Mul', a, b);
  div = (a: Value, b: Value): Value => this.binary('Div', a, b);
  pow = (a: Value, b: Value): Value => this.binary('Pow', a, b);
  neg = (a: Value): Value => this.unary('Neg', a);
  exp = (a: Value): Value => this.unary('Exp', a);
  log = (a: Value): Value => this.unary('Log', a);
  sqrt = (a: Value): Value => this.unary('Sqrt', a);
  reciprocal = (a: Value): Value => this.unary('Reciprocal', a);
  square = (a: Value): Value => this.mul(a, a);
  scale = (a: Value, factor: number): Value => (factor === 1 ? a : this.mul(a, this.scalar(factor, a)));
  plus = (a: Value, term: number): Value => (term === 0 ? a : this.add(a, this.scalar(term, a)));
  equal = (a: Value, b: Value): Value => this.binary('Equal', a, b, 'bool');
  less = (a: Value, b: Value): Value => this.binary('Less', a, b, 'bool');
  greater = (a: Value, b: Value): Value => this.binary('Greater', a, b, 'bool');
  greaterOrEqual = (a: Value, b: Value): Value => this.binary('GreaterOrEqual', a, b, 'bool');
  lessOrEqual = (a: Value, b: Value): Value => this.binary('LessOrEqual', a, b, 'bool');
  and = (a: Value, b: Value): Value => this.binary('And', a, b, 'bool');
  or = (a: Value, b: Value): Value => this.binary('Or', a, b, 'bool');
  not = (a: Value): Value => this.unary('Not', a);

  /** `condition ? a : b`, elementwise. */
  where(condition: Value, a: Value, b: Value): Value {
    const dims = broadcastDims('Where', broadcastDims('Where', condition.dims, a.dims), b.dims);
    return this.one('Where', [condition, a, b], a.dtype, dims);
  }

  cast(x: Value, dtype: Dtype): Value {
    return x.dtype === dtype ? x : this.one('Cast', [x], dtype, x.dims, { to: dtypeCode(dtype) });
  }

  reshape(x: Value, dims: readonly number[]): Value {
    if (sameDims(x.dims, dims)) return x;
    return this.one('Reshape', [x, this.ints(dims)], x.dtype, dims, { allowzero: 1 });
  }

  flat(x: Value): Value {
    return this.reshape(x, [sizeOf(x.dims)]);
  }

  expand(x: Value, dims: readonly number[]): Value {
    if (sameDims(x.dims, dims)) return x;
    return this.one('Expand', [x, this.ints(dims)], x.dtype, broadcastDims('Expand', x.dims, dims));
  }

  transpose(x: Value, perm: readonly number[]): Value {
    if (perm.every((axis, position) => axis === position)) return x;
    return this.one('Transpose', [x], x.dtype, permuteDims(x.dims, perm), { perm });
  }

  /** Swaps the last two axes. */
  swapLast(x: Value): Value {
    const rank = x.dims.length;
    const perm = x.dims.map((_, axis) => axis);
    perm[rank - 1] = rank - 2;
    perm[rank - 2] = rank - 1;
    return this.transpose(x, perm);
  }

  /** Reduces over `axes` (already normalised, in any order); an empty list leaves `x` as it is. */
  reduce(op: string, x: Value, axes: readonly number[], keep = true): Value {
    if (axes.length === 0) return x;
    const dims = keep
      ? x.dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
      : x.dims.filter((_, axis) => !axes.includes(axis));
    return this.one(op, [x, this.ints([...axes].sort((a, b) => a - b))], x.dtype, dims, {
      keepdims: keep ? 1 : 0,
    });
  }

  sum = (x: Value, axes: readonly number[], keep = true): Value => this.reduce('ReduceSum', x, axes, keep);
  mean = (x: Value, axes: readonly number[], keep = true): Value => this.reduce('ReduceMean', x, axes, keep);

  matmul(a: Value, b: Value): Value {
    if (a.dims.length < 2 || b.dims.length < 2) throw new Error('Builder.matmul takes matrices.');
    const batch = broadcastDims('MatMul', a.dims.slice(0, -2), b.dims.slice(0, -2));
    const dims = [...batch, a.dims.at(-2) ?? 1, b.dims.at(-1) ?? 1];
    return this.one('MatMul', [a, b], a.dtype, dims);
  }

  concat(values: readonly Value[], axis: number): Value {
    const [first] = values;
    if (first === undefined) throw new Error('Builder.concat takes at least one value.');
    if (values.length === 1) return first;
    const at = normalizeAxis(axis, first.dims.length);
    const total = values.reduce((sum, value) => sum + (value.dims[at] ?? 0), 0);
    return this.one('Concat', values, first.dtype, first.dims.with(at, total), { axis: at });
  }

  /** `x[start:end]` along one axis, step 1, with 0 <= start <= end <= dim. */
  slice(x: Value, axis: number, start: number, end: number): Value {
    if (start === 0 && end === x.dims[axis]) return x;
    return this.one(
      'Slice',
      [x, this.ints([start]), this.ints([end]), this.ints([axis])],
      x.dtype,
      x.dims.with(axis, end - start),
    );
  }

  /** Zero padding; negative amounts crop. `before` and `after` per axis. */
  pad(x: Value, before: readonly number[], after: readonly number[]): Value {
    if ([...before, ...after].every((amount) => amount === 0)) return x;
    const dims = x.dims.map((dim, axis) => dim + (before[axis] ?? 0) + (after[axis] ?? 0));
    return this.one('Pad', [x, this.ints([...before, ...after])], x.dtype, dims);
  }

  /** `indices` along `axis` of `x`. */
  gather(x: Value, indices: Value, axis: number): Value {
    const dims = [...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)];
    return this.one('Gather', [x, indices], x.dtype, dims, { axis });
  }

  /** Adds rows `updates[i]` to zeros of shape `dims` at `indices[i]`, as ScatterND addresses them. */
  scatterNdAdd(dims: readonly number[], indices: Value, updates: Value): Value {
    const zeros = this.full(dims, 0, updates.dtype);
    return this.one('ScatterND', [zeros, indices, updates], updates.dtype, dims, { reduction: 'add' });
  }

  /** Adds `updates[i]` to element `indices[i]` of `size` zeros; both flat. */
  scatterAdd(size: number, indices: Value, updates: Value): Value {
    const zeros = this.full([size], 0, updates.dtype);
    return this.one('ScatterElements', [zeros, indices, updates], updates.dtype, [size], {
      axis: 0,
      reduction: 'add',
    });
  }
}

export function sameDims(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

function toAttribute(name: string, input: AttributeInput): Attribute {
  return { name, value: toValue(input) };
}

function toValue(input: AttributeInput): AttributeValue {
  if (typeof input === 'string') {
    return { type: 'string', value: input, bytes: new TextEncoder().encode(input) };
  }
  if (typeof input === 'number') {
    if (Number.isInteger(input)) return { type: 'int', value: input };
    throw new Failure({
      code: 'internal',
      message: `An integer attribute was given ${String(input)}.`,
      remedy: 'Pass {float: …} for a float attribute.',
    });
  }
  if ('float' in input) return { type: 'float', value: input.float };
  return { type: 'ints', value: input };
}
