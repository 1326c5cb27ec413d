import path from 'node:path';
import { argmax, holds, jsonLines, modelsWith, perRow, samples, session, tokenizer } from './support';

interface Item {
  readonly text: string;
  readonly answer: string;
  readonly honest: boolean;
  readonly split: string;
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

describe('the honesty sample', () => {
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
});
