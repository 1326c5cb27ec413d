/**
 * What Node and the runtime cannot hand each other: types without an array, sequences and optionals. A plan is completed
 * with the casts and the taking apart that its feeds, captures and outputs need.
 */
import type { ValueInfo } from '../../contract/skeleton';
import type { TensorData } from '../../contract/tensor';
import { containerOf, elementName, type OpenedOutput, type PackedInput } from '../../onnx/rewrite/containers';
import type { Plan } from '../../onnx/rewrite/plan';
import { typeOf } from './infer';
import type { EngineModel } from './model';
import { isCarried } from './runtime';

/** The plan with everything that has to be turned into tensors on the way in and out. */
export function completePlan(
  model: EngineModel,
  plan: Plan,
  feeds: Readonly<Record<string, TensorData>>,
): Plan {
  const { graph } = model.skeleton;
  const inputs: PackedInput[] = [];
  for (const { name, type } of graph.inputs) {
    const container = containerOf(type);
    if (container === null) continue;
    let count = 0;
    while (
      Object.hasOwn(feeds, elementName(name, container.kind, count)) &&
      (container.kind !== 'optional' || count < 1)
    ) {
      count++;
    }
    inputs.push({ name, container, count });
  }
  const outputs: OpenedOutput[] = [];
  for (const { name, type } of graph.outputs) {
    const container = containerOf(type);
    if (container === null || !plan.outputs.includes(name)) continue;
    outputs.push({ name, container, ask: container.kind === 'sequence' ? 'length' : 'present' });
  }
  const opened = new Set(outputs.map(({ name }) => name));
  const tensors = withCasts(model, { ...plan, outputs: plan.outputs.filter((name) => !opened.has(name)) });
  return inputs.length === 0 && outputs.length === 0
    ? tensors
    : { ...tensors, containers: { inputs, outputs } };
}

/** The plan with casts to float32 for inputs, outputs and captures of types that Node has no array for. */
export function withCasts(model: EngineModel, plan: Plan): Plan {
  const captures = plan.captures.map((capture) => {
    const type = typeOf(model, capture.path, capture.value);
    if (
      type?.kind !== 'tensor' ||
      isCarried(type.dtype) ||
      (capture.branch !== undefined && capture.branch.kind !== 'dims')
    )
      return capture;
    return { ...capture, as: 'float32' as const };
  });
  const uncarried = ({ type }: ValueInfo): boolean => type.kind === 'tensor' && !isCarried(type.dtype);
  const inputs = model.skeleton.graph.inputs.filter(uncarried);
  const outputs = model.skeleton.graph.outputs.filter(uncarried).map(({ name }) => name);
  const none = inputs.length === 0 && outputs.length === 0;
  return none ? { ...plan, captures } : { ...plan, captures, cast: { inputs, outputs } };
}

/** The plan one question further: what was found to be empty asks nothing more. */
export function answerPlan(plan: Plan, opened: ReadonlyMap<string, readonly TensorData[]>): Plan {
  const { inputs = [], outputs = [] } = plan.containers ?? {};
  const next = outputs.flatMap(({ name, container, ask }): OpenedOutput[] => {
    const answer = Number(opened.get(name)?.[0]?.data[0] ?? 0);
    if (typeof ask !== 'string') return [{ name, container, ask }];
    if (ask === 'length') return [{ name, container, ask: { elements: answer } }];
    if (answer === 0) return [];
    return [{ name, container, ask: container.kind === 'optional' ? { elements: 1 } : 'length' }];
  });
  return { ...plan, containers: { inputs, outputs: next } };
}

/** Elements of containers under the names they are given out by. */
export function namedElements(
  plan: Plan,
  opened: ReadonlyMap<string, readonly TensorData[]>,
): (readonly [string, TensorData])[] {
  return (plan.containers?.outputs ?? []).flatMap(({ name, container }) =>
    (opened.get(name) ?? []).map(
      (tensor, index) => [elementName(name, container.kind, index), tensor] as const,
    ),
  );
}
