/** Elements of things that cannot be listed, and whether a list is whole. Pure. */
import { ANY, constant, ghostOf, list, NUMBER, TENSOR, union, UNKNOWN, type Value } from './values';

/** True when there may be more, or fewer, elements than are listed. */
export function isOpen(value: Value): boolean {
  return (value.kind === 'list' || value.kind === 'dict') && value.open;
}

/** An element of something that cannot be listed; a range counts even when its end is not known. */
export function elementOf(iterable: Value, index: number | undefined): Value {
  if (iterable.kind === 'list' && iterable.items.length > 0) return union(iterable.items);
  if (iterable.kind === 'instance' && iterable.ghost)
    return ghostOf(iterable, index === undefined ? ANY : String(index));
  if (iterable.kind === 'method' && iterable.name === '<range>')
    return index === undefined ? NUMBER : constant(index);
  if (iterable.kind === 'method' && iterable.name === '<enumerate>') {
    return list([index === undefined ? NUMBER : constant(index), elementOf(iterable.object, index)], 'tuple');
  }
  return iterable.kind === 'tensor' ? TENSOR : UNKNOWN;
}
