/** Localised words, as the host's snapshot brings them. A key without a word shows itself, so that a gap is seen. */
import { setFigureWords } from '../figures/figureElement';

let words: Readonly<Record<string, string>> = {};

export function setWords(localised: Readonly<Record<string, string>>): void {
  words = localised;
  setFigureWords({
    asTable: word('table'),
    asPicture: word('picture'),
    rowsShown: word('rowsShown', '{0}', '{1}'),
    drives: word('whatDrivesOne', '{0}'),
  });
}

/** The word for a key, with `{0}`, `{1}`, … filled in. */
export function word(key: string, ...parts: readonly (string | number)[]): string {
  return (words[key] ?? key).replace(/\{(\d+)\}/g, (_, index: string) => String(parts[Number(index)] ?? ''));
}
