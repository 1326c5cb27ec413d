/** What goes into a backward graph: forward values it needs, the objective's indices and directions, and directions of a product. */
import { must } from '../../../base/assert';
import { Failure } from '../../../base/errors';
import type { GradientRequest } from '../../../contract/run';
import type { TensorData } from '../../../contract/tensor';
import { elementsOf } from '../../../onnx/objective';
import { toNumbers } from '../../../tensor/buffers';
import { sizeOf } from '../../../tensor/shape';
import type { Value } from './builder';
import type { Built, Question } from './question';
import { numbersOf, typed, widened, zerosLike } from './numbers';

/** Feeds by input of the backward graph. Throws `bad-objective` for a direction that is missing or does not fit. */
export function feedsFor(
  { objectives, rows, request }: Question,
  { backward, emitted }: Built,
  at: ReadonlyMap<string, TensorData>,
): Map<string, TensorData> {
  const feeds = new Map<string, TensorData>();
  for (const name of backward.needs) feeds.set(name, widened(must(at.get(name), `"${name}" was captured`)));
  const elements = objectives.map(elementsOf);
  emitted.indices.forEach(({ name, dims }, i) => {
    // In rows, the batch's index is the row's own.
    const numbers = elements.flatMap((of, row) => (rows ? (of[i] ?? []).with(0, row) : (of[i] ?? [])));
    feeds.set(name, { dtype: 'int64', dims, data: BigInt64Array.from(numbers, (n) => BigInt(n)) });
  });
  refuseUnnamed(request, new Set(emitted.directions.map(({ name }) => name)));
  for (const { input, name } of emitted.directions) feeds.set(input.name, directionFor(request, name, input));
  for (const [site, input] of backward.along) feeds.set(input.name, alongFor(request, site, input));
  const wanted = new Set(backward.parts.graph.inputs.map(({ name }) => name));
  for (const name of feeds.keys()) if (!wanted.has(name)) feeds.delete(name);
  return feeds;
}

function refuseUnnamed({ directions = {} }: GradientRequest, named: ReadonlySet<string>): void {
  const idle = Object.keys(directions).find((name) => !named.has(name));
  if (idle === undefined) return;
  throw new Failure({
    code: 'bad-objective',
    message: `A direction "${idle}" was given, and the objective does not project on it.`,
    remedy: `Write dot(SITE, ${idle}) in the objective, or leave the direction out.`,
  });
}

function directionFor(request: GradientRequest, name: string, { dtype, dims }: Value): TensorData {
  const direction = request.directions?.[name];
  if (direction === undefined) {
    throw new Failure({
      code: 'bad-objective',
      message: `The objective projects on "${name}", and no direction of that name was given.`,
      remedy:
        'Name a file with one number per element of the last axis, dot(SITE, FILE.npy), or give it as --direction NAME=FILE.npy.',
    });
  }
  const { data } = direction;
  if (!ArrayBuffer.isView(data)) {
    throw new Failure({
      code: 'bad-objective',
      message: `The direction "${name}" holds ${direction.dtype}s.`,
      remedy: 'Give one number per element of the last axis.',
    });
  }
  if (sizeOf(direction.dims) === sizeOf(dims))
    return { dtype, dims, data: typed(dtype, toNumbers(direction.dtype, data)) };
  throw new Failure({
    code: 'bad-objective',
    message: `The direction "${name}" has ${String(sizeOf(direction.dims))} elements; the last axis has ${String(sizeOf(dims))}.`,
    remedy: 'Give one number per element of the last axis.',
  });
}

function alongFor({ along = {}, wrt }: GradientRequest, site: string, { dtype, dims }: Value): TensorData {
  const text = wrt.find((name) => Object.hasOwn(along, name) && name === site) ?? site;
  const given = along[text];
  const size = sizeOf(dims);
  if (given === undefined) return zerosLike(dtype, dims, size);
  if (sizeOf(given.dims) === size) return { dtype, dims, data: typed(dtype, numbersOf(given)) };
  throw new Failure({
    code: 'bad-feed',
    message: `The direction at "${text}" has the shape [${given.dims.join(', ')}]; the value has [${dims.join(', ')}].`,
    remedy: 'Give it the shape of the value.',
  });
}
