/**
 * What is known of a value's type without running: stated in the file, else inferred by the runtime when the engine has
 * been asked before. One answer per value name of the main graph, as text and as dims.
 */
import type { InferredValue } from '../contract/engineApi';
import type { Shape, Skeleton, ValueType } from '../contract/skeleton';
import type { Dtype } from '../tensor/dtype';
import { formatShape } from '../tensor/shape';

export interface KnownType {
  readonly dtype: Dtype;
  readonly shape: Shape;
}

export class ValueTypes {
  readonly #known = new Map<string, KnownType>();
  readonly #other = new Map<string, string>();

  constructor(skeleton: Skeleton, inferred: readonly InferredValue[] = []) {
    const { graph } = skeleton;
    for (const { name, type } of [...graph.values.values(), ...graph.inputs, ...graph.outputs])
      this.#add(name, type);
    for (const weight of graph.initializers.values()) {
      this.#known.set(weight.name, { dtype: weight.dtype, shape: weight.dims });
    }
    for (const { name, dtype, shape } of inferred) {
      const stated = this.#known.get(name);
      if (stated === undefined || knownDims(shape) > knownDims(stated.shape))
        this.#known.set(name, { dtype, shape });
    }
  }

  get(name: string): KnownType | undefined {
    return this.#known.get(name);
  }

  /** Whether the model states that this is a sequence, a map or an optional. */
  isOther(name: string): boolean {
    return this.#other.has(name);
  }

  /** `float32 batch×10`, `sequence of float32`, or ''. */
  text(name: string): string {
    const known = this.#known.get(name);
    return known === undefined ? (this.#other.get(name) ?? '') : typeText(known.dtype, known.shape);
  }

  #add(name: string, type: ValueType): void {
    if (type.kind === 'tensor' || type.kind === 'sparse')
      this.#known.set(name, { dtype: type.dtype, shape: type.shape });
    else if (type.kind !== 'unknown') this.#other.set(name, describeType(type));
  }
}

/** `float32 1×8×28×28`; the type alone when nothing is known of the shape. */
export function typeText(dtype: string, shape: Shape): string {
  return shape === null ? dtype : `${dtype} ${formatShape(shape)}`;
}

function describeType(type: ValueType): string {
  switch (type.kind) {
    case 'tensor':
    case 'sparse':
      return typeText(type.dtype, type.shape);
    case 'sequence':
    case 'optional':
      return `${type.kind} of ${describeType(type.of)}`;
    case 'map':
      return `map from ${type.key} to ${describeType(type.value)}`;
    case 'unknown':
      return '?';
  }
}

function knownDims(shape: Shape): number {
  return shape === null ? -1 : shape.filter((dim) => typeof dim === 'number').length;
}
