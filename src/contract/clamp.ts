/** Standing interventions: what a person holds at a value, or turns up and down, until they let it go. Types only. */
import type { SiteText } from './site';

/** `scale` multiplies the site by the number, `set` holds it there; 0 ablates either way. */
export interface Clamp {
  readonly id: string;
  readonly site: SiteText;
  readonly kind: 'scale' | 'set';
  readonly number: number;
  /** False: kept, but without effect for now. */
  readonly active: boolean;
}

/** How a person begins one: *Clamp This…*, *Ablate* or *Scale…*. */
export type ClampWay = 'set' | 'ablate' | 'scale';

/** One element of an output, without and with what stands. */
export interface ClampedEntry {
  /** A class, a token, or its index. */
  readonly name: string;
  readonly without: number;
  readonly with: number;
}

export interface ClampedOutput {
  readonly output: string;
  /** Which vector of the output is shown: `row 0`, `position 4`, or ''. */
  readonly place: string;
  /** What the entries are: `softmax`, or '' for the output itself. */
  readonly measure: string;
  /** The largest of either side, largest first; of an output that is no vector of classes what moved most. */
  readonly entries: readonly ClampedEntry[];
  /** Largest |difference| over the whole output, and the largest |value| without: the scale to judge it by. */
  readonly largest: number;
  readonly scale: number;
}

/** What the standing interventions do to the outputs, from two runs of one model on the same inputs. */
export interface ClampEffect {
  readonly outputs: readonly ClampedOutput[];
  readonly notes: readonly string[];
}
