/**
 * What equal containers share. Deep models repeat a block many times; each distinct block is ordered once, and placed
 * once per choice of box sizes and ports. Equality is of the whole structure, never of a hash alone.
 */
import { f64, i32 } from './arrays';
import type { Container } from './container';
import type { Surroundings } from './order';

interface Entry<T> {
  readonly ints: Int32Array;
  readonly floats: Float64Array;
  readonly made: T;
}

/** Values by the content of two arrays. */
export class ContentCache<T> {
  readonly #entries = new Map<number, Entry<T>[]>();

  get(ints: Int32Array, floats: Float64Array, make: () => T): T {
    const key = mix(ints, floats);
    const bucket = this.#entries.get(key);
    const known = bucket?.find((entry) => same(entry, ints, floats));
    if (known !== undefined) return known.made;
    const entry = { ints, floats, made: make() };
    if (bucket === undefined) this.#entries.set(key, [entry]);
    else bucket.push(entry);
    return entry.made;
  }
}

/** Everything about a container that ordering depends on: its wiring and where its surroundings want its borders. */
export function wiringOf(
  container: Container,
  around: Surroundings,
  budget: number,
): { ints: Int32Array; floats: Float64Array } {
  const { boxes, entries, exits, nets, netSource, targetStart, targets, uses } = container;
  const ints = new Int32Array(6 + 2 * nets + 2 * targets.length);
  ints.set([boxes, entries, exits, nets, targets.length, budget]);
  ints.set(netSource, 6);
  ints.set(targetStart.subarray(0, nets), 6 + nets);
  ints.set(targets, 6 + 2 * nets);
  ints.set(uses, 6 + 2 * nets + targets.length);
  const floats = new Float64Array(entries + exits);
  floats.set(standing(around.entries));
  floats.set(standing(around.exits), entries);
  return { ints, floats };
}

/** Wishes as places 0, 1, 2, …: only their order matters. Unwished ones are -1. */
function standing(wishes: Float64Array): Float64Array {
  const order = [...wishes.keys()]
    .filter((k) => !Number.isNaN(f64(wishes, k)))
    .sort((a, b) => f64(wishes, a) - f64(wishes, b));
  const places = new Float64Array(wishes.length).fill(-1);
  let place = -1;
  let before = Number.NaN;
  for (const k of order) {
    if (f64(wishes, k) !== before) place++;
    before = f64(wishes, k);
    places[k] = place;
  }
  return places;
}

function mix(ints: Int32Array, floats: Float64Array): number {
  let hash = ints.length;
  for (let k = 0; k < ints.length; k++) hash = (Math.imul(hash, 31) + i32(ints, k)) | 0;
  for (let k = 0; k < floats.length; k++) hash = (Math.imul(hash, 31) + Math.round(f64(floats, k) * 8)) | 0;
  return hash;
}

function same(
  entry: { ints: Int32Array; floats: Float64Array },
  ints: Int32Array,
  floats: Float64Array,
): boolean {
  if (entry.ints.length !== ints.length || entry.floats.length !== floats.length) return false;
  for (let k = 0; k < ints.length; k++) if (i32(entry.ints, k) !== i32(ints, k)) return false;
  for (let k = 0; k < floats.length; k++) if (f64(entry.floats, k) !== f64(floats, k)) return false;
  return true;
}
