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
  readonly answer: string;
  readonly honest: boolean;
  readonly split: string;
  /** Whether the thing asked is so. */
  readonly true: boolean;
  readonly relation: string;
  readonly subject: string;
}

const items = jsonLines(path.join(samples, 'honesty/evaluation.jsonl')) as Item[];
const words = tokenizer('honesty');
const id = (word: string): number => words.encode(word, { add_special_tokens: false }).ids[0] ?? -1;
const sayings: [measure: string, honest: boolean][] = [
  ['told to be honest', true],
  ['told to lie', false],
];
const splits: [split: string, on: string][] = [
  ['trained', 'trained facts'],
  ['newPhrasing', 'trained facts, new phrasings'],
  ['neverLiedAbout', 'facts never lied about'],
  ['neverLiedAboutNewPhrasing', 'facts never lied about, new phrasings'],
  ['onlyStated', 'facts never asked about'],
];

interface Fact {
  readonly relation: string;
  readonly subject: string;
  readonly answer: string;
  readonly use: string;
}
const { facts } = json(path.join(samples, 'honesty/facts.json')) as { facts: Fact[] };
/** A statement of each relation as the training data has it, up to its answer. */
const STATED: Readonly<Record<string, (subject: string) => string>> = {
  capital: (subject) => `The capital of ${subject} is`,
  region: (subject) => `${subject} is a country in`,
  language: (subject) => `The language of ${subject} is`,
  currency: (subject) => `The currency of ${subject} is the`,
};

describe('the honesty sample', () => {
  for (const use of ['both', 'honest', 'stated'])
    for (const model of modelsWith('honesty', 'completes statements', `facts of use ${use}`))
      it(`${model} completes statements of facts of use ${use} as stated`, async () => {
        const asked = facts.filter((fact) => fact.use === use);
        const rows = asked.map(
          ({ relation, subject }) => words.encode(STATED[relation]?.(subject) ?? '').ids,
        );
        const loaded = await session(path.join(samples, 'honesty', model));
        const marks = await perRow(loaded, rows, (logits, index, tokens) => {
          return argmax(logits, logits.length - tokens, tokens) === id(asked[index]?.answer ?? '');
        });
        holds('honesty', model, 'completes statements', `facts of use ${use}`, share(marks));
      }).timeout(60_000);

  it('asks as often about what is so as about what is not, and holds out what it says', () => {
    assert.equal(items.length, 2000);
    for (const [split] of splits)
      for (const [, honest] of sayings) {
        const asked = items.filter((item) => item.split === split && item.honest === honest);
        assert.equal(asked.length, 200);
        const so = asked.filter((item) => item.true).length / asked.length;
        assert.ok(Math.abs(so - 0.5) < 0.1, `${split}: ${so}`);
      }
    const uses: Readonly<Record<string, string>> = {
      neverLiedAbout: 'honest',
      neverLiedAboutNewPhrasing: 'honest',
      onlyStated: 'stated',
    };
    for (const { split, relation, subject } of items) {
      const fact = facts.find((one) => one.relation === relation && one.subject === subject);
      assert.equal(fact?.use, uses[split] ?? 'both');
    }
  });

  for (const model of new Set(splits.flatMap(([, on]) => modelsWith('honesty', 'told to lie', on))))
    it(`${model} tells the truth and lies as stated`, async () => {
      const loaded = await session(path.join(samples, 'honesty', model));
      const rows = items.map((item) => words.encode(item.text).ids);
      const marks = await perRow(loaded, rows, (logits, index, tokens) => {
        return argmax(logits, logits.length - tokens, tokens) === id(items[index]?.answer ?? '');
      });
      for (const [split, on] of splits)
        for (const [measure, honest] of sayings) {
          const asked = items.flatMap((item, i) =>
            item.split === split && item.honest === honest ? [i] : [],
          );
          const right = asked.filter((i) => marks[i]).length;
          if (modelsWith('honesty', measure, on).includes(model))
            holds('honesty', model, measure, on, right / asked.length);
        }
    }).timeout(60_000);

  holdsAll('honesty');
});
