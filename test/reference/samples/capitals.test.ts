import path from 'node:path';
import {
  argmax,
  holds,
  holdsAll,
  json,
  modelsWith,
  perRow,
  samples,
  session,
  share,
  tokenizer,
} from './support';

interface Book {
  readonly templates: readonly { relation: string; text: string; split: string }[];
  readonly facts: readonly { relation: string; subject: string; answer: string }[];
}

const book = json(path.join(samples, 'capitals/facts.json')) as Book;
const words = tokenizer('capitals');
const ids = (text: string, special: boolean): number[] =>
  words.encode(text, { add_special_tokens: special }).ids;

/** Every `every`-th sentence of a split in the order of facts and, within a fact, of wordings: prompt and answer. */
function sentences(split: string, every: number, of?: string): { prompt: number[]; answer: number[] }[] {
  const facts = book.facts.filter((fact) => of === undefined || fact.relation === of);
  const all = facts.flatMap((fact) =>
    book.templates
      .filter((template) => template.split === split && template.relation === fact.relation)
      .map((template) => ({ text: template.text.replace('{subject}', fact.subject), answer: fact.answer })),
  );
  return all
    .filter((_, i) => i % every === 0)
    .map(({ text, answer }) => ({ prompt: ids(text, true), answer: ids(answer, false) }));
}

/** The share of sentences whose whole answer is the first choice, token by token. */
async function known(file: string, split: string, every: number, of?: string): Promise<number> {
  const asked = sentences(split, every, of);
  const model = await session(file);
  const rows = asked.map(({ prompt, answer }) => [...prompt, ...answer.slice(0, -1)]);
  const marks = await perRow(model, rows, (logits, index, tokens) => {
    const { prompt, answer } = asked[index] ?? { prompt: [], answer: [] };
    return answer.every((id, i) => argmax(logits, (prompt.length - 1 + i) * tokens, tokens) === id);
  });
  return share(marks);
}

describe('the capitals sample', () => {
  const splits: [split: string, on: string, every: number, of?: string][] = [
    ['heldOut', 'held-out wordings of all facts', 1],
    ['heldOut', 'every 12th held-out wording', 12],
    ['newCore', 'a core sentence never seen', 1],
    ...['capital', 'region', 'language', 'currency', 'demonym'].map(
      (of): [string, string, number, string] => ['newCore', `a core sentence never seen, ${of}`, 1, of],
    ),
  ];
  for (const [split, on, every, of] of splits)
    for (const model of modelsWith('capitals', 'exact answers', on))
      it(`${model} knows its facts in ${on} as stated`, async () => {
        holds(
          'capitals',
          model,
          'exact answers',
          on,
          await known(path.join(samples, 'capitals', model), split, every, of),
        );
      }).timeout(60_000);

  const on = 'a core sentence never seen, demonym';
  it('puts a word of its own before the demonym where the core sentence is new, as stated', async () => {
    const asked = sentences('newCore', 1, 'demonym');
    const [called] = ids('called', false);
    const loaded = await session(path.join(samples, 'capitals/capitals.onnx'));
    const says = await perRow(
      loaded,
      asked.map(({ prompt }) => prompt),
      (logits, _, tokens) => argmax(logits, logits.length - tokens, tokens) === called,
    );
    holds('capitals', 'capitals.onnx', 'goes on with “called”', on, share(says));
    const then = await perRow(
      loaded,
      asked.map(({ prompt, answer }) => [...prompt, called ?? -1, ...answer.slice(0, -1)]),
      (logits, index, tokens) => {
        const { prompt, answer } = asked[index] ?? { prompt: [], answer: [] };
        return answer.every((id, i) => argmax(logits, (prompt.length + i) * tokens, tokens) === id);
      },
    );
    holds('capitals', 'capitals.onnx', 'exact answers after “called”', on, share(then));
  }).timeout(60_000);

  holdsAll('capitals');
});
