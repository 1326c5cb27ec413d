/**
 * NaN and the infinities through JSON, which has no word for them and writes `null`. What is kept on disk and what goes
 * through a webview's port (VS Code sends it as JSON) is encoded on one side and decoded on the other. Typed arrays and
 * buffers pass as they are: their bytes never become text.
 */

type Word = 'NaN' | 'Infinity' | '-Infinity';

/** The only key of an object that stands for a number. */
const KEY = '$number';

/** The same value with every number that JSON cannot hold as `{"$number": "NaN"}`. Parts without any are not copied. */
export function encodeNumbers(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : { [KEY]: String(value) };
  return mapParts(value, encodeNumbers);
}

/** Undoes `encodeNumbers`. */
export function decodeNumbers(value: unknown): unknown {
  const number = asNumber(value);
  return number ?? mapParts(value, decodeNumbers);
}

function asNumber(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || !(KEY in value)) return undefined;
  const word = value[KEY];
  return isWord(word) && Object.keys(value).length === 1 ? Number(word) : undefined;
}

function isWord(word: unknown): word is Word {
  return word === 'NaN' || word === 'Infinity' || word === '-Infinity';
}

/** Walks plain objects and arrays; gives the very same one back where nothing in it changed. */
function mapParts(value: unknown, change: (part: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const part: unknown = value[i];
      const changed = change(part);
      if (copy !== undefined || !Object.is(changed, part)) (copy ??= value.slice(0, i)).push(changed);
    }
    return copy ?? value;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  let copy: Record<string, unknown> | undefined;
  for (const [key, part] of Object.entries(value)) {
    const changed = change(part);
    if (!Object.is(changed, part)) (copy ??= { ...value })[key] = changed;
  }
  return copy ?? value;
}
