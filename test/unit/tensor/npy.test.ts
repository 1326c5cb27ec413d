import assert from 'node:assert/strict';
import { isFailure } from '../../../src/base/errors';
import { toNumbers, type TensorBuffer } from '../../../src/tensor/buffers';
import { readNpy, writeNpy } from '../../../src/tensor/npy';
import { reference, toNumber } from './reference';

const DTYPE: Readonly<Record<string, string>> = { '>i4': 'int32', '<U4': 'string', '|S2': 'string' };

describe('.npy files', () => {
  for (const one of reference.npy) {
    it(`reads what NumPy wrote: ${one.dtype} of shape (${one.shape.join(', ')})`, () => {
      const tensor = readNpy(Buffer.from(one.file, 'base64'), 'a.npy');
      assert.equal(tensor.dtype, DTYPE[one.dtype] ?? one.dtype);
      assert.deepEqual(tensor.dims, one.shape);
      if (tensor.dtype === 'string') {
        const expected = one.values.map((text) => String(text).replace(/^b'(.*)'$/, '$1'));
        assert.deepEqual(tensor.data, expected);
      } else if (tensor.dtype === 'int64' || tensor.dtype === 'uint64') {
        assert.deepEqual(Array.from(tensor.data, String), one.values);
      } else {
        const values = [...toNumbers(tensor.dtype, tensor.data as TensorBuffer)];
        one.values
          .map(toNumber)
          .forEach((value, i) =>
            assert.ok(Math.abs((values[i] ?? 0) - value) < 1e-6 || Object.is(values[i], value)),
          );
        assert.equal(values.length, one.values.length);
      }
    });
  }

  it('writes byte for byte what NumPy writes', () => {
    for (const one of reference.npy) {
      const file = Buffer.from(one.file, 'base64');
      const plain =
        file[6] === 1 &&
        !one.dtype.startsWith('>') &&
        !one.dtype.startsWith('|S') &&
        !file.includes("'fortran_order': True");
      if (!plain) continue;
      assert.deepEqual(Buffer.from(writeNpy(readNpy(file, 'a.npy'))), file, one.dtype);
    }
  });

  it('writes types NumPy does not know as ones that hold them exactly', () => {
    const bfloat = readNpy(
      writeNpy({ dtype: 'bfloat16', dims: [2], data: Uint16Array.of(0x3fc0, 0xc040) }),
      'b.npy',
    );
    assert.deepEqual([bfloat.dtype, ...(bfloat.data as Float32Array)], ['float32', 1.5, -3]);
    const int4 = readNpy(writeNpy({ dtype: 'int4', dims: [2], data: Int8Array.of(-8, 7) }), 'i.npy');
    assert.deepEqual([int4.dtype, ...(int4.data as Int8Array)], ['int8', -8, 7]);
  });

  it('says what is wrong with a file it cannot read', () => {
    const good = Buffer.from(writeNpy({ dtype: 'float32', dims: [4], data: new Float32Array(4) }));
    const broken: readonly (readonly [Uint8Array, RegExp])[] = [
      [Buffer.from('hello, world'), /is not a \.npy file\. Save it with numpy\.save/],
      [good.subarray(0, 100), /damaged header/],
      [good.subarray(0, good.length - 1), /cut off: 4 elements/],
      [Buffer.from(good.toString('latin1').replace("'<f4'", "'|O' "), 'latin1'), /'\|O'/],
      [Buffer.from(good.toString('latin1').replace("'<f4'", "[('a'"), 'latin1'), /several fields/],
      [Buffer.from(good.toString('latin1').replace('(4,)', '(9,)'), 'latin1'), /9 elements/],
    ];
    for (const [bytes, expected] of broken) {
      assert.throws(
        () => readNpy(bytes, 'x.npy'),
        (error) =>
          isFailure(error) &&
          error.code === 'bad-data' &&
          expected.test(error.message) &&
          error.message.startsWith('x.npy'),
      );
    }
  });
});
