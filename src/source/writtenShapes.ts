/**
 * Shapes that a person wrote down: `image [batch, 1, 28, 28]` in a docstring, `# x: (B, T, C)` in a comment,
 * `Float[Tensor, "batch 3 224 224"]` in an annotation. Pure text; a size is a number or the name it goes by.
 */

export type WrittenDim = number | string;

/** The dims written behind a parameter's name, or null. */
export function writtenShape(text: string, name: string): readonly WrittenDim[] | null {
  const quoted = name.replace(/[^\w]/g, '\\$&');
  const pattern = new RegExp(
    `(?<![\\w.])[\`*]*${quoted}[\`*]*(?:\\s*\\([^()\\n]*[Tt]ensor[^()\\n]*\\))?\\s*(?::|--?|–|is|are|=|of)?\\s*` +
      `(?:(?:an?|the|input|float|long|int|bool)\\s+)*(?:[Tt]ensors?\\s*)?(?:of|with|has)?\\s*(?:size|shape)?\\s*:?\\s*[[(]([^\\])\\n]{1,80})[\\])]`,
    'g',
  );
  for (const match of text.matchAll(pattern)) {
    const dims = parseDims(match[1] ?? '');
    if (dims !== null) return dims;
  }
  return null;
}

/** The dims of an annotation in the manner of jaxtyping, or null. */
export function annotatedShape(annotation: string): readonly WrittenDim[] | null {
  const match = /^[\w.]+\[\s*[\w.]*(?:Tensor|Array)\s*,\s*(['"])([^'"]+)\1\s*\]$/.exec(annotation.trim());
  const dims = match?.[2]?.trim().split(/\s+/);
  return dims === undefined
    ? null
    : parseDims(dims.map((dim) => dim.replace(/^[*#_]+|^\w+=/g, '')).join(','));
}

function parseDims(inner: string): readonly WrittenDim[] | null {
  const parts = inner.split(/\s*[,×]\s*|\s+x\s+/).filter((part) => part !== '');
  if (parts.length === 0 || parts.length > 6) return null;
  const dims = parts.map((part): WrittenDim | null => {
    const plain = part.trim();
    if (/^\d+(?:\s*\*\s*\d+)*$/.test(plain))
      return plain.split('*').reduce((product, factor) => product * Number(factor), 1);
    return /^[A-Za-z_][\w .-]{0,24}$/.test(plain) ? plain : null;
  });
  // A lone word in brackets is an aside, not a shape.
  if (parts.length === 1 && typeof dims[0] !== 'number') return null;
  return dims.every((dim) => dim !== null) ? dims : null;
}

const BATCH = /^(?:b|n|bs|bsz|batch(?:[ _]?size)?|batches|samples)$/i;
const LONG =
  /^(?:t|l|s|seq\w*|len\w*|time\w*|steps|tokens?|positions?|frames?|contexts?|src\w*|tgt\w*|seq[ _]len\w*)$/i;

/** True for names a batch goes by. */
export function isBatch(dim: WrittenDim): boolean {
  return typeof dim === 'string' && BATCH.test(dim.trim());
}

/** True for names a length goes by, which usually may change. */
export function isLength(dim: WrittenDim): boolean {
  return typeof dim === 'string' && LONG.test(dim.trim());
}
