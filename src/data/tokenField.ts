/** What an input for text takes, and a guess at it: apart from the tokenizer itself, which is long. */

/** Which of a tokenizer's answers an input takes. */
export type TokenField = 'ids' | 'mask' | 'types' | 'positions';

/** Which field an input most likely takes, by its name; undefined when the name says nothing. */
export function guessTokenField(input: string): TokenField | undefined {
  const name = input.toLowerCase();
  if (/token_type|segment/.test(name)) return 'types';
  if (/mask/.test(name)) return 'mask';
  if (/position/.test(name)) return 'positions';
  if (/input_ids|tokens?$|^ids$|input$|_ids$/.test(name)) return 'ids';
  return undefined;
}
