/** Why a gradient is zero: nothing leads from the site to the objective, or only what does not move with its input. */
import type { Node } from '../../../contract/skeleton';
import { isFloat } from '../../../tensor/dtype';
import type { Observed } from './graph';
import { ruleFor } from './rules/index';

export interface Way {
  readonly nodes: readonly Node[];
  readonly observed: ReadonlyMap<string, Observed>;
  readonly nameNode: (node: Node) => string;
}

/** One sentence. `text`: the site as the person wrote it; `targets`: values that the objective reads. */
export function independent(way: Way, site: string, text: string, targets: readonly string[]): string {
  const flat = firstFlat(way, site, targets);
  if (flat === undefined) return `The objective does not depend on "${text}": its gradient is zero.`;
  return (
    `No slope leads from "${text}" to the objective: on the way, ${way.nameNode(flat)} gives the same for inputs ` +
    'that differ little. The gradient is zero.'
  );
}

/** The first node on the way from the site to a target that is flat wherever it has a slope, or makes no floats. */
function firstFlat({ nodes, observed }: Way, site: string, targets: readonly string[]): Node | undefined {
  const reached = new Set([site]);
  const after = nodes.filter(({ inputs, outputs }) => {
    if (!inputs.some((name) => name !== '' && reached.has(name))) return false;
    for (const name of outputs) if (name !== '') reached.add(name);
    return true;
  });
  const needed = new Set(targets);
  const between = after.reverse().filter(({ inputs, outputs }) => {
    if (!outputs.some((name) => needed.has(name))) return false;
    for (const name of inputs) needed.add(name);
    return true;
  });
  if (!needed.has(site)) return undefined;
  return between.findLast(({ domain, op, outputs }) => {
    const dtype = observed.get(outputs[0] ?? '')?.dtype;
    return ruleFor(domain, op)?.kind === 'zero' || (dtype !== undefined && !isFloat(dtype));
  });
}
