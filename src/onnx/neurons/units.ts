/** What a walk knows so far: of every value whose units it holds and what its codes are, and the layers found. */
import type { Graph } from '../../contract/skeleton';
import { writeOutBodies, type WrittenOut } from './bodies';
import type { ValueCodes } from './codes';
import { Drafts, lineFrom, type Draft, type Line } from './found';
import { NodeFacts } from './nodeFacts';
import { fits, type KnownDims, type UnitMap } from './unitMap';

export class Units {
  readonly drafts = new Drafts();
  readonly written: WrittenOut;
  readonly facts: NodeFacts;
  readonly #maps = new Map<string, UnitMap>();
  readonly #codes = new Map<string, ValueCodes>();

  constructor(
    graph: Graph,
    private readonly known: (value: string) => KnownDims,
  ) {
    this.written = writeOutBodies(graph);
    this.facts = new NodeFacts(this.written.graph);
  }

  /** What is stated of a value's shape, else what follows from where its units lie. */
  readonly dims = (value: string): KnownDims => {
    const map = this.#maps.get(value);
    return this.known(value) ?? this.written.dims(value) ?? (map && dimsOf(map));
  };

  map(value: string): UnitMap | undefined {
    return this.#maps.get(value);
  }

  readonly codes = (value: string): ValueCodes | null => this.#codes.get(value) ?? null;

  setCodes(value: string, codes: ValueCodes | null): void {
    if (codes === null) this.#codes.delete(value);
    else this.#codes.set(value, codes);
  }

  /** Units of what a layer reads; a value nobody's units are known of becomes a layer of its own. */
  source(value: string, axis: number, length: number, rank: number | undefined): UnitMap {
    const map = this.#maps.get(value);
    if (map !== undefined && map.form !== 'heads' && map.axis === axis && fits(map, length)) return map;
    const made = this.facts.producer(value);
    const layer = this.drafts.add('value', made?.id ?? -1, value, axis, length);
    layer.codes = this.codes(value);
    const own: UnitMap = {
      layer: layer.id,
      axis,
      rank: rank ?? this.dims(value)?.length,
      units: length,
      form: 'same',
    };
    // A value read in two ways keeps what it was first.
    if (map === undefined) this.own(value, own);
    return own;
  }

  /** The units of a value; a layer is known by the last value that holds its units one by one. */
  own(value: string, map: UnitMap): void {
    if (value === '') return;
    const length = this.dims(value)?.at(map.axis);
    // What is known of the shape has the last word: a broadcast nobody foresaw ends here.
    if (length !== undefined && !fits(map, length)) return;
    this.#maps.set(value, map);
    const layer = this.drafts.at(map.layer);
    if (layer === undefined || map.form !== 'same' || !this.#within(layer.value, value)) return;
    layer.value = value;
    layer.axis = map.axis;
    layer.codes = this.codes(value);
  }

  /** A layer of connections one to one, which owns `output`. */
  addLines(kind: Draft['kind'], node: number, output: string, map: UnitMap, lines: readonly Line[]): Draft {
    const layer = this.drafts.add(kind, node, output, map.axis, map.units);
    layer.codes = this.codes(output);
    this.drafts.addLines(layer, lines);
    this.own(output, { ...map, layer: layer.id });
    return layer;
  }

  /** A line from what a value holds. */
  line(map: UnitMap, value: string, more: Partial<Line> = {}): Line {
    return lineFrom(map, value, { codes: this.codes(value), ...more });
  }

  /** Whether `next` is where `value` is or around it: what a body does with a unit says nothing of it elsewhere. */
  #within(value: string, next: string): boolean {
    const [inner, outer] = [this.written.pathOf(value), this.written.pathOf(next)];
    return outer === '' || inner === outer || inner.startsWith(`${outer}/`);
  }
}

function dimsOf({ rank, axis, form, units, heads }: UnitMap): KnownDims {
  if (rank === undefined || form === 'block' || form === 'modulo') return undefined;
  const dims = new Array<number | undefined>(rank).fill(undefined);
  dims[rank + axis] = units / (heads?.count ?? 1);
  if (heads !== undefined) dims[rank + heads.axis] = heads.count;
  return dims;
}

export function sameUnits(a: UnitMap, b: UnitMap): boolean {
  return a.layer === b.layer && a.form === b.form && a.axis === b.axis && a.units === b.units;
}
