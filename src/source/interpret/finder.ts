/**
 * Which file a Python import means: the importer's folder first, then the folders above it, then anywhere in the
 * workspace. What is no file of the workspace is a library. Pure; never looks at a disk.
 */
import type { Sources } from '../sources';

/** Never looked for far from the importer, even where a file of the same name lies somewhere. */
const LIBRARIES = new Set(
  (
    'torch torchvision torchaudio numpy scipy math os sys re functools itertools collections copy typing dataclasses enum abc ' +
    'transformers timm einops onnx onnxruntime tensorflow keras jax flax pandas sklearn PIL cv2 json time random logging'
  ).split(' '),
);

export class ModuleFinder {
  readonly #found = new Map<string, string | null>();

  constructor(private readonly sources: Sources) {}

  /** The file of a dotted module as `from` imports it, or null. `level` counts leading dots. */
  find(from: string, level: number, dotted: string): string | null {
    const key = `${folderOf(from)}|${String(level)}|${dotted}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const file = level > 0 ? this.#relative(from, level, dotted) : this.#absolute(from, dotted);
    this.#found.set(key, file);
    return file;
  }

  /** The `__init__` files that run before a file is imported, outermost first. */
  packagesOf(file: string): string[] {
    const parts = folderOf(file)
      .split('/')
      .filter((part) => part !== '');
    const files = parts.map((_, i) => `${parts.slice(0, i + 1).join('/')}/__init__.py`);
    return files.filter((path) => path !== file && this.sources.has(path));
  }

  #relative(from: string, level: number, dotted: string): string | null {
    const parts = folderOf(from)
      .split('/')
      .filter((part) => part !== '');
    if (level - 1 > parts.length) return null;
    return this.#at(parts.slice(0, parts.length - (level - 1)), dotted);
  }

  #absolute(from: string, dotted: string): string | null {
    if (dotted === '') return null;
    const parts = folderOf(from)
      .split('/')
      .filter((part) => part !== '');
    for (let depth = parts.length; depth >= 0; depth--) {
      for (const extra of [[], ['src']]) {
        const file = this.#at([...parts.slice(0, depth), ...extra], dotted);
        if (file !== null && file !== from) return file;
      }
    }
    const names = dotted.split('.');
    if (LIBRARIES.has(names[0] ?? '')) return null;
    const tail = `/${names.join('/')}`;
    const candidates = [
      ...this.sources.named(`${names.at(-1) ?? ''}.py`),
      ...this.sources.named('__init__.py'),
    ].filter((file) => `/${file}`.endsWith(`${tail}.py`) || `/${file}`.endsWith(`${tail}/__init__.py`));
    return candidates.sort((a, b) => a.length - b.length || (a < b ? -1 : 1))[0] ?? null;
  }

  #at(folder: readonly string[], dotted: string): string | null {
    const path = [...folder, ...(dotted === '' ? [] : dotted.split('.'))].join('/');
    const options = path === '' ? ['__init__.py'] : [`${path}.py`, `${path}/__init__.py`];
    return options.find((file) => this.sources.has(file)) ?? null;
  }
}

export function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : '';
}
