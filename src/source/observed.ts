/** The modules a model's nodes name, with the classes and operators seen in each. Facts only; built once for a model. */
import type { Node } from '../contract/skeleton';
import type { NodeEvidence } from './evidence';

export interface ObservedModule {
  readonly path: string;
  /** As the exporter wrote it (`net.Block`), or null. */
  readonly className: string | null;
  /** Operators of the nodes directly in it. */
  readonly ops: ReadonlySet<string>;
}

export class Observed {
  readonly #modules = new Map<string, { path: string; className: string | null; ops: Set<string> }>();
  readonly #below = new Map<string, readonly ObservedModule[]>();

  constructor(nodes: readonly Node[], evidence: readonly NodeEvidence[]) {
    nodes.forEach((node, i) => {
      const { modules, classes, weightModule } = evidence[i] ?? {
        modules: null,
        classes: [],
        weightModule: null,
      };
      modules?.forEach((path, depth) => {
        const last = depth === modules.length - 1;
        this.#note(path, classes[depth] ?? null, last ? node.op : null);
      });
      if (weightModule !== null) this.#note(weightModule, null, node.op);
    });
  }

  /** All modules, parents first. */
  get modules(): readonly ObservedModule[] {
    return this.below('');
  }

  get(path: string): ObservedModule | undefined {
    return this.#modules.get(path);
  }

  /** Modules at or below a path, shortest first. */
  below(path: string): readonly ObservedModule[] {
    const known = this.#below.get(path);
    if (known !== undefined) return known;
    const found = [...this.#modules.values()]
      .filter((module) => path === '' || module.path === path || module.path.startsWith(`${path}.`))
      .sort((a, b) => depthOf(a.path) - depthOf(b.path));
    this.#below.set(path, found);
    return found;
  }

  /** The largest index used in a path at or below this one, or -1: bounds loops whose length nobody knows. */
  largestIndex(path: string): number {
    let largest = -1;
    const base = path === '' ? 0 : path.split('.').length;
    for (const module of this.below(path)) {
      for (const part of module.path.split('.').slice(base, base + 3))
        if (/^\d{1,4}$/.test(part)) largest = Math.max(largest, Number(part));
    }
    return largest;
  }

  #note(path: string, className: string | null, op: string | null): void {
    const known = this.#modules.get(path) ?? { path, className: null, ops: new Set<string>() };
    this.#modules.set(path, known);
    known.className ??= className;
    if (op !== null) known.ops.add(op);
  }
}

function depthOf(path: string): number {
  return path === '' ? 0 : path.split('.').length;
}
