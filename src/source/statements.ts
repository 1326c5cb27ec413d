/**
 * Python text as statements, one after the other, with what each assigns to: enough to search for what code does to
 * things it was handed. Much cheaper than a parse, made for files that no model may need; not a parser.
 */

/** One statement: its text on one line, and the function around it. */
export interface Statement {
  readonly text: string;
  /** Name of the innermost function, '' outside of any. */
  readonly scope: string;
  /** The function stands in a class. */
  readonly method: boolean;
}

const STRINGS = /("""|''')[\s\S]*?\1|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|#[^\n]*/g;

/** The text without comments and with nothing in its strings that could be taken for code. */
export function clean(source: string): string {
  return source
    .replace(STRINGS, (found, triple: string | undefined) => {
      if (found.startsWith('#')) return '';
      return triple === undefined ? found.replace(/[^\w.'"]/g, '_') : '""';
    })
    .replace(/\\\r?\n/g, ' ');
}

/** The statements of a cleaned text, in order. */
export function statementsOf(text: string): Statement[] {
  const found: Statement[] = [];
  const around: { indent: number; name: string; kind: 'class' | 'def' }[] = [];
  let line = '';
  let depth = 0;
  for (const part of text.split('\n')) {
    line = line === '' ? part : `${line} ${part.trim()}`;
    depth = Math.max(0, depth + balance(part));
    // What never closes is broken, and must not swallow the file.
    if (depth > 0 && !/^(?:def|class)\b/.test(part)) continue;
    const whole = line;
    line = '';
    if (/^(?:def|class)\b/.test(part)) depth = Math.max(0, balance(part));
    if (whole.trim() === '') continue;
    const indent = whole.length - whole.trimStart().length;
    while ((around.at(-1)?.indent ?? -1) >= indent) around.pop();
    const head = /^\s*(?:async\s+)?(def|class)\s+(\w+)/.exec(whole);
    const inner = around.at(-1);
    const method = inner?.kind === 'def' && around.at(-2)?.kind === 'class';
    for (const piece of whole.split(';'))
      found.push({ text: piece.trim(), scope: inner?.kind === 'def' ? inner.name : '', method });
    if (head?.[2] !== undefined)
      around.push({ indent, name: head[2], kind: head[1] === 'class' ? 'class' : 'def' });
  }
  return found;
}

/** What a statement assigns to, each target by itself, and the text of what is assigned. */
export function targetsOf(text: string): { readonly targets: string[]; readonly value: string } {
  if (!text.includes('=') || /^(?:async\s+)?(?:def|class)\b/.test(text)) return { targets: [], value: '' };
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if ('([{'.includes(char)) depth++;
    else if (')]}'.includes(char)) depth--;
    else if (depth === 0 && char === '=') {
      if (text[at + 1] === '=') at++;
      else if (!'!<>:'.includes(text[at - 1] ?? ' ')) {
        parts.push(text.slice(from, at).replace(/[-+*/%&|^@]+$/, ''));
        from = at + 1;
      }
    }
  }
  const targets = parts.flatMap((part) => {
    // `a.b: Kind = c` and `if d: a.b = c`: the target is before the colon or behind it.
    const sides = splitAt(part, ':');
    const inline = /^\s*(?:if|elif|else|for|while|with|try|except|finally|lambda)\b/.test(part);
    return unpacked((inline ? sides.at(-1) : sides[0]) ?? '');
  });
  return { targets, value: text.slice(from).trim() };
}

/** Each target of `(a, *b), [c, d]`. */
function unpacked(text: string): string[] {
  return splitAt(text, ',').flatMap((piece) => {
    const target = piece.trim().replace(/^\*/, '');
    const inner = /^[([](.*)[)\]]$/.exec(target)?.[1];
    if (inner !== undefined && balance(inner) === 0) return unpacked(inner);
    return target === '' ? [] : [target];
  });
}

/** The arguments of a call whose opening bracket ends at `from`, as text. */
export function argumentsOf(text: string, from: number): string[] {
  let depth = 1;
  let to = from;
  for (; to < text.length && depth > 0; to++) {
    if ('([{'.includes(text[to] ?? ' ')) depth++;
    else if (')]}'.includes(text[to] ?? ' ')) depth--;
  }
  return splitAt(text.slice(from, depth === 0 ? to - 1 : to), ',').map((part) => part.trim());
}

function splitAt(text: string, sign: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if ('([{'.includes(char)) depth++;
    else if (')]}'.includes(char)) depth--;
    else if (char === sign && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)];
}

function balance(text: string): number {
  let depth = 0;
  for (const char of text) {
    if ('([{'.includes(char)) depth++;
    else if (')]}'.includes(char)) depth--;
  }
  return depth;
}
