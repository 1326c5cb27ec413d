/** Local functions that end up calling themselves: ONNX has no recursion, and written out they would never end. */
import type { FunctionDef, Graph } from '../contract/skeleton';
import type { Decoding } from './decoding';
import { shorten } from './names';
import { bodiesOf } from './walk';

/** Warns once for each round of functions that call each other. */
export function checkRecursion(ctx: Decoding, functions: readonly FunctionDef[]): void {
  const known = new Set(functions.map(({ domain, name, overload }) => keyOf(domain, name, overload)));
  const calls = new Map<string, readonly string[]>();
  for (const { domain, name, overload, graph } of functions) {
    calls.set(
      keyOf(domain, name, overload),
      callsOf(graph).filter((key) => known.has(key)),
    );
  }
  const done = new Set<string>();
  for (const first of calls.keys()) {
    const round = roundFrom(first, calls, done);
    if (round === null) continue;
    const [start = '', ...others] = round.map((key) => `"${shorten(key)}"`);
    const through = others.length === 0 ? '' : ` through ${others.slice(0, 3).join(', ')}`;
    ctx.warn(
      'functions that call themselves',
      `The function ${start} calls itself${through}, so it would never end, and the runtime refuses it. Export the model again.`,
    );
  }
}

function keyOf(domain: string, name: string, overload: string): string {
  return `${domain}:${name}${overload === '' ? '' : `:${overload}`}`;
}

function callsOf(graph: Graph): string[] {
  const found = new Set<string>();
  const left = [graph];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    for (const node of at.nodes) {
      found.add(keyOf(node.domain, node.op, node.overload));
      left.push(...bodiesOf(node));
    }
  }
  return [...found];
}

/** The functions on a round that can be reached from `first` through none that is `done`; null: there is none. */
function roundFrom(
  first: string,
  calls: ReadonlyMap<string, readonly string[]>,
  done: Set<string>,
): readonly string[] | null {
  if (done.has(first)) return null;
  const path = [first];
  const onPath = new Set(path);
  const next = [0];
  let round: readonly string[] | null = null;
  while (path.length > 0) {
    const at = path.length - 1;
    const name = path[at] ?? '';
    const place = next[at] ?? 0;
    const called = calls.get(name)?.[place];
    next[at] = place + 1;
    if (called === undefined) {
      done.add(name);
      onPath.delete(name);
      path.pop();
      next.pop();
    } else if (onPath.has(called)) round ??= path.slice(path.indexOf(called));
    else if (!done.has(called)) {
      path.push(called);
      onPath.add(called);
      next.push(0);
    }
  }
  return round;
}
