import assert from 'node:assert/strict';
import { plan, rowNorms, toPicture, type PictureWords } from '../../../src/editor/picturing';

const words: PictureWords = {
  channel: 'channel',
  head: 'head',
  filter: 'filter',
  token: 'token',
  unit: 'unit',
  row: 'row',
  column: 'column',
  firstOf: (shown, total, item) => `First ${String(shown)} of ${String(total)} ${item}s.`,
};
const activation = { of: 'activation', title: 'x' } as const;
const weight = { of: 'weight', title: 'w' } as const;

describe('pictures of tensors', () => {
  it('draw the channels of a feature map as a grid of images', () => {
    const made = plan([1, 16, 28, 28], {}, activation, words);
    assert.equal(made.form, 'grid');
    assert.deepEqual(made.slice, { start: [0, 0, 0, 0], size: [1, 16, 28, 28] });
    assert.equal(made.items[0], 'channel');
    assert.deepEqual(made.fixed, []);
  });

  it('keep an image of one channel an image', () => {
    assert.equal(plan([1, 1, 28, 28], {}, activation, words).form, 'grid');
  });

  it('fix the example of a batch and say which is shown', () => {
    const made = plan([8, 16, 7, 7], { 0: 3 }, activation, words);
    assert.deepEqual(made.slice.start, [3, 0, 0, 0]);
    assert.deepEqual(made.fixed, [{ axis: 0, size: 8, index: 3 }]);
  });

  it('cut what a screen cannot show and say so', () => {
    const made = plan([1, 256, 14, 14], {}, activation, words);
    assert.deepEqual(made.slice.size, [1, 64, 14, 14]);
    assert.equal(made.note, 'First 64 of 256 channels.');
  });

  it('say which axis an image, a bar or a row is along, and what its site begins with', () => {
    const grid = plan([1, 16, 28, 28], {}, activation, words);
    assert.deepEqual([grid.itemAxis, grid.rowAxis], [1, 2]);
    const bars = plan([1, 1, 10], {}, activation, words);
    assert.deepEqual([bars.form, bars.itemAxis], ['bars', 2]);
    assert.equal(plan([1, 5, 64], {}, activation, words).rowAxis, 1);
    const picture = toPicture([1, 1, 10], bars, new Float32Array(10), { ...activation, pick: 'h#' });
    assert.equal(picture.pick, 'h#');
    const colours = plan([1, 3, 8, 8], {}, activation, words);
    const image = { ...activation, image: true, pick: 'x#' };
    // Three colours of one picture are not three things to hold.
    assert.equal(toPicture([1, 3, 8, 8], colours, new Float32Array(192), image).pick, undefined);
  });

  it('draw a convolution by filter at a fixed input channel', () => {
    const made = plan([32, 16, 3, 3], { 1: 5 }, weight, words);
    assert.deepEqual(made.slice, { start: [0, 5, 0, 0], size: [32, 1, 3, 3] });
    assert.deepEqual(made.fixed, [{ axis: 1, size: 16, index: 5 }]);
  });

  it('draw a pointwise convolution and a dense layer as a matrix', () => {
    assert.equal(plan([32, 16, 1, 1], {}, weight, words).form, 'matrix');
    assert.equal(plan([10, 64], {}, weight, words).form, 'matrix');
  });

  it('draw hidden states by token and vectors as bars', () => {
    const made = plan([1, 5, 64], {}, { ...activation, tokens: ['a', 'b', 'c', 'd', 'e'] }, words);
    assert.equal(made.form, 'matrix');
    assert.equal(made.items[1], 'token');
    assert.equal(plan([1, 10], {}, activation, words).form, 'bars');
    assert.equal(plan([], {}, activation, words).form, 'number');
  });

  it('clamp an index that lies outside', () => {
    assert.deepEqual(plan([2, 4, 5, 5], { 0: 9 }, activation, words).slice.start, [1, 0, 0, 0]);
  });

  it('stretch a colour image to what a screen shows', () => {
    const hints = { ...activation, image: true };
    const dims = [1, 3, 1, 2];
    const made = toPicture(
      dims,
      { ...plan([1, 3, 2, 2], {}, hints, words), rows: 1, columns: 2 },
      Float32Array.of(-1, 0, 1, 0, 0, 0),
      hints,
    );
    assert.ok(made.kind === 'grid');
    assert.equal(made.color, true);
    assert.deepEqual([...made.data], [0, 0.5, 1, 0.5, 0.5, 0.5]);
  });

  it('measure a token by the length of its vector', () => {
    assert.deepEqual([...rowNorms(Float32Array.of(3, 4, 0, 0), 2, 2)], [5, 0]);
  });
});
