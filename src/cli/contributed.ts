/** Methods from files that a command names: `--methods FILE.cjs`, as often as one likes. */
import { resolve } from 'node:path';
import type { Method } from '../contract/method';
import { MethodList } from '../methods/methodList';

/** The methods of `own` and of these files. Throws `usage`. */
export function listWith(own: readonly Method[], files: readonly string[]): MethodList {
  const list = new MethodList(own);
  for (const file of new Set(files.map((each) => resolve(each)))) list.add(file);
  return list;
}
