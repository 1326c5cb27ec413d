/**
 * Finds, for the operations of one `forward`, the calls that made them: by module, by traced line, by name and by order.
 * A call is proved only when nothing else that the person's code could do there fits the evidence.
 */
import { align } from './align';
import { agreesInNumbers, baseOf } from './emissions';
import { isAgain, type Activation } from './follow';
import type { Operation } from './interpret/flow';
import type { Instance } from './interpret/values';
import type { Unsure } from './hazards';
import type { Item, Work } from './nodeWork';
import { isOneToOne } from './rules';
import {
  classMakes,
  classTraces,
  fitOperator,
  fitTarget,
  isPlain,
  isSide,
  isSingle,
  type Fit,
} from './opNames';
import { fitsTrace, isFarFetched, type Traced } from './traced';

export interface CallFound {
  readonly operation: Operation;
  /** Everything that fits stands on the traced line and nothing that could hide there is unknown. */
  readonly proved: boolean;
  /** No walk through the code makes it anywhere else: proof where no traced line names the place by itself. */
  readonly placed: boolean;
  /** The module's class is not known to do anything else. */
  readonly suits: boolean;
  /** Operations before it that left no node of their own and became part of this one by a rewrite. */
  readonly joined: readonly Operation[];
  /** How many operations fitted before order and names chose. */
  readonly rivals: number;
}

/** Where hooks were registered that the flow does not show. */
export interface Hooks {
  readonly modules: ReadonlySet<Instance>;
  /** Some file registers hooks on modules nobody could name. */
  readonly anywhere: boolean;
  /** Some file replaces a module's `forward`: no module is sure to do what its class does. */
  readonly replaced: boolean;
  /** Functions of PyTorch that some file replaces. */
  readonly patched: Unsure;
  /** Whether a module's own code may run inside of what a library does when it is called. */
  readonly interferes: (module: Instance) => boolean;
}

const PRICE: Readonly<Record<Fit, number>> = { same: 0, side: 0.6, open: 0.7, unlike: 3 };
const AGAIN: Readonly<Record<Fit, number>> = { same: 0.15, side: 0.1, open: 0.5, unlike: 3.5 };

/** The call behind each item of `work`, or null where nothing fits. */
export function findCalls(
  work: Work,
  activation: Activation,
  trails: readonly Traced[],
  hooked: Hooks,
): { readonly calls: (CallFound | null)[]; readonly cost: number } {
  const { flow } = activation;
  const operations = flow.operations.filter(
    (operation) => operation !== null && !isAgain(operation),
  ) as Operation[];
  const cache = new Map<
    string,
    { readonly allowed: ReadonlyMap<Operation, number>; readonly rivals: readonly Operation[] }
  >();
  const choices = work.items.map((item, i) => {
    const trace = trails[i];
    const key = keyOf(item, trace);
    const known = cache.get(key);
    if (known !== undefined) return known;
    const allowed = new Map<Operation, number>();
    for (const operation of operations) {
      const module = moduleCost(operation, item, work.instance);
      if (module === undefined || (trace !== undefined && !fitsTrace(operation.frames, trace))) continue;
      const far = trace !== undefined && isFarFetched(operation.frames, trace) ? 0.8 : 0;
      allowed.set(
        operation,
        far + module + (operation.kind === 'module' ? 0 : PRICE[fitOf(operation, item)]),
      );
    }
    const rivals = [...allowed.keys()].filter((operation) => !isRuledOut(operation, item));
    const made = { allowed, rivals };
    cache.set(key, made);
    return made;
  });
  const { states, passed, cost } = align(
    flow,
    work.items.length,
    (operation, item) => choices[item]?.allowed.get(operation),
    (operation, item) => again(operation, work.items[item], choices[item]?.allowed.get(operation)),
  );
  const makers = new Map(
    work.items.flatMap(({ nodes }, i) =>
      nodes.flatMap(({ outputs }) => outputs.map((name) => [name, i] as const)),
    ),
  );
  /** Operations that left nothing between what an item reads and itself, the first first. */
  const passedBefore = (i: number): Operation[] => {
    const inputs = work.items[i]?.nodes.flatMap(({ inputs: names }) => names) ?? [];
    const from = Math.max(-1, ...inputs.map((name) => makers.get(name) ?? -1).filter((maker) => maker < i));
    return passed
      .slice(from + 1, i + 1)
      .flatMap((states) => [...states].reverse().flatMap((state) => flow.operations[state] ?? []));
  };
  const calls = work.items.map((item, i): CallFound | null => {
    const operation = flow.operations[states[i] ?? -1];
    const { rivals = [] } = choices[i] ?? {};
    if (operation === null || operation === undefined) return null;
    const trace = trails[i];
    return {
      operation,
      joined: joinedTo(item, passedBefore(i)),
      rivals: rivals.length,
      suits: suits(operation, item, hooked),
      placed: false,
      proved:
        activation.whole &&
        (activation.direct || trace?.complete === true) &&
        trace !== undefined &&
        (trace.complete || rivals.includes(operation)) &&
        isProved(rivals, work.instance, item, trace, hooked),
    };
  });
  return { calls, cost };
}

function keyOf(item: Item, trace: Traced | undefined): string {
  const frames = trace?.own.map(({ file, line }) => `${file}:${String(line)}`).join('|') ?? '';
  const { target, numbers } = item.evidence;
  return [item.leaf, target ?? item.nodes[0]?.op ?? '', frames, numbers?.join()].join('\n');
}

/** What it costs that an operation ran a node of module `leaf`; undefined when it cannot have. */
function moduleCost(
  operation: Operation,
  { leaf, module: leafModule, evidence, nodes }: Item,
  home: Instance,
): number | undefined {
  const op = nodes[0]?.op ?? '';
  const { module, within } = operation;
  // The TorchScript exporter puts what a hook does outside the module's scope.
  if (within !== null)
    return isUnder(leaf, within)
      ? 0
      : leafModule === home && evidence.modulesFrom !== 'metadata'
        ? 0.3
        : undefined;
  if (leafModule === home) {
    if (module === null) return operation.reaches ? 0.3 : 0;
    const suits = performs(module, evidence.target, op);
    const price = suits === false ? 3 : suits === true ? 0 : 0.3;
    if (operation.name === 'forward' || operation.reaches) return price;
    return module.paths.length === 0 ? price + 0.1 : undefined;
  }
  if (module === null) return operation.reaches ? (operation.blind ? 1.5 : 1) : undefined;
  if (isUnder(leaf, module)) return performs(leafModule, evidence.target, op) === false ? 2.5 : 0;
  if (operation.reaches && operation.kind === 'module')
    return module.ghost ? (module.paths.length > 0 ? undefined : 2) : 1;
  return module.paths.length === 0 && module.ref.kind === 'unknown' ? 2 : undefined;
}

function isUnder(leaf: string, module: Instance): boolean {
  return module.paths.some((path) => leaf === path || leaf.startsWith(`${path}.`));
}

/** Whether a module's class is known to perform an operation, or not to. */
function performs(module: Instance | null, target: string | null, op: string): boolean | undefined {
  if (module?.ref.kind !== 'library') return undefined;
  const name = module.ref.path.split('.').at(-1) ?? '';
  return target === null ? classMakes(name, new Set([op])) : classTraces(name, target);
}

function fitOf(operation: Operation, item: Item): Fit {
  const { target, numbers } = item.evidence;
  if (target === null) return fitOperator(operation.name, item.nodes[0]?.op ?? '');
  const agrees = agreesInNumbers(operation.name, baseOf(target), operation.numbers ?? [], numbers);
  return agrees ? fitTarget(operation.name, target) : 'unlike';
}

/** One call may make several items; a plain operator hardly makes the same twice. */
function again(
  operation: Operation,
  item: Item | undefined,
  allowed: number | undefined,
): number | undefined {
  if (item === undefined || allowed === undefined) return undefined;
  // Of a library's own `forward` each is a little less likely, so that a call of the person's that fits comes first.
  if (operation.inherited) return 0.08;
  if (operation.kind === 'module' || operation.reaches) return 0.05;
  const fit = fitOf(operation, item);
  if (item.evidence.target?.includes('getitem') === true) return fit === 'same' ? 0 : 0.1;
  return AGAIN[fit] + (fit === 'same' && isSingle(operation.name) ? 1.35 : 0);
}

/** A call that makes one known operation and no other cannot have made a different one. */
function isRuledOut(operation: Operation, item: Item): boolean {
  const { target } = item.evidence;
  if (operation.kind === 'module' || operation.kind === 'opaque' || target === null || isSide(target))
    return false;
  return isPlain(operation.name) && fitTarget(operation.name, target) === 'unlike';
}

/** What a rewrite joined to a node: the first call after what it reads that makes its operator and left no node. */
function joinedTo({ evidence, nodes }: Item, passed: readonly Operation[]): Operation[] {
  if (evidence.rule === null || /^(?:MaterializeReshapeShape|RemoveOptionalBias\w*)$/.test(evidence.rule))
    return [];
  const op = nodes.at(-1)?.op ?? '';
  const fitting = passed.filter((operation) => {
    if (isAgain(operation)) return false;
    if (operation.kind !== 'module') return fitOperator(operation.name, op) === 'same';
    return operation.module !== null && performs(operation.module, null, op) === true;
  });
  return fitting.slice(0, 1);
}

/** A call that is likeliest and the only one possible is proved, where its trace was checked. */
export function withProof(
  found: CallFound | null,
  only: Operation | null,
  item: Item,
  trace: Traced,
): CallFound | null {
  if (found === null || only === null || (found.proved && found.operation.module !== null)) return found;
  if (!isChecked(item, trace)) return found;
  const { spot } = found.operation;
  if (spot.file === only.spot.file && spot.from === only.spot.from)
    return { ...found, proved: true, placed: true };
  return only.module === null && found.operation.module === null
    ? { ...found, operation: only, proved: true, placed: true }
    : found;
}

/** The traced line is there, reads as it did, and no rewrite has had a part in the node. */
function isChecked({ evidence }: Item, { own }: Traced): boolean {
  const innermost = own.at(-1);
  return (
    innermost?.checked === true &&
    innermost.line !== null &&
    evidence.traceKind !== 'none' &&
    isOneToOne(evidence.rule)
  );
}

function isProved(
  rivals: readonly Operation[],
  home: Instance,
  item: Item,
  trace: Traced,
  hooked: Hooks,
): boolean {
  const innermost = trace.own.at(-1);
  if (innermost === undefined || !isChecked(item, trace)) return false;
  // A trace that leaves no frame out names the line itself.
  if (trace.complete) return true;
  if (rivals.length === 0) return false;
  return rivals.every(({ frames, blind, module, name, inherited }) => {
    const own = frames.at(-1);
    const callee = module ?? (inherited ? home : null);
    if (callee !== null && hooked.interferes(callee)) return false;
    if (module === null && hooked.patched.has(name)) return false;
    if (blind || own?.file !== innermost.file || !own.lines.includes(innermost.line ?? -1)) return false;
    // What nobody knows may have a `forward` that is called something else, which leaves no frame.
    return module === null || (module.ref.kind !== 'unknown' && !isHooked(module, item, hooked));
  });
}

/** Whether the module called is one that makes the node; where others may run in its place, only a class known to. */
function suits({ module }: Operation, item: Item, hooked: Hooks): boolean {
  const fits = performs(item.module, item.evidence.target, item.nodes[0]?.op ?? '');
  const replaced =
    hooked.replaced ||
    hooked.anywhere ||
    (module !== null && (hooked.modules.has(module) || hooked.interferes(module)));
  return replaced ? fits === true : fits !== false;
}

/** A hook runs code of its own where the module is called: only what the module's class is known to do is sure. */
function isHooked(module: Instance, item: Item, hooked: Hooks): boolean {
  const fits = performs(item.module, item.evidence.target, '');
  return (
    hooked.replaced ||
    fits === false ||
    (fits === undefined && (hooked.anywhere || hooked.modules.has(module)))
  );
}
