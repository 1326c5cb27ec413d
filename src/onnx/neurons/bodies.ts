/**
 * The bodies of `If`, `Loop` and `Scan` written out beside the graph around them, so that one walk meets every node with
 * names of its own: the value `h` of the body `n12.then_branch` is `n12.then_branch/h`, which is also its address. Pure.
 */
import type { Graph, Node, WeightRef } from '../../contract/skeleton';
import { definedNames } from '../rewrite/names';
import { bodiesOf } from '../walk';
import type { KnownDims } from './unitMap';

/** A body by its names in the written-out graph. */
export interface Body {
  readonly path: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** In the order of a walk: a body is entered, its nodes follow, and then comes the node that holds it. */
export type Step =
  { readonly enter: Body; readonly owner: Node } | { readonly node: Node; readonly bodies: readonly Body[] };

export interface WrittenOut {
  /** All nodes and initializers of the graph and of its bodies. */
  readonly graph: Graph;
  readonly steps: readonly Step[];
  /** The path of the body that defines a value; '' for the graph itself. */
  pathOf(value: string): string;
  /** What bodies state of their values' shapes. */
  dims(value: string): KnownDims;
}

/** A graph without bodies comes back as it is. */
export function writeOutBodies(graph: Graph): WrittenOut {
  const writer = new Writer(graph);
  writer.write(graph, new Map());
  return {
    graph: { ...graph, nodes: writer.nodes, initializers: writer.initializers },
    steps: writer.steps,
    pathOf: (value) => writer.paths.get(value) ?? '',
    dims: (value) => writer.dims.get(value),
  };
}

class Writer {
  readonly nodes: Node[] = [];
  readonly steps: Step[] = [];
  readonly initializers: Map<string, WeightRef>;
  readonly paths = new Map<string, string>();
  readonly dims = new Map<string, KnownDims>();
  readonly #taken: Set<string>;

  constructor(main: Graph) {
    this.initializers = new Map(main.initializers);
    this.#taken = definedNames(main);
  }

  write(graph: Graph, around: ReadonlyMap<string, string>): void {
    const named = (name: string): string => around.get(name) ?? name;
    for (const node of graph.nodes) {
      const here = around.size === 0 ? node : renamed(node, named);
      const bodies = isControl(node) ? bodiesOf(node).flatMap((body) => this.#body(body, here, around)) : [];
      this.nodes.push(here);
      this.steps.push({ node: here, bodies });
    }
  }

  #body(body: Graph, owner: Node, around: ReadonlyMap<string, string>): Body[] {
    const { path } = body;
    const names = new Map(around);
    const defined = [...definedNames(body)];
    const text = (name: string): string => `${path}/${name}`;
    // Two values of one address: whoever asks for it would get the other one.
    if (defined.some((name) => this.#taken.has(text(name)))) return [];
    for (const name of defined) {
      names.set(name, text(name));
      this.#taken.add(text(name));
      this.paths.set(text(name), path);
    }
    for (const [name, weight] of body.initializers) this.initializers.set(text(name), weight);
    for (const { name, type } of [...body.values.values(), ...body.inputs, ...body.outputs]) {
      if (type.kind !== 'tensor' || type.shape === null || !names.has(name)) continue;
      this.dims.set(
        text(name),
        type.shape.map((dim) => (typeof dim === 'number' ? dim : undefined)),
      );
    }
    const written: Body = {
      path,
      inputs: body.inputs.map(({ name }) => text(name)),
      outputs: body.outputs.map(({ name }) => names.get(name) ?? name),
    };
    this.steps.push({ enter: written, owner });
    this.write(body, names);
    return [written];
  }
}

function isControl({ op, domain }: Node): boolean {
  return domain === '' && (op === 'If' || op === 'Loop' || op === 'Scan');
}

function renamed(node: Node, named: (name: string) => string): Node {
  return { ...node, inputs: node.inputs.map(named), outputs: node.outputs.map(named) };
}
