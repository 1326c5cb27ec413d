/**
 * A body as a model of its own, so that the runtime can be asked for the types of the values inside it: what it takes
 * from around it becomes inputs. Only good for loading, never for running. Pure.
 */
import type { Graph, GraphPath, ValueInfo, ValueType, WeightRef } from '../../contract/skeleton';
import { graphAt, stepsOf } from './graphPath';
import { freeNames } from './names';

/**
 * The body at `path`. `typeOf` gives the type of a value of a graph around it, innermost first; inputs of the body that
 * state no type are looked up under the body's own path.
 */
export function bodyModel(
  main: Graph,
  path: GraphPath,
  typeOf: (path: GraphPath, value: string) => ValueType | undefined,
): Graph {
  const body = graphAt(main, path);
  const around = pathsAround(path).map((outer) => ({ path: outer, graph: graphAt(main, outer) }));
  const initializers = new Map<string, WeightRef>(body.initializers);
  const inputs: ValueInfo[] = body.inputs.map((info) =>
    info.type.kind === 'unknown' ? { name: info.name, type: typeOf(path, info.name) ?? info.type } : info,
  );
  for (const name of freeNames(body)) {
    const weight = around
      .map(({ graph }) => graph.initializers.get(name))
      .find((found) => found !== undefined);
    if (weight !== undefined) {
      initializers.set(name, weight);
      continue;
    }
    const type = around.map((outer) => typeOf(outer.path, name)).find((found) => found !== undefined);
    inputs.push({ name, type: type ?? { kind: 'unknown' } });
  }
  return { ...body, path: '', inputs, initializers };
}

/** Paths of the graphs around a body, innermost first, '' last. */
function pathsAround(path: GraphPath): GraphPath[] {
  const count = stepsOf(path)?.length ?? 0;
  return Array.from({ length: count }, (_, depth) =>
    path
      .split('/')
      .slice(0, count - 1 - depth)
      .join('/'),
  );
}
