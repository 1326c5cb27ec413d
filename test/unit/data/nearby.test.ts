import assert from 'node:assert/strict';
import { zipSync } from 'fflate';
import type { FeedSpec } from '../../../src/contract/run';
import type { DataFiles } from '../../../src/data/files';
import { guessFrom } from '../../../src/data/guess';
import { fitArrays, readNearArrays, readPrompts, type NearArray } from '../../../src/data/nearby';
import { writeNpy } from '../../../src/tensor/npy';

const npy = (dtype: 'float32' | 'float64' | 'int64' | 'int32', dims: readonly number[]): Uint8Array => {
  const count = dims.reduce((product, dim) => product * dim, 1);
  const data = {
    float32: new Float32Array(count),
    float64: new Float64Array(count),
    int64: new BigInt64Array(count),
    int32: new Int32Array(count),
  }[dtype];
  return writeNpy({ dtype, dims, data });
};

function memory(files: Readonly<Record<string, string | Uint8Array>>): DataFiles {
  return {
    beside: () => Promise.resolve(Object.keys(files)),
    read: (name) => {
      const file = files[name];
      if (file === undefined) return Promise.reject(new Error(`no ${name}`));
      return Promise.resolve(typeof file === 'string' ? new TextEncoder().encode(file) : file);
    },
  };
}

const spec = (name: string, dtype: FeedSpec['dtype'], shape: FeedSpec['shape']): FeedSpec => ({
  name,
  dtype,
  shape,
  optional: false,
});
const array = (
  file: string,
  dtype: NearArray['dtype'],
  dims: readonly number[],
  entry?: string,
): NearArray => ({
  file,
  dtype,
  dims,
  ...(entry === undefined ? {} : { entry }),
});
const chosen = (
  specs: readonly FeedSpec[],
  arrays: readonly NearArray[],
  model = '',
): Record<string, string> =>
  Object.fromEntries(
    [...fitArrays(specs, arrays, model)].map(([name, { source, by }]) => [
      name,
      `${source.file}${source.entry === undefined ? '' : `:${source.entry}`} by ${by}`,
    ]),
  );

describe('arrays near a model', () => {
  it('are known by type and shape, whole archives too, and a damaged one is a problem told', async () => {
    const archive = zipSync({ 'tokens.npy': npy('int64', [2, 3]), 'mask.npy': npy('float64', [2]) });
    const files = memory({ 'a.npy': npy('float32', [5, 4]), 'b.npz': archive, 'c.npy': 'no array at all' });
    const { arrays, problems } = await readNearArrays(files, ['a.npy', 'b.npz', 'c.npy']);
    assert.deepEqual(arrays, [
      array('a.npy', 'float32', [5, 4]),
      array('b.npz', 'int64', [2, 3], 'tokens'),
      array('b.npz', 'float64', [2], 'mask'),
    ]);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', /c\.npy is not a \.npy file/);
  });

  it('go to an input whose type and shape they fit, the one with the fewest elements', () => {
    const tokens = spec('tokens', 'int64', ['batch', 3]);
    const near = [
      array('all-pairs.npy', 'int64', [12769, 3]),
      array('a-few-pairs.npy', 'int64', [8, 3]),
      array('train-pairs.npy', 'int64', [3830]),
      array('floats.npy', 'float32', [1, 3]),
      array('none.npy', 'int64', [0, 3]),
    ];
    assert.deepEqual(chosen([tokens], near), { tokens: 'a-few-pairs.npy by shape' });
    assert.deepEqual(chosen([spec('x', 'float32', ['batch', 7])], near), {});
  });

  it('go to the input of their own name first, whatever their size', () => {
    const near = [array('small.npy', 'float32', [1, 4]), array('data/State.npy', 'float64', [9, 4])];
    assert.deepEqual(chosen([spec('state', 'float32', ['batch', 4])], near), {
      state: 'data/State.npy by name',
    });
  });

  it('go by the model’s name together with the input’s before anything else', () => {
    const mel = spec('mel_in', 'float32', ['n', 4]);
    const ids = spec('ids', 'int64', [1, 4]);
    const near = [
      array('ids.npy', 'int64', [1, 4]),
      array('bert.ids.npy', 'int64', [1, 4]),
      array('whisper.ids.npy', 'int64', [1, 4]),
      array('whisper-mel-in.npy', 'float32', [9, 4]),
      array('a.npy', 'float32', [1, 4]),
    ];
    const whisper = { mel_in: 'whisper-mel-in.npy by model', ids: 'whisper.ids.npy by model' };
    assert.deepEqual(chosen([mel, ids], near, 'whisper.onnx'), whisper);
    assert.deepEqual(chosen([mel, ids], near, 'whisper_int8.onnx'), whisper);
    assert.deepEqual(chosen([ids], near, 'other.onnx'), { ids: 'ids.npy by name' });
    const archives = [array('t5.npz', 'int64', [1, 4], 'ids'), array('bert.npz', 'int64', [1, 4], 'ids')];
    assert.deepEqual(chosen([ids], archives, 'bert.onnx'), { ids: 'bert.npz:ids by model' });
    const foreign = [array('甲.npy', 'int64', [1, 4]), array('乙.npy', 'int64', [1, 4])];
    assert.deepEqual(chosen([spec('乙', 'int64', [1, 4])], foreign), { 乙: '乙.npy by name' });
  });

  it('are left to others by an input that wants none, but for one named after the model and it', () => {
    const [image, other] = [spec('image', 'float32', ['n', 8]), spec('other', 'float32', ['n', 8])];
    const near = [array('image.npy', 'float32', [5, 8]), array('a.npy', 'float32', [2, 8])];
    const fitted = (arrays: readonly NearArray[]): [string, string][] =>
      [...fitArrays([image, other], arrays, 'm.onnx', (input) => input !== image)].map(
        ([name, { source }]) => [name, source.file],
      );
    assert.deepEqual(fitted(near), [['other', 'a.npy']]);
    const own = array('m.image.npy', 'float32', [2, 8]);
    assert.deepEqual(fitted([...near, own]), [
      ['image', 'm.image.npy'],
      ['other', 'a.npy'],
    ]);
  });

  it('are taken by entry where an archive has one for each input, and never twice', () => {
    const specs = [spec('input_a', 'float32', ['n', 4]), spec('input_b', 'float32', ['n', 4])];
    const entries = [
      array('in.npz', 'float32', [2, 4], 'input_b'),
      array('in.npz', 'float32', [2, 4], 'input_a'),
    ];
    assert.deepEqual(chosen(specs, entries), {
      input_a: 'in.npz:input_a by name',
      input_b: 'in.npz:input_b by name',
    });
    assert.deepEqual(chosen(specs, [array('x.npy', 'float32', [2, 4])]), { input_a: 'x.npy by shape' });
    assert.deepEqual(chosen(specs, [array('input_b.npy', 'float32', [2, 4])]), {
      input_b: 'input_b.npy by name',
    });
  });

  it('agree about the size of an open dimension that inputs share', () => {
    const specs = [spec('a', 'float32', ['n', 4]), spec('b', 'float32', ['n', 3])];
    const near = [
      array('a.npy', 'float32', [5, 4]),
      array('u.npy', 'float32', [2, 3]),
      array('v.npy', 'float32', [5, 3]),
    ];
    assert.deepEqual(chosen(specs, near), { a: 'a.npy by name', b: 'v.npy by shape' });
  });

  it('are not taken for a shape that says nothing, but by name', () => {
    const open = spec('x', 'float32', ['batch', 'length']);
    assert.deepEqual(chosen([open], [array('weights.npy', 'float32', [64, 64])]), {});
    assert.deepEqual(chosen([open], [array('x.npy', 'float32', [64, 64])]), { x: 'x.npy by name' });
    assert.deepEqual(chosen([spec('y', 'float32', null)], [array('y.npy', 'float32', [1])]), {});
  });
});

describe('prompts beside a model', () => {
  const prompt = async (files: Readonly<Record<string, string>>): Promise<unknown> =>
    (await guessFrom(memory(files))).prompt;

  it('give their first text, from lines of JSON, a list, or plain lines', async () => {
    const lines = '{"text": "Rain falls on", "answer": "grass"}\n{"text": "no"}\n';
    assert.deepEqual(await prompt({ 'prompts.jsonl': lines }), {
      value: 'Rain falls on',
      from: 'prompts.jsonl',
    });
    assert.deepEqual(await prompt({ 'prompts.json': '["One", "Two"]' }), {
      value: 'One',
      from: 'prompts.json',
    });
    assert.deepEqual(await prompt({ 'questions.json': '[{"question": "Why?"}]' }), {
      value: 'Why?',
      from: 'questions.json',
    });
    assert.deepEqual(await prompt({ 'prompts.txt': '\n  Once upon \nTwice' }), {
      value: 'Once upon',
      from: 'prompts.txt',
    });
  });

  it('are offered in their order, as many as are asked for', async () => {
    const files = { 'prompts.jsonl': '{"text": "a"}\n{"id": 2}\n{"prompt": "c"}\n{"text": "d"}\n' };
    assert.deepEqual(await readPrompts(memory(files), Object.keys(files), 3), {
      values: ['a', 'c'],
      from: 'prompts.jsonl',
    });
  });

  it('are not guessed from other files, from empty ones, or from fields of another name', async () => {
    assert.equal(await prompt({ 'requirements.txt': 'torch', 'facts.json': '["a"]' }), null);
    assert.equal(await prompt({ 'prompts.txt': '\n', 'prompts.jsonl': '{"id": 3}' }), null);
  });

  it('say when their file is damaged, and stop nothing', async () => {
    const { prompt: none, problems } = await guessFrom(memory({ 'prompts.jsonl': '{"text": ' }));
    assert.equal(none, null);
    assert.match(problems.join(), /prompts\.jsonl is not JSON/);
  });
});
