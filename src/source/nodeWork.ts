/**
 * Sorts a model's nodes for linking: which module's `forward` performed each, and in which order the operations of one
 * `forward` came. Consecutive nodes made from one traced operation are one item.
 */
import type { Node } from '../contract/skeleton';
import type { NodeEvidence } from './evidence';
import type { Follower } from './follow';
import type { Instance } from './interpret/values';
import type { ModuleTree } from './tree';

export interface Item {
  readonly nodes: readonly Node[];
  /** Nodes that only made its operands: they stand where it stands. */
  readonly also: readonly Node[];
  readonly evidence: NodeEvidence;
  /** Dotted path of the innermost module, as the source tree knows it. */
  readonly leaf: string;
  /** The object at `leaf`, when the source shows it. */
  readonly module: Instance | null;
}

/** One `forward` of the person's own, and all that the model says it performed. */
export interface Work {
  readonly instance: Instance;
  /** Path of the module whose `forward` it is. */
  readonly path: string;
  readonly items: Item[];
}

const NUMBER = /^aten\.(?:scalar_tensor|lift_fresh_copy)\b/;

/** Nodes by the `forward` that performed them; those of no known module are left out. */
export function sortNodes(
  nodes: readonly Node[],
  evidence: readonly NodeEvidence[],
  tree: ModuleTree,
  follower: Follower,
): Work[] {
  const works = new Map<Instance, Work>();
  let waiting: {
    readonly work: Work;
    readonly nodes: Node[];
    readonly frames: NodeEvidence['frames'];
  } | null = null;
  let last: { readonly work: Work; readonly operation: string | null; readonly leaf: string } | null = null;
  const users = firstUsers(nodes, evidence);
  const told = evidence.some(({ modulesFrom }) => modulesFrom === 'metadata');
  nodes.forEach((node, i) => {
    const known = evidence[i];
    if (known === undefined || isPlumbing(node, known, told)) return;
    // What a rewrite left without metadata came just before what uses it.
    const telling = known.modules === null ? users.get(node) : known;
    if (telling === undefined) return;
    const leaf = leafOf(telling, tree);
    const home = leaf === null ? null : homeOf(telling, leaf, tree, follower);
    if (leaf === null || home === null) return;
    // Inside a library's module its user says as much as can be known.
    if (telling !== known && leaf !== home.path) return;
    const work = works.get(home.instance) ?? { ...home, items: [] };
    works.set(home.instance, work);
    const item = work.items.at(-1);
    const { operation } = known;
    // A plain number becomes a tensor just before the operation that takes it.
    if (known.target !== null && NUMBER.test(known.target)) {
      const same = waiting !== null && waiting.work === work && waiting.frames === known.frames;
      waiting = { work, nodes: [...(same ? (waiting?.nodes ?? []) : []), node], frames: known.frames };
      return;
    }
    const before: readonly Node[] =
      waiting !== null && waiting.work === work && waiting.frames === known.frames ? waiting.nodes : [];
    waiting = null;
    if (
      last !== null &&
      item !== undefined &&
      operation !== null &&
      last.work === work &&
      last.operation === operation &&
      last.leaf === leaf
    ) {
      work.items[work.items.length - 1] = { ...item, nodes: [...item.nodes, node] };
    } else
      work.items.push({
        nodes: [node],
        also: before,
        evidence: known,
        leaf,
        module: tree.find(leaf)?.instance ?? null,
      });
    last = { work, operation, leaf };
  });
  return [...works.values()];
}

/** Evidence of the first node that uses a node's outputs, for nodes that have none of their own. */
function firstUsers(
  nodes: readonly Node[],
  evidence: readonly NodeEvidence[],
): ReadonlyMap<Node, NodeEvidence> {
  const makers = new Map<string, Node>();
  nodes.forEach((node, i) => {
    if (evidence[i]?.modules !== null) return;
    for (const output of node.outputs) if (output !== '') makers.set(`${node.graph}\n${output}`, node);
  });
  const users = new Map<Node, NodeEvidence>();
  nodes.forEach((node, i) => {
    const known = evidence[i];
    if (known?.modulesFrom !== 'metadata') return;
    for (const input of node.inputs) {
      const maker = makers.get(`${node.graph}\n${input}`);
      if (maker !== undefined && !users.has(maker)) users.set(maker, known);
    }
  });
  return users;
}

/**
 * Constants and copies say nothing of order: they take the place of what uses them. So does what a quantizer put into a
 * model whose exporter has `told` where everything else comes from.
 */
export function isPlumbing(node: Node, evidence: NodeEvidence, told = false): boolean {
  if (evidence.modulesFrom === 'metadata' || node.domain !== '') return false;
  return (
    told ? /^(?:Constant|Identity|(?:Dynamic)?QuantizeLinear|DequantizeLinear)$/ : /^(?:Constant|Identity)$/
  ).test(node.op);
}

/** The innermost module: the one named, or the one whose weights are used where the name leads nowhere. */
function leafOf(evidence: NodeEvidence, tree: ModuleTree): string | null {
  const named = evidence.modules?.at(-1);
  if (named === undefined) return null;
  const { weightModule } = evidence;
  if (weightModule === null || evidence.modulesFrom === 'metadata') return named;
  const byName = tree.find(named);
  const byWeight = tree.find(weightModule);
  return byWeight !== null && byName === null ? weightModule : named;
}

/** The innermost enclosing module whose `forward` is the person's own. */
function homeOf(
  evidence: NodeEvidence,
  leaf: string,
  tree: ModuleTree,
  follower: Follower,
): { instance: Instance; path: string } | null {
  const chain = [...(evidence.modules ?? [])];
  if (chain.at(-1) !== leaf) chain.splice(-1, 1, leaf);
  for (const path of chain.reverse()) {
    const found = tree.find(path);
    if (found !== null && follower.entriesOf(found.instance).length > 0)
      return { instance: found.instance, path };
  }
  return null;
}
