/**
 * What a module's own `forward` does, in order: its flow of operations, followed once for each object and kept.
 * Helpers, functions in other files, `super().forward`, nested functions and callbacks are followed into.
 */
import type { Interpreter } from './interpret/interpreter';
import { Flow, type Operation } from './interpret/flow';
import type { CallSite } from './interpret/machine';
import type { CallArgs, ClassValue, FunctionValue, Instance } from './interpret/values';

const ANYTHING: CallArgs = { positional: [], named: new Map(), open: true };

export interface Activation {
  readonly flow: Flow;
  /** False when following it took too much work: what is missing is not known. */
  readonly whole: boolean;
  /** False when a library's code stands between the call and the person's. */
  readonly direct: boolean;
}

const DIRECT = /^(?:forward|__call__)$/;
const AGAIN = {
  kind: 'access',
  name: '',
  line: 0,
  frames: [],
  module: null,
  within: null,
  reaches: false,
  inherited: false,
  blind: false,
  skip: 1.5,
} as const;

/** True for the step that only leads back to the start of a flow. */
export function isAgain(operation: Operation): boolean {
  return operation.line === 0;
}

export class Follower {
  readonly #activations = new Map<Instance, Activation | null>();

  constructor(private readonly interpreter: Interpreter) {}

  /**
   * The person's own code that runs when an object is called: its `forward`, or where a library's `forward` is
   * inherited, the methods that it may call. Empty when all of it is a library's.
   */
  entriesOf(instance: Instance): readonly FunctionValue[] {
    const { ref } = instance;
    if (ref.kind !== 'user') return [];
    this.interpreter.fill(instance);
    const set = instance.attributes.get('forward');
    if (set?.kind === 'function') return [set];
    const own =
      this.interpreter.classAttribute(ref.cls, '__call__') ??
      this.interpreter.classAttribute(ref.cls, 'forward');
    if (own?.kind === 'function') return [{ ...own, self: instance }];
    if (!instance.open) return [];
    return this.interpreter.classes.methodsOf(ref.cls).map((method) => ({ ...method, self: instance }));
  }

  /** True for the person's own classes that are certainly PyTorch modules. */
  isModule(cls: ClassValue): boolean {
    return this.interpreter.mro(cls).some((base) => typeof base === 'string' && base.startsWith('torch.nn.'));
  }

  activation(instance: Instance): Activation | null {
    const known = this.#activations.get(instance);
    if (known !== undefined) return known;
    const entries = this.entriesOf(instance);
    const [entry] = entries;
    const made = entry === undefined ? null : this.#follow(entry, entries);
    this.#activations.set(instance, made);
    return made;
  }

  /** The flow of a function by itself. */
  followFunction(entry: FunctionValue): Activation {
    return this.#follow(entry, [entry]);
  }

  #follow(entry: FunctionValue, entries: readonly FunctionValue[]): Activation {
    const flow = new Flow();
    const site = { spot: { file: entry.env.file, from: entry.node.from, to: entry.node.to }, lines: [] };
    const whole = this.interpreter.allow(() => {
      this.interpreter.flow = flow;
      this.interpreter.choices = null;
      if (entries.length === 1 && (DIRECT.test(entry.name) || entry.role === 'script'))
        this.interpreter.run(entry, ANYTHING, site);
      else this.#anyOrder(flow, entries, site);
      return true;
    }, false);
    // The same object may be called again: from its end back to its start, at a price.
    flow.current = flow.join([flow.current, ...(whole ? [] : flow.operations.keys())]);
    flow.add({ ...AGAIN, spot: site.spot });
    flow.link(flow.current, 0);
    return { flow, whole: whole && !flow.full, direct: DIRECT.test(entry.name) };
  }

  /** A library calls them as it likes. */
  #anyOrder(flow: Flow, entries: readonly FunctionValue[], site: CallSite): void {
    const header = flow.header();
    for (const entry of entries) {
      flow.current = header;
      this.interpreter.run(entry, ANYTHING, site);
      flow.link(flow.current, header);
    }
    flow.current = header;
  }
}
