import path from 'node:path';
import assert from 'node:assert/strict';
import { argmax, holds, jsonLines, modelsWith, perRow, samples, session, share, tokenizer } from './support';

interface Item {
  readonly text: string;
  readonly indirect: string;
  readonly subject: string;
  readonly kind: string;
  readonly split: string;
}

const items = jsonLines(path.join(samples, 'indirect-object/evaluation.jsonl')) as Item[];
const words = tokenizer('indirect-object');
const id = (word: string): number => words.encode(word, { add_special_tokens: false }).ids[0] ?? -1;

/** The share of a split's prompts whose most likely next token is the indirect object. */
async function right(file: string, split: string): Promise<number> {
  const asked = items.filter((item) => item.split === split);
  const rows = asked.map((item) => words.encode(item.text).ids);
  const marks = await perRow(await session(file), rows, (logits, index, tokens) => {
    return argmax(logits, logits.length - tokens, tokens) === id(asked[index]?.indirect ?? '');
  });
  return share(marks);
}

describe('the indirect-object sample', () => {
  for (const [split, on] of [
    ['heldOut', 'prompts with held-out names'],
    ['trained', 'prompts with trained names'],
  ] as const)
    for (const model of modelsWith('indirect-object', 'top-1', on))
      it(`${model} names the indirect object in ${on} as stated`, async () => {
        holds(
          'indirect-object',
          model,
          'top-1',
          on,
          await right(path.join(samples, 'indirect-object', model), split),
        );
      }).timeout(60_000);

  it('never trained on a held-out name, and asks about each', () => {
    const { trained, heldOut } = {
      trained: new Set(
        items.filter((item) => item.split === 'trained').flatMap((i) => [i.indirect, i.subject]),
      ),
      heldOut: new Set(
        items.filter((item) => item.split === 'heldOut').flatMap((i) => [i.indirect, i.subject]),
      ),
    };
    assert.equal(heldOut.size, 40);
    assert.deepEqual(
      [...heldOut].filter((name) => trained.has(name)),
      [],
    );
  });
});
