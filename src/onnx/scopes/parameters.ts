/** How many parameters lie in each scope and below: every weight counted once per scope. */
import type { Scope } from '../../contract/scopes';
import type { Node, Skeleton, WeightRef } from '../../contract/skeleton';
import type { Building } from '../decoding';
import { tensorsOf } from '../walk';
import type { Wiring } from '../wiring';

/** Fills in `parameters`. Scopes come parents first. */
export function countParameters(
  skeleton: Skeleton,
  wiring: Wiring,
  scopes: readonly Building<Scope>[],
  scopeOf: Int32Array,
): void {
  const homes = new Map<WeightRef, number | Set<number>>();
  for (const node of skeleton.nodes) {
    const scope = scopeOf[node.id] ?? 0;
    for (const weight of weightsOfNode(wiring, node)) {
      const known = homes.get(weight);
      if (known === undefined) homes.set(weight, scope);
      else if (typeof known !== 'number') known.add(scope);
      else if (known !== scope) homes.set(weight, new Set([known, scope]));
    }
  }
  for (const [weight, home] of homes) {
    const reached = new Set<number>();
    for (const start of typeof home === 'number' ? [home] : home) {
      for (let id = start; id >= 0 && !reached.has(id); id = scopes[id]?.parent ?? -1) {
        reached.add(id);
        const scope = scopes[id];
        if (scope !== undefined) scope.parameters += weight.count;
      }
    }
  }
  const [root] = scopes;
  if (root !== undefined) root.parameters = skeleton.parameters;
}

/** Initializers a node reads and tensors of two elements or more in its attributes. */
export function weightsOfNode(wiring: Wiring, node: Node): WeightRef[] {
  const weights: WeightRef[] = [];
  const end = wiring.inputStart[node.id + 1] ?? 0;
  for (let at = wiring.inputStart[node.id] ?? 0; at < end; at++) {
    const weight = wiring.values[wiring.inputs[at] ?? -1]?.weight;
    if (weight !== undefined && weight !== null) weights.push(weight);
  }
  for (const tensor of tensorsOf(node)) if (tensor.count > 1) weights.push(tensor);
  return weights;
}
