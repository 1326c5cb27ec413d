/**
 * Tags: tensors that are named at their reader instead of drawn. Chosen only where a container is crowded, only where
 * each tag takes several crossings away, and never more than a share of the model's edges. Which container may spend how
 * many is settled by the model alone, so that a picture does not depend on what else is open.
 */
import type { GraphModel } from '../contract/graphModel';
import { f64, i32, u8 } from './arrays';
import type { Container } from './container';
import { layerContainer, type Layers } from './layers';
import { orderLayers, type Ordered, type Surroundings } from './order';
import type { EdgeTable } from './plumbing';
import type { Ranks } from './ranks';
import type { ScopeTree } from './scopeTree';

/** At most this share of all edges. */
const share = 0.05;
/** A tag must take away at least this many crossings. */
const worth = 2;
/** Fewer crossings than this in one container are left as they are. */
const crowded = 4;

/**
 * How many edges each scope may turn into tags. Scopes under one parent share what their edges allow; the more a
 * scope's wiring exceeds a tree, the larger its part.
 */
export function tagBudgets(model: GraphModel, tree: ScopeTree, edges: EdgeTable): Int32Array {
  const { scopes } = model;
  const own = new Int32Array(scopes.count);
  const depth = new Int32Array(scopes.count);
  for (let scope = 1; scope < scopes.count; scope++) depth[scope] = i32(depth, i32(scopes.parent, scope)) + 1;
  for (let row = 0; row < edges.count; row++) {
    let a = i32(tree.home, i32(edges.from, row));
    let b = i32(tree.home, i32(edges.to, row));
    while (a !== b) {
      if (i32(depth, a) >= i32(depth, b)) a = i32(scopes.parent, a);
      else b = i32(scopes.parent, b);
    }
    own[a] = i32(own, a) + 1;
  }
  const weight = new Float64Array(scopes.count);
  const pool = new Float64Array(scopes.count);
  const sum = new Float64Array(scopes.count);
  const poolOf = (scope: number): number => (scope === 0 ? 0 : i32(scopes.parent, scope));
  for (let scope = 0; scope < scopes.count; scope++) {
    const extra = Math.max(
      0,
      i32(own, scope) + 1 - (i32(tree.kidStart, scope + 1) - i32(tree.kidStart, scope)),
    );
    weight[scope] = extra * extra;
    pool[poolOf(scope)] = f64(pool, poolOf(scope)) + share * i32(own, scope);
    sum[poolOf(scope)] = f64(sum, poolOf(scope)) + extra * extra;
  }
  return Int32Array.from(weight, (part, scope) =>
    part === 0 ? 0 : Math.floor((f64(pool, poolOf(scope)) * part) / f64(sum, poolOf(scope))),
  );
}

/** The layers and order of a container after spending up to `budget` tags, and which targets are tagged. */
export function orderWithTags(
  container: Container,
  ranks: Ranks,
  around: Surroundings,
  budget: number,
  tagged: Uint8Array,
  checkpoint: () => void,
): { layers: Layers; order: Ordered } {
  let layers = layerContainer(container, ranks, tagged);
  let order = orderLayers(layers, around, checkpoint);
  let left = budget;
  // Every trial orders the container anew: large ones get few, huge ones none.
  const rounds = layers.items > 12_000 ? 0 : layers.items > 2000 ? 2 : 8;
  for (let round = 0; round < rounds && left > 0 && order.crossings >= crowded; round++) {
    const candidates = crossedNets(layers, order).slice(0, layers.items > 2000 ? 1 : 6);
    let best: { layers: Layers; order: Ordered; cost: number; gain: number } | undefined;
    for (const net of candidates) {
      const trial = layers.tagged.slice();
      const cost = tagNet(container, ranks, net, trial);
      if (cost === 0 || cost > left) continue;
      const tried = layerContainer(container, ranks, trial);
      const result = orderLayers(tried, around, checkpoint);
      const gain = (order.crossings - result.crossings) / cost;
      if (gain >= worth && gain > (best?.gain ?? 0)) best = { layers: tried, order: result, cost, gain };
    }
    if (best === undefined) break;
    layers = best.layers;
    order = best.order;
    left -= best.cost;
  }
  return { layers, order };
}

/** Marks every reader of a net that a tag can serve; gives how many edges that are. */
function tagNet(
  { targetStart, targets, uses, boxes }: Container,
  ranks: Ranks,
  net: number,
  tagged: Uint8Array,
): number {
  let cost = 0;
  for (let t = i32(targetStart, net); t < i32(targetStart, net + 1); t++) {
    if (i32(targets, t) >= boxes) return 0;
    if (u8(tagged, t) === 1 || u8(ranks.backward, t) === 1) continue;
    tagged[t] = 1;
    cost += i32(uses, t);
  }
  return cost;
}

/** Nets that take part in crossings, those that a tag would free of most first. */
function crossedNets(layers: Layers, order: Ordered): number[] {
  const { container, rankCount, down, lower, linkNet } = layers;
  const crossed = new Float64Array(container.nets);
  for (let rank = 0; rank + 1 < rankCount; rank++) {
    const ends: { place: number; net: number; from: number }[] = [];
    for (let at = i32(order.start, rank); at < i32(order.start, rank + 1); at++) {
      const item = i32(order.items, at);
      for (let k = i32(down.start, item); k < i32(down.start, item + 1); k++) {
        const link = i32(down.rows, k);
        ends.push({ place: i32(order.place, i32(lower, link)), net: i32(linkNet, link), from: at });
      }
    }
    // Wide gaps of huge graphs are sampled by their neighbourhood only.
    const reach = ends.length > 400 ? 40 : ends.length;
    for (let a = 0; a < ends.length; a++) {
      for (let b = a + 1; b < Math.min(ends.length, a + reach); b++) {
        const one = ends[a];
        const other = ends[b];
        if (one === undefined || other === undefined || one.from === other.from || one.place <= other.place)
          continue;
        crossed[one.net] = f64(crossed, one.net) + 1;
        crossed[other.net] = f64(crossed, other.net) + 1;
      }
    }
  }
  const readers = (net: number): number =>
    i32(container.targetStart, net + 1) - i32(container.targetStart, net);
  // A short tensor with one reader is understood at a glance; a tag would only hide it.
  const nets = [...crossed.keys()].filter(
    (net) => f64(crossed, net) > 0 && (readers(net) > 1 || i32(layers.chainLength, net) >= 2),
  );
  const perTag = (net: number): number => f64(crossed, net) / readers(net);
  return nets.sort((a, b) => perTag(b) - perTag(a) || a - b);
}
