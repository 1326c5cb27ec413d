/**
 * Sequences and optionals, which the host cannot hand over, as the tensors in them: `x[0]`, `x[1]`, … go in and are put
 * together, and come out one by one. Maps have no operators that take them apart. Pure.
 */
import type { Attribute, Graph, Node, ValueInfo, ValueType } from '../../contract/skeleton';
import { dtypeCode, type Dtype } from '../../tensor/dtype';
import type { FreshNames } from './names';
import { insertedNode, intsInitializer } from './nodes';

/** What holds tensors: a sequence, an optional tensor, or an optional sequence. */
export interface Container {
  readonly kind: 'sequence' | 'optional' | 'optional-sequence';
  readonly dtype: Dtype;
}

/** The container a type is, or null for tensors and for what cannot be taken apart. */
export function containerOf(type: ValueType): Container | null {
  if (type.kind === 'sequence')
    return type.of.kind === 'tensor' ? { kind: 'sequence', dtype: type.of.dtype } : null;
  if (type.kind !== 'optional') return null;
  if (type.of.kind === 'tensor') return { kind: 'optional', dtype: type.of.dtype };
  const inner = containerOf(type.of);
  return inner?.kind === 'sequence' ? { kind: 'optional-sequence', dtype: inner.dtype } : null;
}

/** Name of an element of a container; an optional tensor is its own only element. */
export function elementName(name: string, kind: Container['kind'], index: number): string {
  return kind === 'optional' ? name : `${name}[${String(index)}]`;
}

export interface PackedInput {
  readonly name: string;
  readonly container: Container;
  /** How many elements are fed: for an optional 0 or 1. */
  readonly count: number;
}

/** Makes container inputs from tensor inputs. An optional tensor's own input keeps its name by way of another one. */
export function packInputs(
  graph: Graph,
  packed: readonly PackedInput[],
  fresh: FreshNames,
): { readonly graph: Graph; readonly renamed: ReadonlyMap<string, string> } {
  const renamed = new Map<string, string>();
  if (packed.length === 0) return { graph, renamed };
  const nodes: Node[] = [];
  const inputs: ValueInfo[] = [];
  for (const { name, container, count } of packed) {
    const { kind, dtype } = container;
    const elements = Array.from({ length: count }, (_, index) => {
      const element = elementName(name, kind, index);
      const input = fresh.next(`${name}~element${String(index)}`);
      renamed.set(element, input);
      inputs.push({ name: input, type: { kind: 'tensor', dtype, shape: null } });
      return input;
    });
    const [only] = elements;
    const tensor: ValueType = { kind: 'tensor', dtype, shape: null };
    if (kind === 'optional') {
      nodes.push(only === undefined ? absent(name, tensor) : insertedNode('Optional', [only], [name]));
      continue;
    }
    const sequence = kind === 'sequence' ? name : fresh.next(`${name}~sequence`);
    if (kind === 'optional-sequence' && only === undefined) {
      nodes.push(absent(name, { kind: 'sequence', of: tensor }));
      continue;
    }
    nodes.push(
      only === undefined
        ? emptySequence(sequence, dtype)
        : insertedNode('SequenceConstruct', elements, [sequence]),
    );
    if (kind === 'optional-sequence') nodes.push(insertedNode('Optional', [sequence], [name]));
  }
  const names = new Set(packed.map(({ name }) => name));
  const others = graph.inputs.filter(({ name }) => !names.has(name));
  return { graph: { ...graph, nodes: [...nodes, ...graph.nodes], inputs: [...others, ...inputs] }, renamed };
}

function absent(name: string, type: ValueType): Node {
  const attribute: Attribute = { name: 'type', value: { type: 'type', value: type } };
  return insertedNode('Optional', [], [name], [attribute]);
}

function emptySequence(name: string, dtype: Dtype): Node {
  const attribute: Attribute = { name: 'dtype', value: { type: 'int', value: dtypeCode(dtype) } };
  return insertedNode('SequenceEmpty', [], [name], [attribute]);
}

/** What is asked of a container: whether it holds anything, how many elements, or the elements themselves. */
export interface OpenedOutput {
  readonly name: string;
  readonly container: Container;
  readonly ask: 'present' | 'length' | { readonly elements: number };
}

export interface Opened {
  readonly graph: Graph;
  /** By container: the values that answer. */
  readonly asked: ReadonlyMap<string, readonly string[]>;
}

/** Makes the values that answer for containers. */
export function openOutputs(graph: Graph, opened: readonly OpenedOutput[], fresh: FreshNames): Opened {
  const nodes = [...graph.nodes];
  const initializers = new Map(graph.initializers);
  const asked = new Map<string, readonly string[]>();
  const made = (op: string, inputs: readonly string[], base: string): string => {
    const name = fresh.next(base);
    nodes.push(insertedNode(op, inputs, [name]));
    return name;
  };
  for (const { name, container, ask } of opened) {
    if (ask === 'present') {
      asked.set(name, [made('OptionalHasElement', [name], `${name}~present`)]);
      continue;
    }
    const inside =
      container.kind === 'sequence' ? name : made('OptionalGetElement', [name], `${name}~inside`);
    if (container.kind === 'optional') asked.set(name, [inside]);
    else if (ask === 'length') asked.set(name, [made('SequenceLength', [inside], `${name}~length`)]);
    else {
      const elements = Array.from({ length: ask.elements }, (_, index) => {
        const at = fresh.next(`${name}~place${String(index)}`);
        initializers.set(at, intsInitializer(at, [index], []));
        return made('SequenceAt', [inside, at], `${name}~element${String(index)}`);
      });
      asked.set(name, elements);
    }
  }
  return { graph: { ...graph, nodes, initializers }, asked };
}
