/**
 * Interventions into numbers: what a step multiplies by, adds, or takes, laid out over the elements its site names.
 * Outside them the numbers change no bit: 1 to multiply, -0 to add, no places to write to. Pure.
 */
import { must } from '../../base/assert';
import { Failure } from '../../base/errors';
import type { PlainIntervention } from '../../contract/run';
import type { TensorBuffer, TensorData } from '../../contract/tensor';
import type { PlacedSlice } from '../../onnx/axes';
import type { StepForm } from '../../onnx/rewrite/intervene';
import { toNumbers } from '../../tensor/buffers';
import { isFloat, wholeRange, type Dtype } from '../../tensor/dtype';
import { floatToHalf } from '../../tensor/half';
import { formatShape, sizeOf, stridesOf } from '../../tensor/shape';

/** The values of a step's inputs. */
export interface StepNumbers {
  readonly operand: TensorData;
  readonly choice: TensorData | null;
}

/** Types that are multiplied and added to without rounding or wrapping around. */
const ARITHMETIC = new Set<Dtype>(['float32', 'float64', 'float16', 'int32', 'int64']);

/** How an intervention is computed on a value of this type. Throws `bad-intervention` where it cannot be exact. */
export function formOf(
  intervention: PlainIntervention,
  dtype: Dtype,
  fixing: 'swap' | 'scatter' | 'pick',
): StepForm {
  const { kind, site } = intervention;
  if (isFixing(intervention)) return fixing;
  if (dtype === 'bool' || dtype === 'string') {
    throw bad(
      `"${site}" is ${dtype}: there is no ${kind === 'scale' ? 'scaling it' : 'adding to it'}`,
      'Use set or replace.',
    );
  }
  if (!ARITHMETIC.has(dtype)) {
    throw bad(
      `"${site}" is ${dtype}: ${kind === 'scale' ? 'to scale it' : 'to add to it'} would round or wrap around`,
      `Use set or replace, or ${kind === 'scale' ? 'scale' : 'add to'} the value before it is quantised or after it is dequantised.`,
    );
  }
  if (kind === 'scale' && !isFloat(dtype) && !Number.isInteger(intervention.factor)) {
    throw bad(
      `"${site}" is ${dtype}: to scale it by ${String(intervention.factor)} would round`,
      'Use a whole number.',
    );
  }
  return kind === 'scale' ? 'multiply' : 'add';
}

/** Whether what the value was no longer matters: also times 0, since a product would keep infinities as NaN. */
export function isFixing(intervention: PlainIntervention): boolean {
  const { kind } = intervention;
  return kind === 'set' || kind === 'replace' || (kind === 'scale' && intervention.factor === 0);
}

/**
 * The numbers of a step on a value with these dims. `dims` is null where they are unknown, which scaling and adding
 * without slices allow. `own`: the value's type, where it is computed on in another. Throws `bad-intervention` when the
 * value given does not fit.
 */
export function numbersOf(
  intervention: PlainIntervention,
  form: StepForm,
  dtype: Dtype,
  dims: readonly number[] | null,
  slices: readonly PlacedSlice[],
  own = dtype,
): StepNumbers {
  const given = givenValue(intervention, dtype, own);
  if ((form === 'multiply' || form === 'add') && (dims === null || slices.length === 0)) {
    if (dims !== null) checkBroadcast(intervention.site, given.dims, dims);
    return { operand: given, choice: null };
  }
  const whole = must(dims, 'the dims of a site are known where its elements are written');
  const region = regionOf(whole, slices);
  checkBroadcast(intervention.site, given.dims, region);
  switch (form) {
    case 'swap':
      return { operand: broadcastTo(given, whole), choice: null };
    case 'scatter':
      return scatterNumbers(given, whole, region, slices);
    case 'pick':
      return pickNumbers(given, whole, region, slices);
    case 'multiply':
    case 'add':
      return { operand: spread(given, whole, region, slices, form === 'multiply' ? 1 : -0), choice: null };
  }
}

/** Numbers with which the step changes nothing; null for `swap`, which takes what the value was. */
export function identityNumbers(
  form: StepForm,
  dtype: Dtype,
  dims: readonly number[] | null,
  slices: readonly PlacedSlice[],
): StepNumbers | null {
  switch (form) {
    case 'multiply':
      return { operand: constant(dtype, [], 1), choice: null };
    case 'add':
      return { operand: constant(dtype, [], -0), choice: null };
    case 'scatter': {
      const inner = must(dims, 'a scatter knows its dims').slice(indexedAxes(slices));
      return {
        operand: constant(dtype, [0, ...inner], 0),
        choice: constant('int64', [0, indexedAxes(slices)], 0),
      };
    }
    case 'pick':
      return { operand: constant(dtype, [1], 0), choice: places(must(dims, 'a pick knows its dims')) };
    case 'swap':
      return null;
  }
}

/** ScatterND's places name the first axes, up to the last one that is sliced. */
function indexedAxes(slices: readonly PlacedSlice[]): number {
  return 1 + Math.max(...slices.map(({ axis }) => axis));
}

function scatterNumbers(
  given: TensorData,
  dims: readonly number[],
  region: readonly number[],
  slices: readonly PlacedSlice[],
): StepNumbers {
  const depth = indexedAxes(slices);
  const outer = region.slice(0, depth);
  const rows = sizeOf(outer);
  const indices = new BigInt64Array(rows * depth);
  let row = 0;
  eachElement(outer, slices, stridesOf(outer), (index) => {
    index.forEach((place, axis) => {
      const at = slices.find((slice) => slice.axis === axis)?.indices[place] ?? place;
      indices[row * depth + axis] = BigInt(at);
    });
    row++;
  });
  const operand = { ...broadcastTo(given, region), dims: [rows, ...dims.slice(depth)] };
  return { operand, choice: { dtype: 'int64', dims: [rows, depth], data: indices } };
}

/**
 * `given` on the elements the slices name and `elsewhere` on the others. Axes that are not sliced keep the length the
 * value has there, so that a channel's factor stays one number.
 */
function spread(
  given: TensorData,
  dims: readonly number[],
  region: readonly number[],
  slices: readonly PlacedSlice[],
  elsewhere: number,
): TensorData {
  const padded = padTo(given.dims, dims.length);
  const sliced = new Set(slices.map(({ axis }) => axis));
  const operand = constant(
    given.dtype,
    dims.map((dim, axis) => (sliced.has(axis) ? dim : (padded[axis] ?? 1))),
    elsewhere,
  );
  const partial = dims.map((_, axis) => (sliced.has(axis) ? (region[axis] ?? 1) : (padded[axis] ?? 1)));
  scatter(operand, given, partial, slices);
  return operand;
}

function padTo(dims: readonly number[], rank: number): number[] {
  return [...new Array<number>(rank - dims.length).fill(1), ...dims];
}

/** A tensor repeated along axes of length 1 until it has these dims. */
export function broadcastTo(given: TensorData, dims: readonly number[]): TensorData {
  if (sizeOf(given.dims) === sizeOf(dims)) return { ...given, dims };
  const whole = constant(given.dtype, dims, 0);
  scatter(whole, given, dims, []);
  return whole;
}

function givenValue(intervention: PlainIntervention, dtype: Dtype, own: Dtype): TensorData {
  const { site } = intervention;
  if (intervention.kind === 'scale') return constant(dtype, [], held(intervention.factor, own, site));
  if (intervention.kind === 'set') return constant(dtype, [], held(intervention.value, own, site));
  const { value } = intervention;
  if (value.dtype === dtype && own === dtype) return value;
  // A single number has no type of its own.
  const single = value.dims.length === 0;
  const rounds = isFloat(value.dtype) && !isFloat(dtype) && !single;
  if (!ArrayBuffer.isView(value.data) || dtype === 'string' || rounds) {
    throw bad(`"${site}" is ${own}, but ${value.dtype} was given`, `Give ${dtype}.`);
  }
  const numbers = toNumbers(value.dtype, value.data);
  const converted = constant(dtype, value.dims, 0);
  for (let i = 0; i < numbers.length; i++) put(converted, i, held(numbers[i] ?? 0, own, site));
  return converted;
}

/** What is larger becomes infinite, or no number at all. */
const LARGEST: Partial<Record<Dtype, number>> = {
  float16: 65_519,
  float32: 3.402_823_5e38,
  bfloat16: 3.389_531_389_251_535_5e38,
  float8e4m3fn: 448,
  float8e4m3fnuz: 240,
  float8e5m2: 57_344,
  float8e5m2fnuz: 57_344,
};

/** The number, where the type holds it. Throws `bad-intervention` where it would wrap around, be cut or become infinite. */
function held(value: number, dtype: Dtype, site: string): number {
  const whole = wholeRange(dtype);
  const largest = LARGEST[dtype] ?? Infinity;
  const fits =
    whole === undefined
      ? Math.abs(value) <= largest || !Number.isFinite(value)
      : Number.isInteger(value) && value >= whole[0] && value <= whole[1];
  if (fits) return value;
  const takes =
    whole === undefined
      ? `Numbers up to ${String(largest)} fit.`
      : `It takes whole numbers from ${exactly(whole[0])} to ${exactly(whole[1])}.`;
  throw bad(`"${site}" is ${dtype}, which cannot hold ${exactly(value)}`, takes);
}

/** With all digits of a whole number that has not more than those of 64 bits. */
function exactly(value: number): string {
  return Number.isInteger(value) && Math.abs(value) <= 2 ** 64 ? String(BigInt(value)) : String(value);
}

/** How many elements per axis the slices leave. */
export function regionOf(dims: readonly number[], slices: readonly PlacedSlice[]): number[] {
  return dims.map((dim, axis) => slices.find((slice) => slice.axis === axis)?.indices.length ?? dim);
}

function pickNumbers(
  given: TensorData,
  dims: readonly number[],
  region: readonly number[],
  slices: readonly PlacedSlice[],
): StepNumbers {
  const count = sizeOf(dims);
  const choice = places(dims);
  const padded = padTo(given.dims, dims.length);
  const strides = stridesOf(padded);
  const order = must(choice.data instanceof BigInt64Array ? choice.data : null, 'places are int64');
  eachElement(region, slices, stridesOf(dims), (index, to) => {
    let from = 0;
    index.forEach((at, axis) => (from += (padded[axis] === 1 ? 0 : at) * (strides[axis] ?? 0)));
    order[to] = BigInt(count + from);
  });
  return { operand: { ...given, dims: [sizeOf(given.dims)] }, choice };
}

/** Every element's own place, counted through. */
function places(dims: readonly number[]): TensorData {
  return {
    dtype: 'int64',
    dims,
    data: BigInt64Array.from({ length: sizeOf(dims) }, (_, index) => BigInt(index)),
  };
}

/** Writes `given`, broadcast over `region`, to the elements of `target` that the slices name. */
function scatter(
  target: TensorData,
  given: TensorData,
  region: readonly number[],
  slices: readonly PlacedSlice[],
): void {
  const rank = target.dims.length;
  const padded = padTo(given.dims, rank);
  const from = stridesOf(padded);
  const copy = elementCopier(target, given);
  eachElement(region, slices, stridesOf(target.dims), (index, to) => {
    let at = 0;
    index.forEach((place, axis) => (at += (padded[axis] === 1 ? 0 : place) * (from[axis] ?? 0)));
    copy(to, at);
  });
}

/** Calls with each element's index in the region and its place in the whole. */
function eachElement(
  region: readonly number[],
  slices: readonly PlacedSlice[],
  strides: readonly number[],
  visit: (index: readonly number[], to: number) => void,
): void {
  const bySlice = region.map((_, axis) => slices.find((slice) => slice.axis === axis)?.indices);
  const index = new Array<number>(region.length).fill(0);
  const count = sizeOf(region);
  for (let done = 0; done < count; done++) {
    let to = 0;
    for (let axis = 0; axis < region.length; axis++) {
      const place = index[axis] ?? 0;
      to += (bySlice[axis]?.[place] ?? place) * (strides[axis] ?? 0);
    }
    visit(index, to);
    for (let axis = region.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] ?? 0) + 1;
      if ((index[axis] ?? 0) < (region[axis] ?? 0)) break;
      index[axis] = 0;
    }
  }
}

/** Copies elements bit by bit, whatever their type. */
function elementCopier(target: TensorData, source: TensorData): (to: number, from: number) => void {
  const [into, data] = [target.data, source.data];
  if (!ArrayBuffer.isView(into) || !ArrayBuffer.isView(data)) {
    return (to, from) => void Reflect.set(into, to, data[from] ?? '');
  }
  const width = into.BYTES_PER_ELEMENT;
  if (width === 8) {
    const [out, words] = [wordsOf(into, 4), wordsOf(data, 4)];
    return (to, from) => {
      out[to * 2] = words[from * 2] ?? 0;
      out[to * 2 + 1] = words[from * 2 + 1] ?? 0;
    };
  }
  const [out, words] = [wordsOf(into, width), wordsOf(data, width)];
  return (to, from) => {
    out[to] = words[from] ?? 0;
  };
}

function wordsOf(
  { buffer, byteOffset, byteLength }: TensorBuffer,
  width: number,
): Uint8Array | Uint16Array | Uint32Array {
  if (width === 1) return new Uint8Array(buffer, byteOffset, byteLength);
  if (width === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2);
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

const ARRAYS: Partial<Record<Dtype, new (length: number) => TensorBuffer>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
};

/** A tensor of one number. */
export function constant(dtype: Dtype, dims: readonly number[], value: number): TensorData {
  const count = sizeOf(dims);
  if (dtype === 'string') return { dtype, dims, data: new Array<string>(count).fill(String(value)) };
  const tensor = { dtype, dims, data: new (ARRAYS[dtype] ?? Uint8Array)(count) };
  if (count > 0) put(tensor, 0, value);
  const [first] = tensor.data;
  if (tensor.data instanceof BigInt64Array || tensor.data instanceof BigUint64Array)
    tensor.data.fill(BigInt(first ?? 0));
  else tensor.data.fill(Number(first ?? 0));
  return tensor;
}

function put({ dtype, data }: TensorData, at: number, value: number): void {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[at] = BigInt(Math.trunc(value));
  else if (dtype === 'float16') Reflect.set(data, at, floatToHalf(value));
  else Reflect.set(data, at, value);
}

function checkBroadcast(site: string, given: readonly number[], to: readonly number[]): void {
  const offset = to.length - given.length;
  const fits = offset >= 0 && given.every((dim, axis) => dim === 1 || dim === to[axis + offset]);
  if (fits) return;
  throw bad(
    `A value of shape ${formatShape(given)} does not broadcast to "${site}", which has ${formatShape(to)}`,
    'Give one number, or a tensor of that shape.',
  );
}

function bad(message: string, remedy: string): Failure {
  return new Failure({ code: 'bad-intervention', message: `${message}.`, remedy });
}
