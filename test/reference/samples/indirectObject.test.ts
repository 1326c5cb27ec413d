import path from 'node:path';
import assert from 'node:assert/strict';
import {
  argmax,
  holds,
  holdsAll,
  json,
  jsonLines,
  modelsWith,
  perRow,
  samples,
  session,
  share,
  tokenizer,
} from './support';

interface Item {
  readonly text: string;
  readonly indirect: string;
  readonly subject: string;
  readonly kind: string;
  readonly split: string;
}

const items = jsonLines(path.join(samples, 'indirect-object/evaluation.jsonl')) as Item[];
const { heldOut: unseen, trained: seen } = json(path.join(samples, 'indirect-object/names.json')) as {
  heldOut: string[];
  trained: string[];
};
const everybody = new Set([...unseen, ...seen]);
const words = tokenizer('indirect-object');
const id = (word: string): number => words.encode(word, { add_special_tokens: false }).ids[0] ?? -1;

const modelFile = (model: string): string => path.join(samples, 'indirect-object', model);

/** For each prompt the most likely next token. */
async function answers(file: string, asked: readonly Item[]): Promise<number[]> {
  const rows = asked.map((item) => words.encode(item.text).ids);
  return perRow(await session(file), rows, (logits, _, tokens) =>
    argmax(logits, logits.length - tokens, tokens),
  );
}

describe('the indirect-object sample', () => {
  const groups: [on: string, holds: (item: Item) => boolean][] = [
    ['prompts with held-out names', (item) => item.split === 'heldOut'],
    ['held-out names, the first repeated', (item) => item.split === 'heldOut' && item.kind === 'AB'],
    ['held-out names, the second repeated', (item) => item.split === 'heldOut' && item.kind === 'BA'],
    ['prompts with trained names', (item) => item.split === 'trained'],
  ];
  for (const [on, belongs] of groups)
    for (const model of modelsWith('indirect-object', 'top-1', on))
      it(`${model} names the indirect object in ${on} as stated`, async () => {
        const asked = items.filter(belongs);
        const given = await answers(modelFile(model), asked);
        const right = asked.map((item, i) => given[i] === id(item.indirect));
        holds('indirect-object', model, 'top-1', on, share(right));
      }).timeout(60_000);

  const nobody = 'prompts where nobody repeats';
  for (const model of modelsWith('indirect-object', 'one of the two named first', nobody))
    it(`${model} names one of the two where nobody repeats as often as stated`, async () => {
      const asked = items.filter((item) => item.split === 'abc');
      const given = await answers(modelFile(model), asked);
      const people = asked.map(({ text, subject }) =>
        text
          .match(/\w+/g)
          ?.filter((word) => everybody.has(word) && word !== subject)
          .map(id),
      );
      for (const two of people) assert.equal(two?.length, 2);
      const first = people.map((two, i) => two?.[0] === given[i]);
      const either = people.map((two, i) => two?.includes(given[i] ?? -1) === true);
      holds('indirect-object', model, 'one of the two named first', nobody, share(either));
      holds('indirect-object', model, 'the first of the two', nobody, share(first));
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

  holdsAll('indirect-object');
});
