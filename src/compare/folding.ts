/**
 * Which recording a value of a model is to be compared with, where several claim it. An exporter may fold a batch norm
 * into the convolution before it, so that the convolution's value is what the batch norm gave: then the convolution's own
 * recording is nowhere in the model, and comparing with it would show a departure that is none.
 */
import type { TensorData } from '../contract/tensor';
import { differenceBetween } from './activations';
import type { ModuleOutput } from './modules';
import type { RecordedArray, Recording } from './recorded';

/** A recorded array with the value of the model that its module gives out. */
export interface Claim extends ModuleOutput {
  readonly array: RecordedArray;
  readonly reference: TensorData;
  readonly data: TensorData;
}

/** Claims with the name to show, one per value; what is left over; and sentences on what was folded. */
export interface Settled {
  readonly claims: readonly (Claim & { readonly name: string })[];
  readonly missing: readonly RecordedArray[];
  readonly notes: readonly string[];
}

/**
 * A value that leaves several modules at once is what the outermost gave. Inner ones that recorded the same lend it their
 * name; those that did not were folded. A value that departs, and equals what a module nowhere in the model gave, is
 * that module's.
 */
export function settle(
  claims: readonly Claim[],
  missing: readonly RecordedArray[],
  recording: Recording,
  threshold: number,
): Settled {
  const bySite = new Map<string, Claim[]>();
  for (const claim of claims) bySite.set(claim.site, [...(bySite.get(claim.site) ?? []), claim]);
  const left = new Set(missing);
  const notes: string[] = [];
  const settled: (Claim & { readonly name: string })[] = [];
  for (const group of bySite.values()) {
    const [outer, ...inner] = group.sort((x, y) => depthOf(x.array) - depthOf(y.array));
    if (outer === undefined) continue;
    const same = inner.filter(({ reference }) => isNear(outer.reference, reference, 0));
    const folded = inner.filter((claim) => !same.includes(claim));
    let { array, reference } = same.at(-1) ?? outer;
    const looksOdd = folded.length > 0 || !isNear(reference, outer.data, threshold);
    for (const other of looksOdd ? left : []) {
      const given = recording.read(other.key);
      // Whatever took the place of what was folded gave the same as the outer module, or just what the value is.
      if (!isNear(given, folded.length > 0 ? outer.reference : outer.data, folded.length > 0 ? 0 : threshold))
        continue;
      if (folded.length === 0) folded.push({ ...outer, array });
      [array, reference] = [other, given];
      left.delete(other);
      break;
    }
    for (const claim of folded) {
      notes.push(
        `${nameOf(claim.array)} has no value of its own in the model: its node holds what ${nameOf(array)} gave, and is compared with that.`,
      );
    }
    settled.push({ ...outer, array, reference, name: nameOf(array) });
  }
  return { claims: settled, missing: [...left], notes };
}

/** `stem.conv@1`, `attn[1]`, `output 0`. */
export function nameOf({ kind, path, index, key }: RecordedArray): string {
  if (kind === 'output') return key.replace(':', ' ');
  return index === 0 ? path : `${path}[${String(index)}]`;
}

function depthOf({ kind, path }: RecordedArray): number {
  return kind === 'output' ? 0 : path.split('.').length;
}

function isNear(a: TensorData, b: TensorData, threshold: number): boolean {
  const found = differenceBetween(a, b);
  return typeof found !== 'string' && found.relative <= threshold;
}
