/**
 * Where a gradient stops being a number: the first node of the backward graph that makes NaN or an infinity from
 * numbers, said by the node of the model whose gradient it is part of, and its line.
 */
import { must } from '../../../base/assert';
import type { Node, ValueInfo } from '../../../contract/skeleton';
import type { TensorData } from '../../../contract/tensor';
import { isFloat } from '../../../tensor/dtype';
import type { EngineModel } from '../model';
import { createSession, isCarried, reportedOutputs, runSession, type SessionChoice } from '../runtime';
import type { Built } from './question';
import { isFinite } from './numbers';

/** One sentence. Runs the backward graph once more with everything it computes as an output. */
export async function traceNotANumber(
  model: EngineModel,
  { backward }: Built,
  feeds: ReadonlyMap<string, TensorData>,
  choice: SessionChoice,
  nameNode: (node: Node) => string,
): Promise<string> {
  const said = 'The gradient holds NaN or Inf';
  for (const node of model.skeleton.graph.nodes) {
    const bad = node.outputs.find((name) => feeds.has(name) && !isFinite(must(feeds.get(name), 'it is fed')));
    if (bad !== undefined)
      return `${said}: the model’s own value "${bad}", made by ${nameNode(node)}, holds them already.`;
  }
  const { graph } = backward.parts;
  const names = graph.nodes.flatMap(({ outputs }) => outputs).filter((name) => name !== '');
  const outputs = names.map((name): ValueInfo => ({ name, type: { kind: 'unknown' } }));
  const bytes = await model.write({ ...backward.parts, graph: { ...graph, outputs } });
  const session = await createSession(bytes, choice);
  try {
    const carried = reportedOutputs(session)
      .filter(({ tensor }) => tensor !== null && isFloat(tensor.dtype) && isCarried(tensor.dtype))
      .map(({ name }) => name);
    const made = await runSession(session, feeds, carried);
    for (const node of graph.nodes) {
      const bad = node.outputs.find(
        (name) => made.has(name) && !isFinite(must(made.get(name), 'it was made')),
      );
      if (bad === undefined) continue;
      const origin = backward.origins.get(bad);
      return origin === undefined
        ? `${said}: the objective makes them.`
        : `${said}: they come from going back through ${nameNode(origin)}.`;
    }
    return `${said}.`;
  } finally {
    await session.release();
  }
}
