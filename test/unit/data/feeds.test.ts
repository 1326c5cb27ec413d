import assert from 'node:assert/strict';
import { zipSync } from 'fflate';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { FeedSpec } from '../../../src/contract/run';
import { boundShape, checkFeed, resolveFeed } from '../../../src/data/feed';
import { makeFeeds } from '../../../src/data/feedText';
import type { DataFiles } from '../../../src/data/files';
import { fitPreprocessing, guessFrom, guessImage } from '../../../src/data/guess';
import { parseLabels } from '../../../src/data/labels';
import { parseLiteral } from '../../../src/data/literal';
import { arrayNames, readArray } from '../../../src/data/npz';
import { normal, uniform } from '../../../src/data/random';
import { writeNpy } from '../../../src/tensor/npy';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function memory(files: Readonly<Record<string, string | Uint8Array>>): DataFiles {
  return {
    beside: () => Promise.resolve(Object.keys(files)),
    read: (name) => {
      const file = files[name];
      if (file === undefined) return Promise.reject(new Error(`no ${name}`));
      return Promise.resolve(typeof file === 'string' ? bytes(file) : file);
    },
  };
}

const input = (shape: FeedSpec['shape'], dtype: FeedSpec['dtype'] = 'float32', name = 'x'): FeedSpec => ({
  name,
  dtype,
  shape,
  optional: false,
});

describe('literals', () => {
  it('reads a nested list', () => {
    assert.deepEqual(parseLiteral('[[1, 2.5], [3, -4e-1]]', 'float32', null), {
      dtype: 'float32',
      dims: [2, 2],
      data: Float32Array.from([1, 2.5, 3, -0.4]),
    });
  });

  it('reads a type and a shape before the elements', () => {
    const { dtype, dims, data } = parseLiteral('int64[1,3]: 7 8 9', 'float32', null);
    assert.deepEqual([dtype, dims, Array.from(data as BigInt64Array)], ['int64', [1, 3], [7n, 8n, 9n]]);
  });

  it('fills the shape of the input with one number', () => {
    assert.deepEqual(Array.from(parseLiteral('2', 'float32', [2, 2]).data as Float32Array), [2, 2, 2, 2]);
    assert.deepEqual(Array.from(parseLiteral('arange', 'int32', [3]).data as Int32Array), [0, 1, 2]);
  });

  it('fills every type with one number, and a large shape at once', () => {
    assert.deepEqual(parseLiteral('2', 'int64', [3]).data, new BigInt64Array([2n, 2n, 2n]));
    assert.deepEqual(parseLiteral('ones', 'bool', [5]).data, new Uint8Array(5).fill(1));
    assert.deepEqual(parseLiteral('float16[2]: 1', 'float16', null).data, new Uint16Array([0x3c00, 0x3c00]));
    const large = parseLiteral('float32[300,1,28,28]: -0.5', 'float32', null).data;
    assert.ok(large instanceof Float32Array && large.length === 235_200 && large.every((x) => x === -0.5));
    assert.equal(parseLiteral('zeros', 'float32', [0, 4]).data.length, 0);
  });

  it('refuses a number that the type would round or wrap around', () => {
    for (const [text, dtype, sentence] of [
      ['[300, 1]', 'int8', /^300 is no int8: .* from -128 to 127\./],
      ['-1', 'uint8', /^-1 is no uint8/],
      ['int64[2]: 1 1.5', 'int64', /^1\.5 is no int64/],
      ['[9007199254740993]', 'int64', /^9007199254740992 is no int64: .* to 9007199254740991\./],
      ['uint32[2]: nan', 'uint32', /^NaN is no uint32/],
    ] as const)
      assert.throws(() => parseLiteral(text, dtype, [2]), { code: 'bad-feed', message: sentence });
    assert.deepEqual(parseLiteral('[-128, 127]', 'int8', null).data, Int8Array.of(-128, 127));
    assert.deepEqual(parseLiteral('[2, 0]', 'bool', null).data, Uint8Array.of(1, 0));
  });

  it('refuses a shape too large to make here', () => {
    for (const text of ['float32[200000,1,28,28]: 0', 'int8[99999999999]: 1'])
      assert.throws(() => parseLiteral(text, 'float32', null), /more than the 67,108,864/);
    assert.throws(() => parseLiteral('arange', 'float32', [99_999_999, 28]), /Choose smaller sizes/);
  });

  it('says what is wrong with rows of unequal length, a wrong count and a word', () => {
    assert.throws(() => parseLiteral('[[1], [2, 3]]', 'float32', null), /rows .* not of equal length/);
    assert.throws(() => parseLiteral('float32[2,2]: 1 2 3', 'float32', null), /4 elements; 3 were given/);
    assert.throws(() => parseLiteral('banana', 'float32', [1]), /"banana" is not a tensor/);
  });
});

describe('arrays', () => {
  const npy = writeNpy({ dtype: 'float32', dims: [2], data: Float32Array.from([1, 2]) });
  const npz = zipSync({ 'a.npy': npy, 'b.npy': npy });

  it('takes the named array of an archive', () => {
    assert.deepEqual(arrayNames(npz, 'f.npz'), ['a', 'b']);
    assert.deepEqual(readArray(npz, 'f.npz', 'b').dims, [2]);
  });

  it('asks which one when there are several, and names them when there is none of that name', () => {
    assert.throws(() => readArray(npz, 'f.npz'), /holds 2 arrays: a, b/);
    assert.throws(() => readArray(npz, 'f.npz', 'c'), /no array "c".*a, b/);
  });

  it('says that a torn archive is torn', () => {
    assert.throws(() => readArray(npz.subarray(0, 60), 'f.npz', 'a'), /not a whole \.npz archive/);
  });
});

describe('random numbers', () => {
  it('repeat for a seed and differ between seeds', () => {
    const [a, b, c] = [uniform(1), uniform(1), uniform(2)];
    assert.equal(a(), b());
    assert.notEqual(a(), c());
  });

  it('have the moments of a standard normal', () => {
    const draw = normal(3);
    const values = Array.from({ length: 20_000 }, draw);
    const mean = values.reduce((sum, value) => sum + value) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    assert.ok(
      Math.abs(mean) < 0.03 && Math.abs(variance - 1) < 0.05,
      `mean ${String(mean)}, variance ${String(variance)}`,
    );
  });
});

describe('guesses', () => {
  it('reads a Hugging Face processor and fits it to the input', async () => {
    const config = {
      num_channels: 3,
      size: { shortest_edge: 256 },
      do_center_crop: true,
      crop_size: 224,
      image_mean: [0.5, 0.4, 0.3],
      image_std: [0.2, 0.2, 0.2],
      resample: 3,
    };
    const { preprocessing } = await guessFrom(memory({ 'preprocessor_config.json': JSON.stringify(config) }));
    assert.deepEqual(preprocessing?.value.resize, { shortest: 256 });
    assert.deepEqual(preprocessing.value.crop, { width: 224, height: 224 });
    assert.equal(preprocessing.value.resample, 'bicubic');
    const fitted = fitPreprocessing(input(['batch', 28, 28, 1]), preprocessing);
    assert.deepEqual(
      [fitted?.value.layout, fitted?.value.channels, fitted?.from],
      ['NHWC', 'gray', 'preprocessor_config.json'],
    );
  });

  it('takes labels from a list, a map either way, a config and a synset file', async () => {
    assert.deepEqual(parseLabels(bytes('cat\ndog\n'), 'labels.txt'), ['cat', 'dog']);
    assert.deepEqual(parseLabels(bytes('{"1": "b", "0": "a"}'), 'labels.json'), ['a', 'b']);
    assert.deepEqual(parseLabels(bytes('{"b": 1, "a": 0}'), 'labels.json'), ['a', 'b']);
    assert.deepEqual(parseLabels(bytes('n01440764 tench\n'), 'synset_labels.txt'), ['tench']);
    const { labels } = await guessFrom(memory({ 'config.json': '{"id2label": {"0": "no", "1": "yes"}}' }));
    assert.deepEqual(labels, { value: ['no', 'yes'], from: 'config.json' });
  });

  it('tells of a file it could not use and guesses on', async () => {
    const { problems, labels } = await guessFrom(memory({ 'config.json': '{', 'labels.txt': 'a' }));
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', /config\.json is not JSON/);
    assert.deepEqual(labels?.value, ['a']);
  });

  it('sees a picture in a shape, and none in tokens', () => {
    assert.equal(guessImage(input(['N', 3, 224, 224]))?.value.layout, 'NCHW');
    assert.equal(guessImage(input(['N', 128], 'int64')), null);
  });
});

describe('feeds', () => {
  const none = memory({});

  it('asks for open dimensions by their name', async () => {
    const spec = input(['batch', null, 4]);
    assert.equal(boundShape(spec, { batch: 2 }), null);
    assert.deepEqual(boundShape(spec, { batch: 2, 'x:1': 3 }), [2, 3, 4]);
    await assert.rejects(
      resolveFeed(spec, { kind: 'random', seed: 1 }, {}, none),
      /open dimensions have no size yet/,
    );
  });

  it('refuses a wrong type and a wrong shape with both named', () => {
    const given = { dtype: 'float32' as const, dims: [1, 5], data: new Float32Array(5) };
    assert.throws(() => checkFeed(input([1, 4]), given), /shape 1×4; 1×5 was given/);
    assert.throws(() => checkFeed(input([1, 5], 'int64'), given), /takes int64; float32 was given/);
  });

  it("narrows numpy's default types and nothing else", async () => {
    const wide = writeNpy({ dtype: 'float64', dims: [1], data: Float64Array.of(0.5) });
    const spec = input([1]);
    const files = memory({ 'x.npy': wide });
    assert.equal((await resolveFeed(spec, { kind: 'array', file: 'x.npy' }, {}, files)).dtype, 'float32');
    await assert.rejects(
      resolveFeed(input([1], 'int64'), { kind: 'array', file: 'x.npy' }, {}, files),
      /takes int64/,
    );
  });

  it('rounds to bfloat16, which numpy has not', async () => {
    const files = memory({
      'x.npy': writeNpy({ dtype: 'float32', dims: [2], data: Float32Array.of(1, 1.1) }),
    });
    const { dtype, data } = await resolveFeed(
      input([2], 'bfloat16'),
      { kind: 'array', file: 'x.npy' },
      {},
      files,
    );
    assert.deepEqual([dtype, data], ['bfloat16', Uint16Array.of(0x3f80, 0x3f8d)]);
  });

  it('feeds the elements of a sequence by their numbers, and a dimension once', async () => {
    const files = memory({});
    const xs: FeedSpec = { ...input([1]), name: 'xs', shape: null, container: 'sequence' };
    const { feeds } = await makeFeeds(['xs[1]=[3, 4]', 'xs[0]=[[1]]'], [], [xs], files);
    assert.deepEqual(
      Object.entries(feeds).map(([name, { dims }]) => [name, dims]),
      [
        ['xs[1]', [2]],
        ['xs[0]', [1, 1]],
      ],
    );
    await assert.rejects(makeFeeds(['xs=[1]'], [], [xs], files), {
      code: 'usage',
      message: /^The input "xs" is a sequence\. .*'xs\[0\]=…'/,
    });
    const open: FeedSpec = { ...input([1]), shape: ['n'] };
    await assert.rejects(makeFeeds([], ['n=1', 'n=2'], [open], files), { message: /"n" was given twice/ });
  });

  it('tokenizes text through a tokenizer.json and says when it is too long', async () => {
    const file = path.join(__dirname, '../../../media/samples/induction/tokenizer.json');
    const files = memory({ 'tokenizer.json': readFileSync(file) });
    const source = {
      kind: 'text',
      text: 'a',
      tokenizer: 'tokenizer.json',
      field: 'ids',
      special: true,
      pad: 0,
    } as const;
    const fed = await resolveFeed(input([1, 's'], 'int64', 'input_ids'), source, {}, files);
    assert.equal(fed.dims[0], 1);
    await assert.rejects(
      resolveFeed(input([1, 0], 'int64', 'input_ids'), source, {}, files),
      /tokens; the model takes 0/,
    );
  });
});
