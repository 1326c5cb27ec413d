/**
 * A skeleton as a comparison sees it: columns by node id. Values are looked at through operators that leave their
 * meaning alone (casts, quantise/dequantise pairs, identities), so that putting those in changes no neighbour. Says what
 * each node is and what it touches; says nothing of another model.
 */
import type { ScopeTree } from '../contract/scopes';
import type { Skeleton, WeightRef } from '../contract/skeleton';
import { wire, type Wiring } from '../onnx/wiring';
import { bodiesOf, tensorsOf } from '../onnx/walk';
import { labelOf, textHash, weightLabel } from './labels';
import { familyOf, holdsCodes, isThrough, operandsOf } from './operators';
import { rescalingsOf, type Rescaling } from './rescaling';
import { postorder } from './traversal';

/** Bodies' outputs count as operands of the node that holds them, from this position on. */
export const BODY_PORT = 1000;

export interface Facts {
  readonly skeleton: Skeleton;
  readonly wiring: Wiring;
  readonly count: number;
  /** Hash of what the node is by itself. */
  readonly label: Float64Array;
  /** Equal for operators that do the same. */
  readonly family: readonly string[];
  /** 1 where a value passes the node with its meaning kept. */
  readonly through: Uint8Array;
  /** Which input passes it: 0, but for products that undo what codes did. */
  readonly passes: Uint8Array;
  /** Those products, by the operator on codes. */
  readonly rescalings: ReadonlyMap<number, Rescaling>;
  /** A DequantizeLinear that reads a node's first output, by that node. */
  readonly decoders: ReadonlyMap<number, number>;
  /** 1 for `Constant` nodes: weights by another name. */
  readonly constant: Uint8Array;
  /** Operands of node n lie at operandStart[n] … operandStart[n + 1]. */
  readonly operandStart: Int32Array;
  /** The node that makes the operand, looked through; -1 for weights, graph inputs and what is left out. */
  readonly operandNode: Int32Array;
  /** Which of its outputs. */
  readonly operandSlot: Int32Array;
  /** Hash of the operand where no node makes it (or a `Constant` does); 0 elsewhere. */
  readonly operandLabel: Float64Array;
  /** The weight an operand is, looked through, or null. */
  readonly operandWeight: readonly (WeightRef | null)[];
  /** Position among the node's operands as its relatives on floats count them; BODY_PORT and on for bodies' outputs. */
  readonly operandPort: Int32Array;
  /** Position among the node's inputs, or -1 for bodies' outputs. */
  readonly operandInput: Int32Array;
  /** Users of node n's outputs lie at userStart[n] … userStart[n + 1]: positions among the operands. */
  readonly userStart: Int32Array;
  readonly userOperand: Int32Array;
  /** Node that an operand belongs to. */
  readonly operandOwner: Int32Array;
  /** Bit set of graph outputs a node makes, as a hash; 0 for none. */
  readonly outputLabel: Float64Array;
  /** Node ids, every operand before its user, whatever the file's order. */
  readonly order: Int32Array;
  readonly place: Int32Array;
  /** First weight the node reads, looked through, or null. */
  readonly weight: readonly (WeightRef | null)[];
  /** Path of the module each node lies in. */
  readonly module: readonly string[];
  /** By path of a module: the path of the one that holds it; '' holds all and is left out. */
  readonly parentModule: ReadonlyMap<string, string>;
}

interface Seen {
  readonly node: number;
  readonly slot: number;
  readonly label: number;
  readonly weight: WeightRef | null;
}

const NOTHING: Seen = { node: -1, slot: 0, label: textHash('nothing'), weight: null };

/** Reads the columns of a model. Linear in its nodes and operands. */
export function factsOf(skeleton: Skeleton, scopes: ScopeTree, wiring: Wiring = wire(skeleton)): Facts {
  const { nodes } = skeleton;
  const count = nodes.length;
  const label = Float64Array.from(nodes, labelOf);
  const through = Uint8Array.from(nodes, ({ op }) => (isThrough(op) ? 1 : 0));
  const constant = Uint8Array.from(nodes, ({ op }) => (op === 'Constant' ? 1 : 0));
  const passes = new Uint8Array(count);
  const rescalings = rescalingsOf(skeleton, wiring);
  for (const { product, scales, input } of rescalings.values()) {
    through[product] = through[scales] = 1;
    passes[product] = input;
  }
  const look = lookThrough(skeleton, wiring, { through, passes, label });

  const operands: (Seen & { readonly port: number; readonly input: number; readonly owner: number })[] = [];
  const operandStart = new Int32Array(count + 1);
  const weight: (WeightRef | null)[] = [];
  for (let id = 0; id < count; id++) {
    const node = nodes[id];
    const from = wiring.inputStart[id] ?? 0;
    const to = wiring.inputStart[id + 1] ?? from;
    let first: WeightRef | null = null;
    const order = operandsOf(node?.op ?? '') ?? Array.from({ length: to - from }, (_unused, index) => index);
    order.forEach((input, index) => {
      if (from + input >= to) return;
      const codes = holdsCodes(node?.op ?? '', input);
      const seen = look(wiring.inputs[from + input] ?? -1, codes);
      operands.push({ ...seen, port: index, input, owner: id });
      first ??= seen.weight;
    });
    let port = BODY_PORT;
    for (const body of node === undefined ? [] : bodiesOf(node)) {
      for (const value of wiring.bodyOutputs.get(body.path) ?? [])
        operands.push({ ...look(value), port: port++, input: -1, owner: id });
    }
    operandStart[id + 1] = operands.length;
    weight.push(first);
  }
  const operandNode = Int32Array.from(operands, ({ node }) => node);
  const outputLabel = new Float64Array(count);
  wiring.graphOutputs.forEach((value, index) => {
    const { node } = look(value);
    if (node >= 0) outputLabel[node] = (outputLabel[node] ?? 0) * 31 + index + 1;
  });
  const order = postorder(skeleton, wiring);
  const place = new Int32Array(count);
  order.forEach((node, at) => (place[node] = at));
  return {
    skeleton,
    wiring,
    count,
    label,
    family: nodes.map(({ op }) => familyOf(op)),
    through,
    passes,
    rescalings,
    decoders: decodersOf(skeleton, wiring),
    constant,
    operandStart,
    operandNode,
    operandSlot: Int32Array.from(operands, ({ slot }) => slot),
    operandLabel: Float64Array.from(operands, (operand) => operand.label),
    operandWeight: operands.map((operand) => operand.weight),
    operandPort: Int32Array.from(operands, ({ port }) => port),
    operandInput: Int32Array.from(operands, ({ input }) => input),
    operandOwner: Int32Array.from(operands, ({ owner }) => owner),
    ...usersOf(operandNode, count),
    outputLabel,
    order,
    place,
    weight,
    module: nodes.map(({ id }) => scopes.scopes[scopes.scopeOf[id] ?? 0]?.path ?? ''),
    parentModule: new Map(
      scopes.scopes
        .filter(({ id }) => id !== 0)
        .map(({ path, parent }) => [path, scopes.scopes[parent]?.path ?? '']),
    ),
  };
}

function decodersOf({ nodes }: Skeleton, { values, inputs, inputStart }: Wiring): Map<number, number> {
  const found = new Map<number, number>();
  for (const { id, op } of nodes) {
    const codes = op === 'DequantizeLinear' ? values[inputs[inputStart[id] ?? 0] ?? -1] : undefined;
    if (codes?.slot === 0 && codes.producer >= 0) found.set(codes.producer, id);
  }
  return found;
}

/** What a value is once casts and the like are looked through. */
function lookThrough(
  skeleton: Skeleton,
  wiring: Wiring,
  { through, passes, label }: Pick<Facts, 'through' | 'passes' | 'label'>,
): (value: number, codes?: boolean) => Seen {
  return (start, codes = false) => {
    let id = start;
    let quantised = codes;
    for (let steps = 0; steps < 256; steps++) {
      const value = wiring.values[id];
      if (value === undefined) return NOTHING;
      if (value.weight !== null) {
        return { node: -1, slot: 0, label: weightLabel(value.weight, quantised), weight: value.weight };
      }
      const { producer } = value;
      if (producer < 0) {
        if (value.alias >= 0) {
          id = value.alias;
          continue;
        }
        return { node: -1, slot: 0, label: textHash(`input ${String(value.input)}`), weight: null };
      }
      const node = skeleton.nodes[producer];
      if (node?.op === 'Constant') {
        const weight = tensorsOf(node)[0] ?? null;
        const known = weight !== null && quantised ? weightLabel(weight, true) : (label[producer] ?? 0);
        return { node: producer, slot: 0, label: known, weight };
      }
      if (through[producer] === 0 || value.slot > 0) {
        return { node: producer, slot: value.slot, label: 0, weight: null };
      }
      quantised ||= node?.op === 'DequantizeLinear';
      id = wiring.inputs[(wiring.inputStart[producer] ?? 0) + (passes[producer] ?? 0)] ?? -1;
    }
    return NOTHING;
  };
}

function usersOf(
  operandNode: Int32Array,
  count: number,
): { readonly userStart: Int32Array; readonly userOperand: Int32Array } {
  const userStart = new Int32Array(count + 1);
  for (const node of operandNode) if (node >= 0) userStart[node + 1] = (userStart[node + 1] ?? 0) + 1;
  for (let id = 0; id < count; id++) userStart[id + 1] = (userStart[id + 1] ?? 0) + (userStart[id] ?? 0);
  const next = userStart.slice();
  const userOperand = new Int32Array(userStart[count] ?? 0);
  operandNode.forEach((node, operand) => {
    if (node < 0) return;
    const at = next[node] ?? 0;
    next[node] = at + 1;
    userOperand[at] = operand;
  });
  return { userStart, userOperand };
}
