/**
 * Reverse mode: from seeds at some values of a straight-line program to gradients at others, emitted as ONNX nodes.
 * Prunes to what lies between, accumulates, and undoes broadcasting in one place. Knows no operator: the rules do.
 *
 * Source: Griewank & Walther, "Evaluating Derivatives" (2008), chapter 3.
 */
import { Failure } from '../../../base/errors';
import type { Node } from '../../../contract/skeleton';
import { emittedOpset, sameDims, type Builder, type Value } from './builder';
import { broadcastAxes } from './dims';
import { RuleContext, type Decomposition, type RuleEntry } from './rule';

export interface BackwardOptions {
  readonly ruleFor: (domain: string, op: string, opset: number) => RuleEntry | undefined;
  /** Opset version of a node of the program that is differentiated, by its domain. */
  readonly opsetOf: (domain: string, node: Node) => number;
  /** Words for a node in a refusal: operator, name and, where known, its source line. */
  readonly nameNode?: (node: Node) => string;
}

/**
 * Gradients of sum(seed · value) over all seeds, with respect to each wanted value.
 * @param nodes the program, in execution order; the shapes of all its float values are declared in `b`
 * @param seeds gradient arriving at a value, of the value's own shape
 * @param wanted names of values; a missing entry in the answer means that no seed depends on it
 * @throws Failure `no-gradient` when a path between them passes an operator without one
 */
export function backward(
  b: Builder,
  nodes: readonly Node[],
  seeds: ReadonlyMap<string, Value>,
  wanted: ReadonlySet<string>,
  options: BackwardOptions,
): Map<string, Value> {
  const active = reachableFrom(nodes, wanted);
  const needed = new Set(seeds.keys());
  const arriving = new Map<string, Value[]>();
  const answer = new Map<string, Value>();
  for (const [name, seed] of seeds) deliver(arriving, name, seed);

  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i];
    if (node === undefined || !node.outputs.some((name) => needed.has(name))) continue;
    for (const name of node.inputs) needed.add(name);
    const onPath = node.inputs.map((name) => name !== '' && active.has(name));
    const grads = node.outputs.map((name) => settle(b, arriving, answer, wanted, name));
    // Where nothing arrives (what follows reads only shapes, or rounds), nothing is asked of the operator.
    if (!onPath.some(Boolean) || grads.every((grad) => grad === null)) continue;
    const entry = lookUp(node, options);
    if (entry.kind === 'refuse') throw refused(node, entry.refusal, options);
    if (entry.kind === 'zero') continue;
    const start = b.nodes.length;
    const context: RuleContext = new RuleContext(
      b,
      node,
      options.opsetOf(node.domain, node),
      grads,
      onPath,
      (made) => throughDecomposition(context, made, grads, options),
    );
    const given = entry.kind === 'rule' ? entry.rule(context) : context.through(entry.decompose);
    b.blame(start, node);
    node.inputs.forEach((name, input) => {
      const grad = given[input];
      if (grad === null || grad === undefined || onPath[input] !== true) return;
      const shape = b.maybeValue(name);
      deliver(arriving, name, shape === undefined ? grad : unbroadcast(b, grad, shape.dims));
    });
  }
  for (const name of wanted) if (!answer.has(name)) settle(b, arriving, answer, wanted, name);
  return answer;
}

/** Sums a gradient over the axes along which its value was broadcast. */
export function unbroadcast(b: Builder, grad: Value, dims: readonly number[]): Value {
  if (sameDims(grad.dims, dims)) return grad;
  const axes = broadcastAxes(grad.dims, dims);
  return b.reshape(b.sum(grad, axes), dims);
}

/** Differentiates the nodes a decomposition has emitted. They recompute the operator inside the backward graph. */
function throughDecomposition(
  context: RuleContext,
  decompose: Decomposition,
  grads: readonly (Value | null)[],
  options: BackwardOptions,
): (Value | null)[] {
  const { b, node } = context;
  const start = b.nodes.length;
  const outputs = decompose(context);
  const emitted = b.nodes.slice(start);
  const seeds = new Map<string, Value>();
  outputs.forEach((output, i) => {
    const grad = grads[i];
    if (output !== null && grad !== null && grad !== undefined) seeds.set(output.name, grad);
  });
  const wanted = new Set(node.inputs.filter((name, i) => name !== '' && context.wants(i)));
  const inner = backward(b, emitted, seeds, wanted, { ...options, opsetOf: emittedOpset });
  const delivered = new Set<string>();
  return node.inputs.map((name) => {
    if (delivered.has(name)) return null;
    delivered.add(name);
    return inner.get(name) ?? null;
  });
}

function reachableFrom(nodes: readonly Node[], wanted: ReadonlySet<string>): Set<string> {
  const active = new Set(wanted);
  for (const node of nodes) {
    if (!node.inputs.some((name) => name !== '' && active.has(name))) continue;
    for (const name of node.outputs) if (name !== '') active.add(name);
  }
  return active;
}

function deliver(arriving: Map<string, Value[]>, name: string, grad: Value): void {
  const list = arriving.get(name);
  if (list === undefined) arriving.set(name, [grad]);
  else list.push(grad);
}

/** The sum of what has arrived at `name`, once; remembered when it is wanted. */
function settle(
  b: Builder,
  arriving: Map<string, Value[]>,
  answer: Map<string, Value>,
  wanted: ReadonlySet<string>,
  name: string,
): Value | null {
  const list = arriving.get(name);
  if (list === undefined || list.length === 0) return null;
  const total = list.reduce((sum, grad) => b.add(sum, grad));
  arriving.set(name, [total]);
  if (wanted.has(name)) answer.set(name, total);
  return total;
}

function lookUp(node: Node, options: BackwardOptions): RuleEntry {
  const entry = options.ruleFor(node.domain, node.op, options.opsetOf(node.domain, node));
  if (entry !== undefined) return entry;
  const op = node.domain === '' ? node.op : `${node.domain}::${node.op}`;
  throw new Failure({
    code: 'no-gradient',
    message: `There is no gradient rule yet for the operator ${op}, which ${name(node, options)} uses.`,
    remedy: 'Choose a site downstream of it, or export the model without that operator.',
  });
}

function refused(node: Node, refusal: { why: string; instead: string }, options: BackwardOptions): Failure {
  return new Failure({
    code: 'no-gradient',
    message: `No gradient passes ${name(node, options)}: ${refusal.why}.`,
    remedy: refusal.instead,
  });
}

function name(node: Node, options: BackwardOptions): string {
  return options.nameNode?.(node) ?? `${node.op} "${node.name === '' ? (node.outputs[0] ?? '') : node.name}"`;
}
