/**
 * An objective as nodes over forward values, and the gradients that arrive at those values. Indices and directions are
 * inputs of the backward graph, so that another token is a run and not a new session.
 */
import { assertNever } from '../../../base/assert';
import { Failure } from '../../../base/errors';
import { isFloat, type Dtype } from '../../../tensor/dtype';
import { backward } from './backward';
import { emittedOpset, type Builder, type Value } from './builder';
import type { Objective } from '../../../onnx/objective';
import { ruleFor } from './rules/index';

export type DeclareInput = (name: string, dtype: Dtype, dims: readonly number[]) => Value;

export interface EmittedObjective {
  /** The objective itself, a scalar. */
  readonly value: Value;
  /** Its gradient at each forward value that it reads. */
  readonly seeds: ReadonlyMap<string, Value>;
  /** Declared index inputs, in the order of `elementsOf`: one number per axis, or a row of them per objective. */
  readonly indices: readonly Value[];
  /** Directions to feed, by the name the objective gives them. */
  readonly directions: readonly { readonly input: Value; readonly name: string }[];
}

/**
 * Emits `objective` into `b`, in which the forward values are declared.
 * @param rows how many objectives of this form there are, each of a row of its own of every value; null for one of all
 */
export function emitObjective(
  b: Builder,
  objective: Objective,
  declare: DeclareInput,
  rows: number | null = null,
): EmittedObjective {
  const emitter = new Emitter(b, declare, rows);
  const start = b.nodes.length;
  const value = emitter.emit(objective);
  const nodes = b.nodes.slice(start);
  const one = rows === null ? b.constant(value.dtype, [], [1]) : b.full([rows], 1, value.dtype);
  const options = { ruleFor, opsetOf: emittedOpset };
  const seeds = backward(b, nodes, new Map([[value.name, one]]), emitter.sites, options);
  return { value, seeds, indices: emitter.indices, directions: emitter.directions };
}

class Emitter {
  readonly sites = new Set<string>();
  readonly indices: Value[] = [];
  readonly directions: { input: Value; name: string }[] = [];

  constructor(
    private readonly b: Builder,
    private readonly declare: DeclareInput,
    private readonly rows: number | null,
  ) {}

  emit(objective: Objective): Value {
    const { b } = this;
    switch (objective.kind) {
      case 'sum':
        return this.#total(objective.terms);
      case 'mean':
        return b.scale(this.#total(objective.terms), 1 / objective.terms.length);
      case 'scale':
        return b.scale(this.emit(objective.of), objective.factor);
      case 'whole': {
        const site = this.#site(objective.site);
        const axes = site.dims.map((_, axis) => axis).slice(this.rows === null ? 0 : 1);
        const whole = objective.over === 'sum' ? b.sum(site, axes) : b.mean(site, axes);
        return b.reshape(whole, this.rows === null ? [] : [this.rows]);
      }
      case 'projection': {
        const site = this.#site(objective.site);
        const width = site.dims.at(-1) ?? 1;
        const input = this.declare('direction', site.dtype, [width]);
        this.directions.push({ input, name: objective.direction });
        const along = b.sum(b.mul(site, input), [site.dims.length - 1], false);
        return this.#element(along, objective.site, objective.indices);
      }
      case 'element': {
        const site = this.#site(objective.site);
        return this.#element(this.#through(site, objective.through), objective.site, objective.indices);
      }
      default:
        return assertNever(objective);
    }
  }

  #total(terms: readonly Objective[]): Value {
    const values = terms.map((term) => this.emit(term));
    return values.reduce((sum, value) => this.b.add(sum, value));
  }

  #through(site: Value, through: 'none' | 'logprob' | 'prob'): Value {
    if (through === 'none') return site;
    return this.b.unary(through === 'prob' ? 'Softmax' : 'LogSoftmax', site, { axis: -1 });
  }

  #site(name: string): Value {
    const value = this.b.maybeValue(name);
    if (value === undefined) {
      throw bad(
        `The objective names "${name}", which is not a value of this model`,
        'Use the name of an output or of a value in the graph.',
      );
    }
    if (!isFloat(value.dtype)) {
      throw bad(`The objective reads "${name}", which is of type ${value.dtype}`, 'Use a float value.');
    }
    this.sites.add(name);
    return value;
  }

  /** One element, addressed by inputs. */
  #element(value: Value, name: string, indices: readonly number[]): Value {
    const { dims } = value;
    const shape = `[${dims.join(', ')}]`;
    if (indices.length !== dims.length) {
      throw bad(
        `The objective is not a scalar: "${name}" has the shape ${shape} and is given ${counted(indices.length)}`,
        dims.length === 0 ? 'Leave the indices out.' : `Give ${counted(dims.length)}, or write sum(${name}).`,
      );
    }
    if (dims.length === 0) return value;
    const { rows } = this;
    const input = this.declare('index', 'int64', rows === null ? [dims.length] : [rows, dims.length]);
    this.indices.push(input);
    return this.b.one('GatherND', [value, input], value.dtype, rows === null ? [] : [rows]);
  }
}

/** Refuses indices that leave their value. The graph is built once; this is asked at every run. */
export function checkIndices(objective: Objective, dimsOf: (site: string) => readonly number[]): void {
  switch (objective.kind) {
    case 'sum':
    case 'mean':
      for (const term of objective.terms) checkIndices(term, dimsOf);
      return;
    case 'scale':
      checkIndices(objective.of, dimsOf);
      return;
    case 'whole':
      return;
    case 'element':
    case 'projection': {
      const dims = dimsOf(objective.site);
      objective.indices.forEach((index, axis) => {
        const dim = dims[axis] ?? 0;
        if (index >= -dim && index < dim) return;
        throw bad(
          `Index ${String(index)} leaves axis ${String(axis)} of "${objective.site}", whose shape is [${dims.join(', ')}]`,
          `Use ${String(-dim)} to ${String(dim - 1)}.`,
        );
      });
    }
  }
}

function counted(indices: number): string {
  return indices === 0 ? 'no index' : indices === 1 ? '1 index' : `${String(indices)} indices`;
}

function bad(message: string, remedy: string): Failure {
  return new Failure({ code: 'bad-objective', message: `${message}.`, remedy });
}
