import assert from 'node:assert/strict';
import type { FeedSpec } from '../../../src/contract/run';
import type { Guesses } from '../../../src/data/guess';
import { fromProcessor } from '../../../src/data/guess';
import { firstChoice, fitsLabels, neededDims, usualSize, wantsArray } from '../../../src/editor/feedDefaults';
import { feedText, partsOf, toFeedSource, type PartWords } from '../../../src/editor/feedParts';

const words = new Proxy({} as PartWords, { get: (_target, key) => String(key) });
const guessWords = {
  firstImage: 'first image',
  exampleText: 'example',
  firstPrompt: (file: string) => `first of ${file}`,
  arrayName: 'array of its name',
  arrayShape: 'array of its shape',
  nothingBetter: 'nothing better',
  usual: 'usual',
  shape: 'shape',
  itsName: 'name',
  emptyState: 'zeros',
};
const nothing: Guesses = {
  preprocessing: null,
  labels: null,
  tokenizer: null,
  prompt: null,
  padToken: null,
  problems: [],
};
const image: FeedSpec = { name: 'image', dtype: 'float32', shape: ['batch', 1, 28, 28], optional: false };
const ids: FeedSpec = { name: 'input_ids', dtype: 'int64', shape: ['batch', 'sequence'], optional: false };

describe('first choices for inputs', () => {
  it('take the first image with the preprocessing that lies beside the model, and mark both as guesses', () => {
    const how = fromProcessor({ num_channels: 1, image_mean: [0.1307], image_std: [0.3081] });
    const guesses = { ...nothing, preprocessing: { value: how, from: 'preprocessor_config.json' } };
    const { source, from } = firstChoice(image, guesses, ['images/7.png'], guessWords);
    const parts = partsOf(source, from, words);
    const of = (id: string) => parts.find((part) => part.id === id);
    assert.equal(of('source')?.text, '7.png');
    assert.equal(of('source')?.guess, 'first image');
    assert.equal(of('mean')?.guess, 'preprocessor_config.json');
    assert.equal(of('size')?.text, '28×28 bilinear');
    assert.equal(of('size')?.guess, 'shape');
    assert.equal(of('channels')?.text, 'gray');
  });

  it('mark a part as no guess once a person chose it', () => {
    const { source, from } = firstChoice(image, nothing, ['7.png'], guessWords);
    const parts = partsOf(source, { ...from, mean: '' }, words);
    assert.equal(parts.find((part) => part.id === 'mean')?.guess, null);
    assert.notEqual(parts.find((part) => part.id === 'std')?.guess, null);
  });

  it('feed a text to token inputs where a tokenizer lies beside the model, else random numbers', () => {
    const guesses = { ...nothing, tokenizer: { value: 'tokenizer.json', from: 'tokenizer.json' } };
    assert.equal(firstChoice(ids, guesses, [], guessWords).source.kind, 'text');
    const { source, from } = firstChoice(ids, nothing, [], guessWords);
    assert.equal(source.kind, 'random');
    assert.equal(partsOf(source, from, words)[0]?.guess, 'nothing better');
  });

  it('take the text from the prompts beside the model, and an example only where there are none', () => {
    const tokenizer = { value: 'tokenizer.json', from: 'tokenizer.json' };
    const prompt = { value: 'The capital of Kenya is', from: 'prompts.jsonl' };
    const { source, from } = firstChoice(ids, { ...nothing, tokenizer, prompt }, [], guessWords);
    assert.equal(source.kind === 'text' && source.text, 'The capital of Kenya is');
    const [text] = partsOf(source, from, words);
    assert.deepEqual([text?.text, text?.guess], ['“The capital of Kenya is”', 'first of prompts.jsonl']);
    const without = firstChoice(ids, { ...nothing, tokenizer }, [], guessWords);
    assert.equal(partsOf(without.source, without.from, words)[0]?.guess, 'example');
  });

  it('take an array that fits, mark it as a guess, and prefer it to random numbers only', () => {
    const state: FeedSpec = { name: 'state', dtype: 'float32', shape: ['batch', 4, 7, 7], optional: false };
    const array = { source: { kind: 'array', file: 'data/states.npy' }, by: 'shape' } as const;
    const { source, from } = firstChoice(state, nothing, [], guessWords, array);
    assert.deepEqual(source, array.source);
    assert.deepEqual(partsOf(source, from, words), [
      { id: 'source', label: 'source', text: 'states.npy', guess: 'array of its shape' },
    ]);
    assert.equal(firstChoice(image, nothing, ['7.png'], guessWords, array).source.kind, 'image');
    const own = { ...array, by: 'model' } as const;
    assert.deepEqual(firstChoice(image, nothing, ['7.png'], guessWords, own).source, array.source);
    const named = firstChoice(state, nothing, [], guessWords, { ...array, by: 'name' });
    assert.equal(named.from['*'], 'array of its name');
  });

  it('look for arrays only where neither a picture nor a text is at hand', () => {
    const tokenizer = { value: 'tokenizer.json', from: 'tokenizer.json' };
    assert.equal(wantsArray(image, nothing, ['7.png']), false);
    assert.equal(wantsArray(image, nothing, []), true);
    assert.equal(wantsArray(ids, { ...nothing, tokenizer }, []), false);
    assert.equal(wantsArray(ids, nothing, ['7.png']), true);
  });

  it('ask for the open dimensions that a recipe needs, and for no others', () => {
    const random = { kind: 'random', seed: 0 } as const;
    assert.deepEqual(
      neededDims([ids], () => random),
      ['batch', 'sequence'],
    );
    assert.deepEqual(
      neededDims([ids], () => ({ kind: 'literal', text: '[[1, 2]]' })),
      [],
    );
    assert.deepEqual(
      neededDims([ids], () => ({ kind: 'literal', text: '0' })),
      ['batch', 'sequence'],
    );
    assert.equal(usualSize('batch', [ids]), 1);
    assert.equal(usualSize('s77', [{ ...ids, shape: ['s77', 4] }]), 1);
    assert.equal(usualSize('sequence', [ids]), 16);
    assert.equal(usualSize('x:2', [{ ...image, name: 'x', shape: [1, 3, null, null] }]), 64);
  });

  it('attend to everything where no tokenizer says what', () => {
    const text = (name: string): unknown => {
      const { source } = firstChoice({ ...ids, name }, nothing, [], guessWords);
      return source.kind === 'literal' ? source.text : source.kind;
    };
    assert.deepEqual(['attention_mask', 'token_type_ids', 'position_ids', 'input_ids'].map(text), [
      'ones',
      'zeros',
      'arange',
      'random',
    ]);
  });

  it('give a speech model its sample rate, a frame and an empty state', () => {
    const sound: FeedSpec[] = [
      { name: 'input', dtype: 'float32', shape: [null, null], optional: false },
      { name: 'state', dtype: 'float32', shape: [2, null, 128], optional: false },
      { name: 'sr', dtype: 'int64', shape: [], optional: false },
    ];
    const [input, state, rate] = sound.map((spec) => firstChoice(spec, nothing, [], guessWords).source);
    assert.deepEqual(input, { kind: 'random', seed: 0 });
    assert.deepEqual(state, { kind: 'literal', text: '0' });
    assert.deepEqual(rate, { kind: 'literal', text: '16000' });
    assert.equal(usualSize('input:1', sound), 512);
    assert.equal(usualSize('input:0', sound), 1);
    assert.equal(usualSize('state:1', sound), 1);
  });

  it('offer names of classes only where their number fits an output', () => {
    const logits = (last: number | string): FeedSpec => ({ ...image, name: 'y', shape: ['batch', last] });
    assert.equal(fitsLabels(10, [logits(10)]), true);
    assert.equal(fitsLabels(10, [logits('classes')]), true);
    assert.equal(fitsLabels(10, [{ ...image, shape: [null, 1, null, null] }]), false, 'a map of text');
    assert.equal(fitsLabels(10, [logits(1), { ...image, shape: [null, null, null] }]), false);
  });
});

describe('recipes', () => {
  it('come back from storage and refuse what is none', () => {
    const source = { kind: 'random', seed: 3, below: 10 } as const;
    assert.deepEqual(toFeedSource(JSON.parse(JSON.stringify(source))), source);
    assert.equal(toFeedSource({ kind: 'shell', text: 'x' }), undefined);
    assert.equal(toFeedSource({ kind: 'image', file: 3 }), undefined);
    assert.equal(toFeedSource(null), undefined);
  });

  it('say in one line what went in', () => {
    assert.equal(feedText({ kind: 'array', file: 'data/x.npz', entry: 'a' }, words), 'x.npz:a');
    assert.equal(feedText({ kind: 'random', seed: 4 }, words), 'random 4');
    assert.equal(
      feedText({ kind: 'text', text: 'a  b', tokenizer: 't', field: 'ids', special: true, pad: 0 }, words),
      '“a b”',
    );
  });
});
