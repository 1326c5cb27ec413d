/**
 * What a module's own `forward` does, in order: its flow of operations, followed once for each object and kept.
 * Helpers, functions in other files, `super().forward`, nested functions and callbacks are followed into.
 */
import type { Interpreter } from './interpret/interpreter';
import { Flow, type Operation } from './interpret/flow';
import type { FunctionValue, Instance } from './interpret/values';

export interface Activation {
  readonly flow: Flow;
  /** False when following it took too much work: what is missing is not known. */
  readonly whole: boolean;
  readonly entry: FunctionValue;
}

const AGAIN = { kind: 'access', name: '', line: 0, frames: [], module: null, reaches: false, inherited: false, blind: false, skip: 1.5 } as const;

/** True for the step that only leads back to the start of a flow. */
export function isAgain(operation: Operation): boolean {
  return operation.line === 0;
}

export class Follower {
  readonly #activations = new Map<Instance, Activation | null>();

  constructor(private readonly interpreter: Interpreter) {}

  /** The person's own `forward` of an object, or null when a library's is run. */
  entryOf(instance: Instance): FunctionValue | null {
    const { ref } = instance;
    if (ref.kind !== 'user') return null;
    const value = this.interpreter.classAttribute(ref.cls, '__call__') ?? this.interpreter.classAttribute(ref.cls, 'forward');
    return value?.kind === 'function' ? { ...value, self: instance } : null;
  }

  activation(instance: Instance): Activation | null {
    const known = this.#activations.get(instance);
    if (known !== undefined) return known;
    const entry = this.entryOf(instance);
    const made = entry === null ? null : this.#follow(entry);
    this.#activations.set(instance, made);
    return made;
  }

  #follow(entry: FunctionValue): Activation {
    const flow = new Flow();
    const site = { spot: { file: entry.env.file, from: entry.node.from, to: entry.node.to }, lines: [] };
    const whole = this.interpreter.allow(() => {
      this.interpreter.flow = flow;
      this.interpreter.choices = null;
      this.interpreter.run(entry, { positional: [], named: new Map(), open: true }, site);
      return true;
    }, false);
    // The same object may be called again: from its end back to its start, at a price.
    flow.current = flow.join([flow.current, ...(whole ? [] : flow.operations.keys())]);
    flow.add({ ...AGAIN, spot: site.spot });
    flow.link(flow.current, 0);
    return { flow, whole: whole && !flow.full, entry };
  }
}
