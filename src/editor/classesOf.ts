/** The module classes that a Python text defines, for lenses and for exports. */
import type { ModuleClass } from '../source/moduleClasses';

/** The module classes of a text. The parser is loaded when first needed. */
export async function classesOf(text: string): Promise<ModuleClass[]> {
  const { readOutline } = await import('../source/python/outline');
  const { moduleClasses } = await import('../source/moduleClasses');
  return moduleClasses(readOutline('', text));
}
