import type { Selection } from '../../src/contract/hostApi';

/** Fired when a person selects something from the inspector. */
export function selectEvent(selection: Selection): CustomEvent<Selection> {
  return new CustomEvent('pc-select-other', { detail: selection, bubbles: true, composed: true });
}
