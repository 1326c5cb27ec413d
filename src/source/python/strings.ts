/** Python string literals to their values: plain escapes only, which is all that names and keys need. Pure. */

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '0': '\0',
};

/** The value of one literal with its prefix and quotes; raw strings keep their backslashes. */
export function decodeString(literal: string): string {
  const open = /^([a-zA-Z]*)('''|"""|'|")/.exec(literal);
  if (open === null) return literal;
  const quote = open[2] ?? '';
  const start = open[0].length;
  const body =
    literal.endsWith(quote) && literal.length >= start + quote.length
      ? literal.slice(start, -quote.length)
      : literal.slice(start);
  if (/r/i.test(open[1] ?? '')) return body;
  return body.replace(/\\(\r?\n|[\s\S])/g, (whole, char: string) =>
    /\n$/.test(char) ? '' : (ESCAPES[char] ?? whole),
  );
}
