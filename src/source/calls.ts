/**
 * Finds, for the operations of one `forward`, the calls that made them: by module, by traced line, by name and by order.
 * A call is proved only when nothing else that the person's code could do there fits the evidence.
 */
import { align } from './align';
import { isAgain, type Activation } from './follow';
import type { Operation } from './interpret/flow';
import type { Instance } from './interpret/values';
import type { Item, Work } from './nodeWork';
import { classTraces, fitOperator, fitTarget, isPlain, isSide, type Fit } from './opNames';
import { fitsTrace, type Traced } from './traced';

export interface CallFound {
  readonly operation: Operation;
  /** Everything that fits stands on the traced line and nothing that could hide there is unknown. */
  readonly proved: boolean;
  /** How many operations fitted before order and names chose. */
  readonly rivals: number;
}

/** Where hooks were registered that the flow does not show. */
export interface Hooks {
  readonly modules: ReadonlySet<Instance>;
  /** Some file registers hooks on modules nobody could name. */
  readonly anywhere: boolean;
}

const PRICE: Readonly<Record<Fit, number>> = { same: 0, side: 0.6, open: 0.7, unlike: 3 };
const AGAIN: Readonly<Record<Fit, number>> = { same: 0.9, side: 0.1, open: 0.5, unlike: 3.5 };

/** The call behind each item of `work`, or null where nothing fits. */
export function findCalls(work: Work, activation: Activation, traces: readonly Traced[], hooked: Hooks): (CallFound | null)[] {
  const { flow } = activation;
  const operations = flow.operations.filter((operation) => operation !== null && !isAgain(operation)) as Operation[];
  const cache = new Map<string, { readonly allowed: ReadonlyMap<Operation, number>; readonly rivals: readonly Operation[] }>();
  const choices = work.items.map((item, i) => {
    const trace = traces[i];
    const key = keyOf(item, trace);
    const known = cache.get(key);
    if (known !== undefined) return known;
    const allowed = new Map<Operation, number>();
    for (const operation of operations) {
      const module = moduleCost(operation, item.leaf, work.path);
      if (module === undefined || (trace !== undefined && !fitsTrace(operation.frames, trace))) continue;
      allowed.set(operation, module + (operation.kind === 'module' ? 0 : PRICE[fitOf(operation, item)]));
    }
    const rivals = [...allowed.keys()].filter((operation) => !isRuledOut(operation, item));
    const made = { allowed, rivals };
    cache.set(key, made);
    return made;
  });
  const { states } = align(
    flow,
    work.items.length,
    (operation, item) => choices[item]?.allowed.get(operation),
    (operation, item) => again(operation, work.items[item], choices[item]?.allowed.get(operation)),
  );
  return work.items.map((item, i) => {
    const operation = flow.operations[states[i] ?? -1];
    const { rivals = [] } = choices[i] ?? {};
    if (operation === null || operation === undefined) return null;
    const trace = traces[i];
    return { operation, rivals: rivals.length, proved: activation.whole && trace !== undefined && isProved(rivals, item, trace, hooked) };
  });
}

function keyOf(item: Item, trace: Traced | undefined): string {
  const frames = trace?.own.map(({ file, line }) => `${file}:${String(line)}`).join('|') ?? '';
  return `${item.leaf}\n${item.evidence.target ?? item.nodes[0]?.op ?? ''}\n${frames}`;
}

/** What it costs that an operation ran a node of module `leaf`; undefined when it cannot have. */
function moduleCost(operation: Operation, leaf: string, home: string): number | undefined {
  const { module } = operation;
  if (leaf === home) {
    if (module === null) return operation.reaches ? 0.3 : 0;
    if (operation.name === 'forward' || operation.reaches) return 0.2;
    return module.paths.length === 0 ? 0.6 : undefined;
  }
  if (module === null) return operation.reaches ? (operation.blind ? 1.5 : 1) : undefined;
  if (module.paths.some((path) => leaf === path || leaf.startsWith(`${path}.`))) return 0;
  if (operation.reaches && operation.kind === 'module') return 1;
  return module.paths.length === 0 && module.ref.kind === 'unknown' ? 2 : undefined;
}

function fitOf(operation: Operation, item: Item): Fit {
  const { target } = item.evidence;
  return target === null ? fitOperator(operation.name, item.nodes[0]?.op ?? '') : fitTarget(operation.name, target);
}

/** One call may make several items; a plain operator hardly makes the same twice. */
function again(operation: Operation, item: Item | undefined, allowed: number | undefined): number | undefined {
  if (item === undefined || allowed === undefined) return undefined;
  if (operation.kind === 'module') return 0.05;
  const fit = fitOf(operation, item);
  if (item.evidence.target?.includes('getitem') === true) return fit === 'same' ? 0 : 0.1;
  return AGAIN[fit] + (fit === 'same' && isPlain(operation.name) ? 0.6 : 0);
}

/** A call that makes one known operation and no other cannot have made a different one. */
function isRuledOut(operation: Operation, item: Item): boolean {
  const { target } = item.evidence;
  if (operation.kind === 'module' || operation.kind === 'opaque' || target === null || isSide(target)) return false;
  return isPlain(operation.name) && fitTarget(operation.name, target) === 'unlike';
}

function isProved(rivals: readonly Operation[], item: Item, trace: Traced, hooked: Hooks): boolean {
  const innermost = trace.own.at(-1);
  if (innermost?.checked !== true || innermost.line === null || item.evidence.rule !== null) return false;
  if (item.evidence.traceKind !== 'stack') return false;
  // A trace that leaves no frame out names the line itself.
  if (trace.complete) return true;
  if (rivals.length === 0) return false;
  return rivals.every(({ frames, blind, module }) => {
    const own = frames.at(-1);
    if (blind || own?.file !== innermost.file || !own.lines.includes(innermost.line ?? -1)) return false;
    return module === null || !isHooked(module, item.evidence.target, hooked);
  });
}

/** A hook runs code of its own where the module is called: only what the module's class is known to do is sure. */
function isHooked(module: Instance, target: string | null, hooked: Hooks): boolean {
  const name = module.ref.kind === 'library' ? (module.ref.path.split('.').at(-1) ?? '') : '';
  const fits = target === null ? undefined : classTraces(name, target);
  return fits === false || (fits === undefined && (hooked.anywhere || hooked.modules.has(module)));
}
