/**
 * Proves calls that no traced line names by itself: a helper's lines, one of several operators on a line. The module's
 * `forward` is followed once more with nothing taken for granted that only its constructor's arguments would say, and a
 * call is proved when every walk through it that makes the traced operations, in their order, makes this one there.
 * Makes links bolder only where nothing else is possible; any doubt (hooks, unknown code, repeated calls) leaves them.
 */
import type { Hooks } from './calls';
import { agreesInNumbers, baseOf, canEmit, canRepeat, isBeside, type Export } from './emissions';
import type { NodeEvidence } from './evidence';
import { isAgain, type Activation, type Follower } from './follow';
import type { Unsure } from './hazards';
import type { Operation } from './interpret/flow';
import type { Instance } from './interpret/values';
import type { Item, Work } from './nodeWork';
import { canMeetTwice, possibleStates, statesInAnyOrder, type Rules } from './order';
import { fitsTrace, type Traced } from './traced';
import type { ModuleTree } from './tree';

/** Whether an operation can have made an item; `unseen`: perhaps, in code that cannot be looked into. */
type Answer = 'yes' | 'no' | 'unseen';

export class Prover {
  readonly #export: Export;
  readonly #once = new Map<string, boolean>();
  readonly #ordered: boolean;

  constructor(
    /** The model's modules as any arguments would make them. */
    private readonly tree: ModuleTree,
    private readonly follower: Follower,
    private readonly paths: readonly string[],
    private readonly hooks: Hooks,
    /** Names that some file sets from outside: what they stand for is not sure. */
    private readonly unsure: Unsure,
    evidence: readonly NodeEvidence[],
  ) {
    this.#ordered = isOrdered(evidence);
    for (const path of paths) tree.find(path);
    this.#export = {
      seen: new Set(evidence.flatMap(({ target }) => (target === null ? [] : [baseOf(target)]))),
      mutates: paths.some((path) => {
        const found = tree.find(path);
        const flow = found === null ? undefined : follower.activation(found.instance)?.flow;
        return flow?.operations.some((operation) => operation !== null && mutates(operation)) === true;
      }),
    };
  }

  /** The one operation that can have made each item of `work`, or null where there is none or more than one. */
  prove(work: Work, trails: readonly Traced[]): (Operation | null)[] {
    const nothing = work.items.map(() => null);
    const found = this.tree.find(work.path);
    if (found === null || this.hooks.anywhere || this.hooks.replaced) return nothing;
    const { instance } = found;
    if (!isSameClass(instance, work.instance) || !this.tree.confirmed(instance, work.path)) return nothing;
    if (work.items.some(({ evidence }) => evidence.modulesFrom !== 'metadata' && evidence.modules !== null))
      return nothing;
    const activation = this.follower.activation(instance);
    if (activation === null || !activation.whole || !activation.direct) return nothing;
    const again = !this.#runsOnce(work.path);
    const { flow } = activation;
    const bases = work.items.map(({ evidence }) => (evidence.target === null ? '' : baseOf(evidence.target)));
    const answers = new Map<string, Map<Operation, Answer>>();
    const answer = (operation: Operation, i: number): Answer => {
      const item = work.items[i];
      const trace = trails[i];
      if (item === undefined || trace === undefined || item.evidence.modules === null) return 'no';
      const key = [item.leaf, bases[i] ?? '', keyOf(trace), item.evidence.numbers?.join()].join('\n');
      const known = answers.get(key) ?? new Map<Operation, Answer>();
      answers.set(key, known);
      const made = known.get(operation) ?? this.#canMake(operation, item, bases[i] ?? '', work.path, trace);
      known.set(operation, made);
      return made;
    };
    const rules: Rules = {
      makes: (operation, item) => !isAgain(operation) && answer(operation, item) !== 'no',
      repeats: (operation, before, item) => repeats(operation, bases[before] ?? '', bases[item] ?? ''),
      passes: (operation) => again || !isAgain(operation),
    };
    const count = work.items.length;
    const possible = this.#ordered
      ? possibleStates(flow, count, rules)
      : statesInAnyOrder(flow, count, rules);
    if (possible === null) return nothing;
    // What the code cannot have made shows that it is not the code that was exported, or not understood.
    const agrees = work.items.every(({ evidence }, i) => evidence.modules === null || possible[i] !== null);
    if (!agrees) return nothing;
    return work.items.map((_, i) => {
      const states = possible[i] ?? null;
      if (states === null) return null;
      const operations = [...states].map((state) => flow.operations[state] ?? null);
      const [first] = operations;
      if (first === null || first === undefined) return null;
      const sure = operations.every(
        (operation) =>
          operation !== null &&
          operation.spot.file === first.spot.file &&
          operation.spot.from === first.spot.from &&
          operation.module === first.module &&
          answer(operation, i) === 'yes',
      );
      return sure ? first : null;
    });
  }

  #canMake(operation: Operation, item: Item, base: string, home: string, trace: Traced): Answer {
    if (!fitsTrace(operation.frames, trace)) return 'no';
    const { module, kind, name } = operation;
    const hidden =
      operation.blind ||
      operation.within !== null ||
      this.#isDoubted(operation) ||
      (operation.inherited && this.#interferes(home));
    if (item.leaf === home) {
      if (module !== null)
        return hidden || operation.reaches || !hasScope(module, this.follower) ? 'unseen' : 'no';
      if (hidden || operation.reaches || kind === 'opaque') return 'unseen';
      const agrees = agreesInNumbers(name, base, operation.numbers ?? [], item.evidence.numbers);
      return agrees && canEmit(name, base, this.#export) ? 'yes' : 'no';
    }
    if (module === null) return hidden || operation.reaches || kind === 'opaque' ? 'unseen' : 'no';
    const under = module.paths.some((path) => item.leaf === path || item.leaf.startsWith(`${path}.`));
    if (under)
      return hidden || this.hooks.modules.has(module) || this.hooks.interferes(module) ? 'unseen' : 'yes';
    return hidden || operation.reaches || !hasScope(module, this.follower) ? 'unseen' : 'no';
  }

  #interferes(path: string): boolean {
    const found = this.tree.find(path);
    return found !== null && this.hooks.interferes(found.instance);
  }

  #isDoubted({ name, frames }: Operation): boolean {
    return this.unsure.has(name) || frames.some(({ func }) => this.unsure.has(func));
  }

  /** Whether a module's `forward` runs once in the model, so that its flow is walked once. */
  #runsOnce(path: string): boolean {
    if (path === '') return true;
    const known = this.#once.get(path);
    if (known !== undefined) return known;
    this.#once.set(path, false);
    const answer = this.#isCalledOnce(path);
    this.#once.set(path, answer);
    return answer;
  }

  #isCalledOnce(path: string): boolean {
    const target = this.tree.find(path)?.instance ?? null;
    if (target === null || target.paths.length > 1) return false;
    const callers = new Set<Instance>();
    let once = true;
    for (const other of this.paths) {
      const holder = this.tree.find(other)?.instance ?? null;
      if (holder === null || callers.has(holder)) continue;
      const activation = this.follower.activation(holder);
      if (activation === null) continue;
      const states = this.#callsOf(activation, path);
      if (states.length === 0) continue;
      callers.add(holder);
      const passes = (operation: Operation): boolean => !isAgain(operation);
      if (!activation.whole || callers.size > 1 || !this.#runsOnce(other)) once = false;
      else if (canMeetTwice(activation.flow, states, passes)) once = false;
      if (!once) return false;
    }
    return callers.size === 1;
  }

  /** States of a flow in which the module at `path` is called, or a library's container it is in, or may be. */
  #callsOf({ flow }: Activation, path: string): number[] {
    return flow.operations.flatMap((operation, state) => {
      if (operation === null || isAgain(operation)) return [];
      const { module, blind, kind, reaches } = operation;
      if (blind || kind === 'opaque') return [state];
      if (module === null) return reaches ? [state] : [];
      const holds = module.paths.some((own) => path.startsWith(`${own}.`));
      const calls = module.paths.includes(path) || (holds && this.follower.entriesOf(module).length === 0);
      return calls ? [state] : [];
    });
  }
}

function isSameClass(a: Instance, b: Instance): boolean {
  return a.ref.kind === 'user' && b.ref.kind === 'user' && a.ref.cls.node === b.ref.cls.node;
}

/** What a PyTorch module does when it is called stands in a scope of its own. */
function hasScope({ ref }: Instance, follower: Follower): boolean {
  if (ref.kind === 'library') return ref.path.startsWith('torch.nn.');
  return ref.kind === 'user' && follower.isModule(ref.cls);
}

function repeats(operation: Operation, before: string, base: string): boolean {
  if (operation.kind === 'module' || operation.kind === 'opaque' || operation.reaches) return true;
  return isBeside(before) || before !== base || canRepeat(operation.name, base);
}

/** `x += y`, `x[0] = y`, `x.relu_()`, `nn.ReLU(inplace=True)`, `F.relu(x, inplace=True)`. */
function mutates({ mutates: does, name, module }: Operation): boolean {
  const inPlace = module?.args.named.get('inplace');
  const called = inPlace !== undefined && !(inPlace.kind === 'constant' && inPlace.value === false);
  return does === true || called || name === 'setitem' || /[a-z\d]_$/.test(name);
}

function keyOf(trace: Traced | undefined): string {
  return trace?.own.map(({ file, line }) => `${file}:${String(line)}`).join('|') ?? '';
}

/** Whether operations stand in the file in the order they were traced: PyTorch counts those of one name up. */
function isOrdered(evidence: readonly NodeEvidence[]): boolean {
  const last = new Map<string, number>();
  return evidence.every(({ operation, modulesFrom, rule }) => {
    const match =
      modulesFrom === 'metadata' && rule === null ? /^(.*?)(?:_(\d+))?$/.exec(operation ?? '') : null;
    if (match === null) return true;
    const [, base = '', count = '0'] = match;
    const rising = Number(count) >= (last.get(base) ?? 0);
    last.set(base, Number(count));
    return rising;
  });
}
