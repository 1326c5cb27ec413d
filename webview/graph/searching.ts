/** A running search: its text, what it found, and stepping through it. Knows neither the screen nor what is open. */
import type { GraphModel } from '../../src/contract/graphModel';
import type { SearchTexts } from '../../src/contract/hostApi';
import { Finder, nothingFound, readPattern, type Found } from './finder';
import type { Scene } from './scene';
import { boxOfRef } from './selecting';
import { phrase } from './words';

/** More matches than this are not outlined one by one. */
const mostOutlined = 4000;

export class Searching {
  open = false;
  text = '';
  invalid = false;
  #model: GraphModel | undefined;
  #finder: Finder | undefined;
  /** First node in each module, in file order. */
  #first: Int32Array | undefined;
  #texts: SearchTexts | null = null;
  #found: Found = nothingFound;
  /** Refs (node rows, -1 - scope rows) in the order one steps through them. */
  #refs: readonly number[] = [];
  #at = -1;
  #boxes: ReadonlySet<number> = new Set();
  #boxesFor: Scene | undefined;

  /** Searches this model from now on; a search under way is done again. */
  use(model: GraphModel): void {
    if (model === this.#model) return;
    this.#model = model;
    this.#finder = undefined;
    this.#first = undefined;
    this.search(this.text);
  }

  /** Searches attributes and source lines too. */
  read(texts: SearchTexts | null): void {
    this.#texts = texts;
    this.#finder = undefined;
    if (this.open) this.#prepare();
    this.search(this.text);
  }

  /** Opens the search, and gets ready what the first keystroke would wait for. */
  begin(): void {
    this.open = true;
    this.#prepare();
  }

  #prepare(): void {
    if (this.#model === undefined) return;
    this.#first ??= firstNodes(this.#model);
    this.#finder ??= new Finder(this.#model, this.#texts);
  }

  search(text: string): void {
    this.text = text;
    this.#boxesFor = undefined;
    this.#at = -1;
    const pattern = text === '' ? undefined : readPattern(text);
    this.invalid = text !== '' && pattern === undefined;
    if (pattern === undefined || this.#model === undefined) {
      this.#found = nothingFound;
      this.#refs = [];
      return;
    }
    this.#prepare();
    this.#found = this.#finder?.find(pattern) ?? nothingFound;
    this.#refs = inFileOrder(this.#first ?? new Int32Array(), this.#found);
  }

  /** The next (or previous) match after what is selected; null when there is none. */
  step(step: 1 | -1, selected: number | null): number | null {
    const count = this.#refs.length;
    if (count === 0) return null;
    const current = selected === null ? -1 : this.#refs.indexOf(selected);
    const from = current >= 0 ? current : this.#at;
    this.#at = from < 0 ? (step > 0 ? 0 : count - 1) : (from + step + count) % count;
    return this.#refs[this.#at] ?? null;
  }

  status(words: Readonly<Record<string, string>>): string {
    if (this.invalid) return phrase(words, 'badPattern');
    if (this.text === '') return '';
    if (this.#refs.length === 0) return phrase(words, 'noMatch');
    return phrase(words, 'matches', this.#at < 0 ? '–' : this.#at + 1, this.#refs.length);
  }

  /** Boxes to outline: those of matches, or the closed modules that hold them. */
  boxes(scene: Scene): ReadonlySet<number> {
    if (!this.open || this.#refs.length === 0) return none;
    if (this.#boxesFor === scene) return this.#boxes;
    const boxes = new Set<number>();
    for (const ref of this.#refs) {
      if (boxes.size >= mostOutlined) break;
      const box = boxOfRef(scene, ref);
      if (box >= 0 && (!scene.isFrame(box) || scene.refOf(box) === ref)) boxes.add(box);
    }
    this.#boxes = boxes;
    this.#boxesFor = scene;
    return boxes;
  }
}

const none: ReadonlySet<number> = new Set();

function firstNodes({ nodes, scopes }: GraphModel): Int32Array {
  const first = new Int32Array(scopes.count).fill(nodes.count);
  for (let node = nodes.count - 1; node >= 0; node--) first[nodes.scope[node] ?? 0] = node;
  for (let scope = scopes.count - 1; scope > 0; scope--) {
    const parent = scopes.parent[scope] ?? 0;
    first[parent] = Math.min(first[parent] ?? 0, first[scope] ?? 0);
  }
  return first;
}

/** A module comes before its nodes, and before the modules in it. */
function inFileOrder(first: Int32Array, { nodes, scopes }: Found): readonly number[] {
  if (scopes.length === 0) return nodes;
  const modules = [...scopes].sort((a, b) => (first[a] ?? 0) - (first[b] ?? 0) || a - b);
  const refs = new Array<number>(nodes.length + modules.length);
  let [at, module] = [0, 0];
  for (const node of nodes) {
    for (
      let next = modules[module];
      next !== undefined && (first[next] ?? 0) <= node;
      next = modules[++module]
    )
      refs[at++] = -1 - next;
    refs[at++] = node;
  }
  for (; module < modules.length; module++) refs[at++] = -1 - (modules[module] ?? 0);
  return refs;
}
