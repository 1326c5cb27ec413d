/** The places of one link as the inspector lists them: the node's own first, then those that also had a part in it. */
import type { NodeLink, PlaceClaim } from '../../src/contract/link';

export interface LinkRow {
  /** Key of the word before the place. */
  readonly label: 'call' | 'definition' | 'alsoCall' | 'alsoDefinition';
  readonly claim: PlaceClaim;
}

/** Call before definition; a place that is not known has no row. */
export function linkRows({ call, definition, also = [] }: NodeLink): LinkRow[] {
  return [
    ...row('call', call),
    ...row('definition', definition),
    ...also.flatMap((further) => [
      ...row('alsoCall', further.call),
      ...row('alsoDefinition', further.definition),
    ]),
  ];
}

function row(label: LinkRow['label'], claim: PlaceClaim | null): LinkRow[] {
  return claim === null ? [] : [{ label, claim }];
}
