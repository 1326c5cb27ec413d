/** The bytes of a model's rewrites: as it is, and with every value captured and added to. */
import type { EngineModel } from '../../../src/engine/child/model';
import { rewrite } from '../../../src/onnx/rewrite/plan';

export async function rewritesOf(
  opened: EngineModel,
): Promise<{ readonly plain: Uint8Array; readonly everything: Uint8Array }> {
  const { nodes, outputs } = opened.skeleton.graph;
  const values = nodes.flatMap((node) => node.outputs);
  const plan = {
    outputs: outputs.map(({ name }) => name),
    captures: values.map((value) => ({ path: '', value, raw: false })),
    steps: values.map((value) => ({ path: '', value, dtype: 'float32', form: 'add' }) as const),
    given: [],
    overridden: [],
  };
  const everything = rewrite(opened.skeleton, plan, () => ({ dtype: 'float32', shape: null }));
  return { plain: await opened.write(opened.skeleton), everything: await opened.write(everything.model) };
}
