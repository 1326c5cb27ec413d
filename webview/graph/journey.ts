/** Where one has been: places to go back and forward to, as an editor keeps them. Pure. */
import type { Selection } from '../../src/contract/hostApi';
import type { Camera } from './camera';
import type { Openness } from './openness';

export interface Place {
  readonly open: Openness;
  readonly camera: Camera;
  readonly selection: Selection;
}

const longest = 100;

export class Journey {
  readonly #places: Place[] = [];
  #at = -1;

  get canGoBack(): boolean {
    return this.#at > 0;
  }

  get canGoForward(): boolean {
    return this.#at < this.#places.length - 1;
  }

  /** Arrives somewhere new; what lay ahead is forgotten. */
  arrive(place: Place): void {
    this.#places.length = this.#at + 1;
    this.#places.push(place);
    if (this.#places.length > longest) this.#places.shift();
    this.#at = this.#places.length - 1;
  }

  /** Remembers how the current place looks now, before one leaves it. */
  refresh(place: Place): void {
    if (this.#at >= 0) this.#places[this.#at] = place;
  }

  go(step: -1 | 1): Place | undefined {
    const place = this.#places[this.#at + step];
    if (place !== undefined) this.#at += step;
    return place;
  }

  clear(): void {
    this.#places.length = 0;
    this.#at = -1;
  }
}
