/**
 * Structure for a graph that names no modules: stretches of operators that repeat one after the other (the blocks of a
 * network) become scopes of kind `repeat`, within them again. Operators are compared with their attributes and weight
 * shapes first, then, in what is left, without the shapes (stages that widen). An inference, and marked as one.
 */
import type { Graph, Node, WeightRef } from '../../contract/skeleton';
import type { Wiring } from '../wiring';
import type { ScopeBuilder } from './builder';
import { Hash, hashNode, hashWeight } from './hash';

interface Sequence {
  /** Nodes but constants, in file order. */
  readonly nodes: readonly Node[];
  readonly strict: Int32Array;
  readonly loose: Int32Array;
  /** How many values are made before place i and read at it or later: narrow places are where blocks meet. */
  readonly crossing: Int32Array;
}

interface Run {
  readonly start: number;
  readonly period: number;
  readonly count: number;
}

const MIN_NODES = 8;
/** Blocks of fewer operators say nothing. */
const MIN_PERIOD = 3;
const MAX_DEPTH = 3;
/** Periods tried per stretch, most promising first. */
const CANDIDATES = 12;
/** Labels more frequent than this say little about where a block begins. */
const MAX_OCCURRENCES = 4096;

/** Assigns nodes of a graph without any claims; the others stay in `base`. Gives whether anything was found. */
export function findRepeats(builder: ScopeBuilder, wiring: Wiring, graph: Graph, base: number): boolean {
  const constant = constantsOf(wiring, graph);
  const sequence = sequenceOf(wiring, graph, constant);
  if (sequence.nodes.length < MIN_NODES) return false;
  const found = search(builder, sequence, 0, sequence.nodes.length, base, 0);
  if (found) settleConstants(builder, wiring, graph, base, constant);
  return found;
}

/** Finds the best run in [from, to), then what is before, within and after it. */
function search(
  builder: ScopeBuilder,
  sequence: Sequence,
  from: number,
  to: number,
  parent: number,
  depth: number,
): boolean {
  if (depth >= MAX_DEPTH || to - from < MIN_NODES) return false;
  const run = bestRun(sequence, sequence.strict, from, to) ?? bestRun(sequence, sequence.loose, from, to);
  if (run === null) return false;
  search(builder, sequence, from, run.start, parent, depth);
  const name = nextName(builder, parent);
  for (let i = 0; i < run.count; i++) {
    const scope = builder.child(parent, `${name}.${i}`, 'repeat', 'repeats');
    const start = run.start + i * run.period;
    for (let at = start; at < start + run.period; at++) {
      const node = sequence.nodes[at];
      if (node !== undefined) builder.scopeOf[node.id] = scope;
    }
    search(builder, sequence, start, start + run.period, scope, depth + 1);
  }
  search(builder, sequence, run.start + run.count * run.period, to, parent, depth);
  return true;
}

function nextName(builder: ScopeBuilder, parent: number): string {
  let number = 1;
  while (builder.maybeChild(parent, `block${number}.0`) !== undefined) number++;
  return `block${number}`;
}

/** The repetition that covers most of [from, to), cut where blocks meet most narrowly; null when there is none. */
function bestRun({ crossing }: Sequence, labels: Int32Array, from: number, to: number): Run | null {
  let best: Run | null = null;
  let bestScore = 0;
  for (const period of likelyPeriods(labels, from, to)) {
    for (let at = from; at + period < to;) {
      if (labels[at] !== labels[at + period]) {
        at++;
        continue;
      }
      let end = at + period;
      while (end < to && labels[end - period] === labels[end]) end++;
      const run = cut(crossing, at, end, period);
      if (run !== null) {
        // Shorter periods win ties: twelve blocks say more than six pairs.
        const score = run.count * period - period / 2;
        if (score > bestScore) [best, bestScore] = [run, score];
      }
      at = Math.max(at + 1, end - period);
    }
  }
  return best;
}

/** Whole blocks within a repeating stretch [start, end). */
function cut(crossing: Int32Array, start: number, end: number, period: number): Run | null {
  let best: Run | null = null;
  let bestCost = Infinity;
  for (let shift = 0; shift < period; shift++) {
    const first = start + shift;
    const count = Math.floor((end - first) / period);
    if (count < 2 || (count === 2 && period < 2 * MIN_PERIOD)) break;
    let narrow = 0;
    for (let i = 0; i <= count; i++) narrow += crossing[first + i * period] ?? 0;
    // A block lost at the end costs as much as a wide seam.
    const lost = Math.floor((end - start) / period) - count;
    const cost = narrow / (count + 1) + lost;
    if (cost < bestCost) [best, bestCost] = [{ start: first, period, count }, cost];
  }
  return best;
}

/** Distances between neighbouring occurrences of the same label, by how much they would explain. */
function likelyPeriods(labels: Int32Array, from: number, to: number): number[] {
  const last = new Map<number, number>();
  const seen = new Map<number, number>();
  const votes = new Map<number, number>();
  for (let at = from; at < to; at++) {
    const label = labels[at] ?? 0;
    const before = last.get(label);
    last.set(label, at);
    const times = (seen.get(label) ?? 0) + 1;
    seen.set(label, times);
    if (before === undefined || times > MAX_OCCURRENCES) continue;
    const period = at - before;
    if (period >= MIN_PERIOD) votes.set(period, (votes.get(period) ?? 0) + 1);
  }
  return [...votes]
    .filter(([period]) => period * 2 <= to - from)
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, CANDIDATES)
    .map(([period]) => period);
}

function sequenceOf(wiring: Wiring, graph: Graph, constant: ReadonlySet<number>): Sequence {
  const nodes = graph.nodes.filter(({ id }) => !constant.has(id));
  const place = new Map(nodes.map((node, index) => [node.id, index]));
  const strict = new Int32Array(nodes.length);
  const loose = new Int32Array(nodes.length);
  const change = new Int32Array(nodes.length + 1);
  const lastRead = new Map<number, number>();
  nodes.forEach((node, index) => {
    const shapes = new Hash();
    const kinds = new Hash();
    shapes.add(hashNode(node));
    kinds.text32(node.op);
    const end = wiring.inputStart[node.id + 1] ?? 0;
    for (let at = wiring.inputStart[node.id] ?? 0; at < end; at++) {
      const id = wiring.inputs[at] ?? -1;
      const value = wiring.values[id];
      const weight = value?.weight ?? constantOf(graph, value?.producer ?? -1, node);
      shapes.add(weight === null ? 0 : hashWeight(weight));
      kinds.add(weight === null ? 0 : 1);
      if (value !== undefined && place.has(value.producer)) lastRead.set(id, index);
    }
    strict[index] = shapes.value;
    loose[index] = kinds.value;
  });
  for (const [id, reader] of lastRead) {
    const maker = place.get(wiring.values[id]?.producer ?? -1);
    if (maker === undefined || reader <= maker) continue;
    change[maker + 1] = (change[maker + 1] ?? 0) + 1;
    change[reader + 1] = (change[reader + 1] ?? 0) - 1;
  }
  for (let i = 1; i < change.length; i++) change[i] = (change[i] ?? 0) + (change[i - 1] ?? 0);
  return { nodes, strict, loose, crossing: change };
}

/** The tensor of the Constant node that makes a value, or null. */
function constantOf(graph: Graph, producer: number, reader: Node): WeightRef | null {
  const node = producer < 0 ? undefined : graph.nodes[producer - reader.id + reader.index];
  if (node?.id !== producer || !isConstant(node)) return null;
  for (const { value } of node.attributes) if (value.type === 'tensor') return value.value;
  return null;
}

/**
 * Ids of nodes that read nothing but weights and such nodes: wherever the file keeps them, often all of them first, they
 * belong to what reads them.
 */
function constantsOf({ inputStart, inputs, values }: Wiring, graph: Graph): ReadonlySet<number> {
  const constant = new Set<number>();
  for (const node of graph.nodes) {
    let reads = 0;
    let alone = true;
    for (let at = inputStart[node.id] ?? 0; alone && at < (inputStart[node.id + 1] ?? 0); at++) {
      const value = values[inputs[at] ?? -1];
      if (value === undefined) continue;
      reads++;
      alone = value.weight !== null || constant.has(value.producer);
    }
    if (isConstant(node) || (alone && reads > 0)) constant.add(node.id);
  }
  return constant;
}

function isConstant(node: Node): boolean {
  return node.op === 'Constant' && node.domain === '';
}

/** Constants go where they are read. */
function settleConstants(
  builder: ScopeBuilder,
  wiring: Wiring,
  graph: Graph,
  base: number,
  constant: ReadonlySet<number>,
): void {
  const { scopeOf } = builder;
  for (const node of graph.nodes)
    if ((scopeOf[node.id] ?? -1) < 0 && !constant.has(node.id)) scopeOf[node.id] = base;
  // Readers before what they read, so that a chain of constants goes with whoever reads the last of them.
  const home = new Map<number, number>();
  for (const { id } of [...graph.nodes].reverse()) {
    if ((scopeOf[id] ?? -1) < 0) scopeOf[id] = home.get(id) ?? base;
    const own = scopeOf[id] ?? base;
    const end = wiring.inputStart[id + 1] ?? 0;
    for (let at = wiring.inputStart[id] ?? 0; at < end; at++) {
      const producer = wiring.values[wiring.inputs[at] ?? -1]?.producer ?? -1;
      if (producer < 0 || !constant.has(producer)) continue;
      home.set(producer, builder.common(home.get(producer) ?? -1, own));
    }
  }
}
