/** Resizing and luma against Pillow; the numbers are committed, `make_images.py` makes them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { decodeImage } from '../../../src/data/image';
import { PLAIN, preprocess } from '../../../src/data/preprocess';
import type { Resample } from '../../../src/data/resize';

interface Reference {
  readonly cases: readonly { resample: Resample; width: number; height: number; pixels: readonly number[] }[];
  readonly gray: readonly number[];
}

const reference = JSON.parse(readFileSync(path.join(__dirname, 'pillow.json'), 'utf8')) as Reference;
const picture = decodeImage(readFileSync(path.join(__dirname, 'picture.png')), 'picture.png');

function differences(data: ArrayLike<number | bigint | string>, expected: readonly number[]): number[] {
  assert.equal(data.length, expected.length);
  return expected.map((value, i) => Math.abs(value - Number(data[i])));
}

describe('images against Pillow', () => {
  for (const { resample, width, height, pixels } of reference.cases) {
    it(`resizes to ${String(width)}×${String(height)} by ${resample}, no byte off by more than one`, () => {
      const how = { ...PLAIN, resize: { width, height }, resample, scale: 1, layout: 'HWC' as const };
      const off = differences(preprocess(picture, how).data, pixels);
      assert.ok(Math.max(...off) <= 1, `a byte is off by ${String(Math.max(...off))}`);
      const share = off.filter((difference) => difference > 0).length / off.length;
      assert.ok(share < 0.02, `${(share * 100).toFixed(1)} % of the bytes differ`);
    });
  }

  it('makes the same gray', () => {
    const how = { ...PLAIN, channels: 'gray' as const, scale: 1, layout: 'HW' as const };
    assert.equal(Math.max(...differences(preprocess(picture, how).data, reference.gray)), 0);
  });
});
