/**
 * What a search in the graph reads beyond names, operators and shapes: each node's attributes, and its line of Python
 * with file and number. Equal texts are kept once, so that a search tries each once. Made when someone first searches.
 */
import { throwIfCancelled } from '../base/cancel';
import type { SearchTexts } from '../contract/hostApi';
import type { LinkTable } from '../contract/link';
import { attributeFact } from './attributeText';
import type { OpenModel } from './openModel';

const LONGEST = 300;

/** Kept as long as the links stay. */
const kept = new WeakMap<LinkTable, Promise<SearchTexts>>();

export function searchTexts(model: OpenModel, signal?: AbortSignal): Promise<SearchTexts> {
  const { links } = model;
  if (links === undefined) return make(model, signal);
  const known = kept.get(links);
  if (known !== undefined) return known;
  const made = make(model);
  kept.set(links, made);
  made.catch(() => kept.delete(links));
  return made;
}

async function make(model: OpenModel, signal?: AbortSignal): Promise<SearchTexts> {
  const { content, links } = model;
  if (content === undefined) return { strings: [], attributes: new Int32Array(0), source: new Int32Array(0) };
  const { skeleton, graph } = content;
  const lines = await readLines(model, links, signal);
  const strings: string[] = [];
  const index = new Map<string, number>();
  const add = (text: string): number => {
    if (text === '') return -1;
    const cut = text.length > LONGEST ? text.slice(0, LONGEST) : text;
    let at = index.get(cut);
    if (at === undefined) {
      at = strings.push(cut) - 1;
      index.set(cut, at);
    }
    return at;
  };
  const attributes = new Int32Array(graph.nodes.count).fill(-1);
  const source = new Int32Array(graph.nodes.count).fill(-1);
  for (let row = 0; row < graph.nodes.count; row++) {
    const node = skeleton.nodes[graph.nodes.id[row] ?? -1];
    if (node === undefined) continue;
    attributes[row] = add(
      node.attributes
        .map(attributeFact)
        .map(({ label, text, full }) => `${label}=${full ?? text}`)
        .join(' '),
    );
    const place = links?.links[node.id]?.call?.place;
    if (place === undefined) continue;
    const text = lines.get(place.file)?.[place.line - 1]?.trim() ?? '';
    source[row] = add(`${place.file}:${String(place.line)} ${text}`);
  }
  return { strings, attributes, source };
}

/** The lines of every file that some node leads to; a file that cannot be read has none. */
async function readLines(
  model: OpenModel,
  links: LinkTable | undefined,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const files = new Set<string>();
  for (const { call } of links?.links ?? []) if (call !== null) files.add(call.place.file);
  const lines = new Map<string, readonly string[]>();
  for (const file of files) {
    throwIfCancelled(signal);
    const text = await model.root.read(file, signal);
    if (text !== null) lines.set(file, text.split('\n'));
  }
  return lines;
}
