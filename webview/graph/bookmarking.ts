/** Bookmarks of the graph: what one is called, how it is found again, adding and removing. Pure. */
import type { GraphModel } from '../../src/contract/graphModel';
import type { Bookmark, Selection } from '../../src/contract/hostApi';
import { addressOf, producerOf, refOf } from './selecting';

/** A selection that means the same after a new export: a path or a value's name rather than a number. */
export function lastingSelection(model: GraphModel, ref: number): Selection {
  const address = addressOf(model, ref);
  if (ref < 0) return { kind: 'scope', path: address };
  return producerOf(model, address) === ref
    ? { kind: 'value', name: address }
    : { kind: 'node', id: model.nodes.id[ref] ?? 0 };
}

export function bookmarkOf(model: GraphModel, ref: number): Bookmark {
  const address = addressOf(model, ref);
  const op = ref < 0 ? '' : (model.strings[model.nodes.op[ref] ?? -1] ?? '');
  return {
    selection: lastingSelection(model, ref),
    label: ref < 0 || op === '' ? address : `${address} (${op})`,
  };
}

/** Row of the bookmark that stands for a ref, or -1. */
export function findBookmark(model: GraphModel, bookmarks: readonly Bookmark[], ref: number): number {
  return bookmarks.findIndex(({ selection }) => refOf(model, selection) === ref);
}

export function without(bookmarks: readonly Bookmark[], gone: Bookmark): readonly Bookmark[] {
  return bookmarks.filter((kept) => kept !== gone);
}

/** With it where it was without, without it where it was there. */
export function toggleBookmark(
  model: GraphModel,
  bookmarks: readonly Bookmark[],
  ref: number,
): readonly Bookmark[] {
  const at = findBookmark(model, bookmarks, ref);
  return at < 0 ? [...bookmarks, bookmarkOf(model, ref)] : bookmarks.filter((_kept, index) => index !== at);
}
