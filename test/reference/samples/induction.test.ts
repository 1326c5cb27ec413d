import { fromBinary, toBinary } from '@bufbuild/protobuf';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ModelProtoSchema } from 'onnx-buf';
import type { InferenceSession } from 'onnxruntime-node';
import {
  argmax,
  floatsOf,
  holds,
  holdsAll,
  integers,
  jsonLines,
  modelsWith,
  perRow,
  samples,
  session,
  share,
  tokenizer,
  withOutputs,
} from './support';

/** The model with what one head writes set to zero. */
function withoutHead(layer: number, head: number): Uint8Array {
  const model = fromBinary(ModelProtoSchema, readFileSync(file));
  const output = model.graph?.initializer.find((tensor) => tensor.name === `layers.${layer}.heads.output`);
  assert.ok(output !== undefined);
  const [heads, ...rest] = output.dims.map(Number);
  assert.equal(heads, 2);
  const size = 4 * rest.reduce((product, dim) => product * dim, 1);
  assert.equal(output.rawData.length, 2 * size);
  output.rawData = Uint8Array.from(output.rawData).fill(0, head * size, (head + 1) * size);
  return toBinary(ModelProtoSchema, model);
}

const logitsOf = async (model: InferenceSession, ids: readonly number[]): Promise<Float32Array> =>
  floatsOf((await model.run({ input_ids: integers([ids]) }))['logits']);

const file = path.join(samples, 'induction/induction.onnx');
const items = jsonLines(path.join(samples, 'induction/evaluation.jsonl')) as {
  text: string;
  repeat: number;
}[];
const words = tokenizer('induction');
const rows = items.map((item) => words.encode(item.text).ids);

describe('the induction sample', () => {
  const on = 'every letter of the second half';
  for (const model of modelsWith('induction', 'top-1', on))
    it(`${model} continues every repeated sequence`, async () => {
      const loaded = await session(path.join(samples, 'induction', model));
      const marks = await perRow(loaded, rows, (logits, index, tokens) => {
        const { repeat } = items[index] ?? { repeat: 0 };
        const ids = rows[index] ?? [];
        // From the first letter of the repeat (position repeat + 1, after [BOS]) to the last but one.
        return Array.from({ length: repeat - 1 }, (_, i) => repeat + 1 + i).every(
          (place) => argmax(logits, place * tokens, tokens) === ids[place + 1],
        );
      });
      holds('induction', model, 'top-1', on, share(marks));
    });

  it('does it by the circuit its source writes down', async () => {
    // The two layers' attention patterns, [batch, head, position, position looked at].
    const model = await session(withOutputs(file, ['softmax', 'softmax_1']));
    for (const [index, item] of items.slice(0, 10).entries()) {
      const ids = rows[index] ?? [];
      const { softmax, softmax_1 } = await model.run({ input_ids: integers([ids]) });
      const [first, second] = [floatsOf(softmax), floatsOf(softmax_1)];
      const length = ids.length;
      for (let place = 1; place < length; place++) {
        assert.ok((first[place * length + place - 1] ?? 0) > 0.999, 'head 0.0 looks at the token before');
        const target = place > item.repeat ? place - item.repeat + 1 : 0;
        assert.ok(
          (second[place * length + target] ?? 0) > 0.999,
          'head 1.0 looks after the last time, or at [BOS]',
        );
        for (const pattern of [first, second])
          assert.ok(
            (pattern[length * length + place * length + place] ?? 0) > 0.999,
            'heads 0.1 and 1.1 look at themselves',
          );
      }
    }
  });

  it('answers nothing before the repeat', async () => {
    const model = await session(file);
    for (const [index, { repeat }] of items.entries()) {
      const ids = rows[index] ?? [];
      const before = (await logitsOf(model, ids)).subarray(0, (repeat + 1) * 27);
      assert.ok(before.every((logit) => Math.abs(logit) < 5e-6));
    }
  });

  it('answers nothing without head 0.0 or 1.0, and to the last bit the same without 0.1 or 1.1', async () => {
    const whole = await session(file);
    for (const [layer, head, needed] of [
      [0, 0, true],
      [1, 0, true],
      [0, 1, false],
      [1, 1, false],
    ] as const) {
      const cut = await session(withoutHead(layer, head));
      for (const ids of rows.slice(0, 20)) {
        const [before, after] = [await logitsOf(whole, ids), await logitsOf(cut, ids)];
        if (needed) assert.ok(after.every((logit) => Math.abs(logit) < 1e-5));
        else assert.deepEqual(after, before);
      }
    }
  });

  holdsAll('induction');
});
