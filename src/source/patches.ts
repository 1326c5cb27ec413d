/**
 * Functions and methods of PyTorch that a file puts others in the place of: `torch.relu = louder`, `F.gelu = …`,
 * `torch.Tensor.clip = …`, `setattr(torch, name, …)`. Found by text; it says "perhaps", and "any" where the name is computed.
 */

export interface Patches {
  readonly names: ReadonlySet<string>;
  /** A name that only running the code would tell. */
  readonly any: boolean;
}

/** Of a cleaned text (`statements.ts`). */
export function patchesIn(text: string): Patches {
  const names = new Set<string>();
  let any = false;
  const holders = ['torch', 'F', 'nn', 'TF', ...aliases(text)].join('|');
  const holder = `(?<![\\w.])(?:${holders})(?:\\.\\w+)*`;
  const set = new RegExp(`${holder}\\.(\\w+)(?=\\s*(?:,[^=\\n()]*)?=(?!=))`, 'g');
  for (const [, name = ''] of text.matchAll(set)) names.add(name);
  const call = new RegExp(`\\b(?:__)?setattr(?:__)?\\s*\\(\\s*${holder}\\s*,\\s*(?:['"](\\w+)['"]|)`, 'g');
  for (const [, name] of text.matchAll(call)) {
    if (name === undefined) any = true;
    else names.add(name);
  }
  const mocked = /\b(?:patch|setattr)\s*\(\s*['"](?:torch)\.[\w.]*?(\w+)['"]/g;
  for (const [, name = ''] of text.matchAll(mocked)) names.add(name);
  const object = new RegExp(`\\bpatch\\.object\\s*\\(\\s*${holder}\\s*,\\s*['"](\\w+)['"]`, 'g');
  for (const [, name = ''] of text.matchAll(object)) names.add(name);
  return { names, any };
}

/** Names under which a file has PyTorch, a part of it, or its tensors. */
function* aliases(text: string): IterableIterator<string> {
  for (const [, name = ''] of text.matchAll(/\bimport\s+torch(?:\.\w+)*\s+as\s+(\w+)/g)) yield name;
  for (const [, list = ''] of text.matchAll(/\bfrom\s+torch(?:\.\w+)*\s+import\s+([^\n;]*)/g))
    for (const part of list.replace(/[()]/g, '').split(',')) {
      const name = /(\w+)\s*$/.exec(part)?.[1];
      if (name !== undefined) yield name;
    }
}
