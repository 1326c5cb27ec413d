/**
 * NumPy's .npy format, versions 1 to 3. Pure.
 * NumPy has no bfloat16, 8-bit floats or types under a byte: bfloat16 and small floats are written as float32 (exact),
 * int4/int2 as int8 and uint4/uint2 as uint8. float16 stays float16. Reading turns big-endian and Fortran order around.
 */
import { Failure } from '../base/errors';
import { toNumbers, type TensorBuffer, type TensorData } from './buffers';
import type { Dtype } from './dtype';
import { sizeOf, stridesOf } from './shape';

/** By NumPy's kind and size, without byte order. */
const BY_DESCR: Readonly<Record<string, readonly [dtype: Dtype, unit: number]>> = {
  f2: ['float16', 2],
  f4: ['float32', 4],
  f8: ['float64', 8],
  i1: ['int8', 1],
  i2: ['int16', 2],
  i4: ['int32', 4],
  i8: ['int64', 8],
  u1: ['uint8', 1],
  u2: ['uint16', 2],
  u4: ['uint32', 4],
  u8: ['uint64', 8],
  b1: ['bool', 1],
  c8: ['complex64', 4],
  c16: ['complex128', 8],
};

const DESCR: Partial<Record<Dtype, string>> = {
  float16: '<f2',
  float32: '<f4',
  float64: '<f8',
  int8: '|i1',
  int16: '<i2',
  int32: '<i4',
  int64: '<i8',
  uint8: '|u1',
  uint16: '<u2',
  uint32: '<u4',
  uint64: '<u8',
  bool: '|b1',
  complex64: '<c8',
  complex128: '<c16',
  int4: '|i1',
  int2: '|i1',
  uint4: '|u1',
  uint2: '|u1',
};

const MAGIC = '\x93NUMPY';

/** The header of a .npy file of this type and shape; the elements follow it. */
export function npyHeader(descr: string, dims: readonly number[]): Uint8Array {
  const shape = dims.length === 1 ? `(${dims[0] ?? 0},)` : `(${dims.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  const prefix = MAGIC.length + 4;
  const length = Math.ceil((prefix + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length).fill(0x20);
  for (let i = 0; i < MAGIC.length; i++) bytes[i] = MAGIC.charCodeAt(i);
  bytes.set([1, 0, (length - prefix) & 0xff, (length - prefix) >> 8], MAGIC.length);
  for (let i = 0; i < text.length; i++) bytes[prefix + i] = text.charCodeAt(i);
  bytes[length - 1] = 0x0a;
  return bytes;
}

/** How an element type is written: NumPy's name for it. Strings depend on their length: use `writeNpy`. */
export function npyDescr(dtype: Dtype): string {
  return DESCR[dtype] ?? '<f4';
}

/** A whole .npy file. */
export function writeNpy({ dtype, dims, data }: TensorData): Uint8Array {
  if (!ArrayBuffer.isView(data)) return writeStrings(data, dims);
  const elements = npyElements(dtype, data);
  const header = npyHeader(npyDescr(dtype), dims);
  const bytes = new Uint8Array(header.length + elements.length);
  bytes.set(header);
  bytes.set(elements, header.length);
  return bytes;
}

/** The bytes of elements as the file holds them after its header. */
export function npyElements(dtype: Dtype, data: TensorBuffer): Uint8Array {
  const array = DESCR[dtype] === undefined ? Float32Array.from(toNumbers(dtype, data)) : data;
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Unicode of fixed width, four bytes a character. */
function writeStrings(values: readonly string[], dims: readonly number[]): Uint8Array {
  const points = values.map((text) => Array.from(text, (letter) => letter.codePointAt(0) ?? 0));
  const width = points.reduce((most, list) => Math.max(most, list.length), 1);
  const header = npyHeader(`<U${width}`, dims);
  const bytes = new Uint8Array(header.length + values.length * width * 4);
  bytes.set(header);
  const view = new DataView(bytes.buffer, header.length);
  points.forEach((list, row) =>
    list.forEach((point, i) => view.setUint32((row * width + i) * 4, point, true)),
  );
  return bytes;
}

/** Reads a whole .npy file; `name` is for messages. Throws `bad-data`. */
export function readNpy(bytes: Uint8Array, name: string): TensorData {
  const { descr, fortran, dims, offset } = readHeader(bytes, name);
  const count = sizeOf(dims);
  const body = bytes.subarray(offset);
  const order = descr.charAt(0);
  const kind = /^[<>|=]/.test(descr) ? descr.slice(1) : descr;
  const text = /^([US])(\d+)$/.exec(kind);
  if (text !== null) {
    const values = readStrings(body, count, text[1] === 'U', Number(text[2]), order === '>', name);
    return { dtype: 'string', dims, data: fortran ? toRowMajor(values, dims) : values };
  }
  const found = Object.hasOwn(BY_DESCR, kind) ? BY_DESCR[kind] : undefined;
  if (found === undefined) {
    throw bad(
      name,
      `holds elements of the type '${descr}', which a model cannot take`,
      'Save it as float32 or int64.',
    );
  }
  const [dtype, unit] = found;
  const entries = dtype.startsWith('complex') ? count * 2 : count;
  if (body.length < entries * unit) {
    throw bad(
      name,
      `is cut off: ${count} elements of '${descr}' do not fit its ${body.length} bytes`,
      'Save it again.',
    );
  }
  // A copy of its own: a Buffer's slice would show the shared pool.
  const raw = new Uint8Array(body.subarray(0, entries * unit));
  if (order === '>' && unit > 1) swapBytes(raw, unit);
  const data = arrayOf(dtype, raw.buffer);
  return { dtype, dims, data: fortran && dims.length > 1 ? bufferToRowMajor(dtype, data, dims) : data };
}

/** The type and shape that a .npy file's header states; of the file only its beginning is needed. Throws `bad-data`. */
export function npyType(
  bytes: Uint8Array,
  name: string,
): { readonly dtype: Dtype; readonly dims: readonly number[] } {
  const { descr, dims } = readHeader(bytes, name);
  const kind = /^[<>|=]/.test(descr) ? descr.slice(1) : descr;
  if (/^[US]\d+$/.test(kind)) return { dtype: 'string', dims };
  const [dtype] = (Object.hasOwn(BY_DESCR, kind) ? BY_DESCR[kind] : undefined) ?? (['undefined'] as const);
  return { dtype, dims };
}

interface Header {
  readonly descr: string;
  readonly fortran: boolean;
  readonly dims: readonly number[];
  readonly offset: number;
}

function readHeader(bytes: Uint8Array, name: string): Header {
  const latin1 = (from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));
  if (bytes.length < 12 || latin1(0, 6) !== MAGIC)
    throw bad(name, 'is not a .npy file', 'Save it with numpy.save.');
  const wide = (bytes[6] ?? 0) >= 2;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const start = wide ? 12 : 10;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  if (length > 65536 || start + length > bytes.length)
    throw bad(name, 'has a damaged header', 'Save it again.');
  const text = new TextDecoder().decode(bytes.subarray(start, start + length));
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape'\s*:\s*\(([\d,\sL]*)\)/.exec(text)?.[1];
  if (descr === undefined && text.includes("'descr'")) {
    throw bad(name, 'holds records with several fields', 'Save one field as a plain array.');
  }
  if (descr === undefined || fortran === undefined || shape === undefined) {
    throw bad(name, 'has a damaged header', 'Save it again with numpy.save.');
  }
  const dims = shape
    .split(',')
    .map((part) => part.trim().replace('L', ''))
    .filter((part) => part !== '')
    .map(Number);
  if (!Number.isSafeInteger(sizeOf(dims))) throw bad(name, 'has an impossible shape', 'Save it again.');
  return { descr, fortran: fortran === 'True', dims, offset: start + length };
}

function readStrings(
  body: Uint8Array,
  count: number,
  unicode: boolean,
  width: number,
  big: boolean,
  name: string,
): string[] {
  const size = unicode ? width * 4 : width;
  if (body.length < count * size) throw bad(name, 'is cut off', 'Save it again.');
  const view = new DataView(body.buffer, body.byteOffset);
  return Array.from({ length: count }, (_unused, row) => {
    if (!unicode)
      return new TextDecoder().decode(body.subarray(row * size, (row + 1) * size)).replace(/\0+$/, '');
    let text = '';
    for (let i = 0; i < width; i++) {
      const point = view.getUint32(row * size + i * 4, !big);
      if (point > 0x10ffff) throw bad(name, 'holds text that is not Unicode', 'Save it again.');
      text += String.fromCodePoint(point);
    }
    return text.replace(/\0+$/, '');
  });
}

const ARRAY_OF: Partial<Record<Dtype, new (buffer: ArrayBuffer) => TensorBuffer>> = {
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  complex64: Float32Array,
  complex128: Float64Array,
};

function arrayOf(dtype: Dtype, buffer: ArrayBuffer): TensorBuffer {
  return new (ARRAY_OF[dtype] ?? Uint8Array)(buffer);
}

function swapBytes(bytes: Uint8Array, unit: number): void {
  for (let at = 0; at < bytes.length; at += unit) bytes.subarray(at, at + unit).reverse();
}

function bufferToRowMajor(dtype: Dtype, data: TensorBuffer, dims: readonly number[]): TensorBuffer {
  const perElement = dtype.startsWith('complex') ? 2 : 1;
  const out = data.slice();
  eachFortran(dims, (to, from) => {
    for (let i = 0; i < perElement; i++) {
      const value = data[from * perElement + i] ?? 0;
      Reflect.set(out, to * perElement + i, value);
    }
  });
  return out;
}

function toRowMajor(values: readonly string[], dims: readonly number[]): string[] {
  const out = new Array<string>(values.length).fill('');
  eachFortran(dims, (to, from) => (out[to] = values[from] ?? ''));
  return out;
}

/** Calls back with the row-major and the column-major place of every element. */
function eachFortran(dims: readonly number[], put: (to: number, from: number) => void): void {
  const strides = stridesOf([...dims].reverse()).reverse();
  const index = new Array<number>(dims.length).fill(0);
  const count = sizeOf(dims);
  for (let to = 0; to < count; to++) {
    put(
      to,
      index.reduce((sum, i, axis) => sum + i * (strides[axis] ?? 0), 0),
    );
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] ?? 0) + 1;
      if ((index[axis] ?? 0) < (dims[axis] ?? 0)) break;
      index[axis] = 0;
    }
  }
}

function bad(name: string, what: string, remedy: string): Failure {
  return new Failure({ code: 'bad-data', message: `${name} ${what}.`, remedy });
}
