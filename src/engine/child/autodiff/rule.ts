/**
 * What a differentiation rule sees and gives. A rule is the vector-Jacobian product of one operator: from the gradients
 * of its outputs to the gradients of its inputs, as emitted nodes.
 */
import { Failure } from '../../../base/errors';
import type { AttributeValue, Node } from '../../../contract/skeleton';
import { type Builder, type Value } from './builder';
import { normalizeAxis } from './dims';

/** Gradient per input; null where the input has none (an index, a shape) or none is wanted. */
export type Grads = readonly (Value | null)[];
export type Rule = (c: RuleContext) => Grads;

/** An operator said with simpler ones, exactly: differentiated by differentiating what it is made of. */
export type Decomposition = (c: RuleContext) => readonly (Value | null)[];

/** Why an operator has no gradient, and what to export instead. */
export interface Refusal {
  readonly why: string;
  readonly instead: string;
}

export type RuleEntry =
  | { readonly kind: 'rule'; readonly rule: Rule }
  | { readonly kind: 'decompose'; readonly decompose: Decomposition }
  /** Piecewise constant or not a number's function: PyTorch passes no gradient either. */
  | { readonly kind: 'zero' }
  | { readonly kind: 'refuse'; readonly refusal: Refusal };

export class RuleContext {
  constructor(
    readonly b: Builder,
    readonly node: Node,
    /** The opset version of the node's domain in the model it comes from. */
    readonly opset: number,
    private readonly grads: readonly (Value | null)[],
    private readonly wanted: readonly boolean[],
    private readonly differentiate: (decomposition: Decomposition) => Grads,
  ) {}

  /** The gradients by way of what the operator is made of, where its own rule does not reach. */
  through(decomposition: Decomposition): Grads {
    return this.differentiate(decomposition);
  }

  /** Gradient of output `i`; zeros when nothing downstream uses that output. */
  g(i = 0): Value {
    return this.grads[i] ?? this.b.zerosLike(this.y(i));
  }

  maybeG(i: number): Value | null {
    return this.grads[i] ?? null;
  }

  wants(i: number): boolean {
    return this.wanted[i] ?? false;
  }

  get inputCount(): number {
    return this.node.inputs.length;
  }

  hasInput(i: number): boolean {
    return (this.node.inputs[i] ?? '') !== '';
  }

  x(i = 0): Value {
    const value = this.maybeX(i);
    if (value !== null) return value;
    throw this.broken(`has no input ${String(i)}`);
  }

  maybeX(i: number): Value | null {
    const name = this.node.inputs[i] ?? '';
    if (name === '') return null;
    const value = this.b.maybeValue(name);
    if (value !== undefined) return value;
    throw this.broken(`reads "${name}", whose shape is not known`);
  }

  y(i = 0): Value {
    const value = this.b.maybeValue(this.node.outputs[i] ?? '');
    if (value !== undefined) return value;
    throw this.broken(`has no output ${String(i)} of known shape`);
  }

  int(name: string, fallback: number): number {
    const value = this.#attribute(name);
    if (value === undefined) return fallback;
    if (value.type === 'int') return Number(value.value);
    throw this.broken(`has an attribute "${name}" that is not an integer`);
  }

  float(name: string, fallback: number): number {
    const value = this.#attribute(name);
    if (value === undefined) return fallback;
    if (value.type === 'float' || value.type === 'int') return Number(value.value);
    throw this.broken(`has an attribute "${name}" that is not a number`);
  }

  string(name: string, fallback: string): string {
    const value = this.#attribute(name);
    return value?.type === 'string' ? value.value : fallback;
  }

  strings(name: string): readonly string[] | undefined {
    const value = this.#attribute(name);
    return value?.type === 'strings' ? value.value : undefined;
  }

  ints(name: string): readonly number[] | undefined {
    const value = this.#attribute(name);
    return value?.type === 'ints' ? value.value.map(Number) : undefined;
  }

  /** Integers from a constant or observed input, or undefined when the input is left out. */
  maybeInputInts(i: number): readonly number[] | undefined {
    const name = this.node.inputs[i] ?? '';
    if (name === '') return undefined;
    const known = this.b.known.get(name);
    if (known !== undefined) return known;
    throw this.broken(`needs the contents of its input "${name}", which are not known before it runs`);
  }

  /** Integers that older opsets keep in an attribute and newer ones in input `i`. */
  intsEither(attribute: string, i: number): readonly number[] | undefined {
    return this.ints(attribute) ?? this.maybeInputInts(i);
  }

  /** `axes` from attribute or input `i`, normalised; `all` axes when absent unless `noop_with_empty_axes`. */
  reduceAxes(i: number): readonly number[] {
    const rank = this.x().dims.length;
    const axes = this.intsEither('axes', i);
    if (axes !== undefined && axes.length > 0) return axes.map((axis) => normalizeAxis(axis, rank));
    if (this.int('noop_with_empty_axes', 0) === 1) return [];
    return this.x().dims.map((_, axis) => axis);
  }

  axis(name: string, fallback: number, rank = this.x().dims.length): number {
    return normalizeAxis(this.int(name, fallback), rank);
  }

  broken(what: string, remedy = 'No gradient can be taken through it.'): Failure {
    return new Failure({
      code: 'no-gradient',
      message: `${this.node.op} "${this.node.name}" ${what}.`,
      remedy,
    });
  }

  #attribute(name: string): AttributeValue | undefined {
    return this.node.attributes.find((attribute) => attribute.name === name)?.value;
  }
}
