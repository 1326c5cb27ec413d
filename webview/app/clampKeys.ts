/** *Clamp This…*, *Ablate* and *Scale…* for a site that was picked in a figure or among neurons. Markup alone. */
import { html } from 'lit';
import type { ClampWay } from '../../src/contract/clamp';
import { word } from './words';

const WAYS: readonly (readonly [ClampWay, string])[] = [
  ['set', 'clampThis'],
  ['ablate', 'clampAblate'],
  ['scale', 'clampMultiply'],
];

export function clampKeys(site: string, clamp: (site: string, how: ClampWay) => void): unknown {
  return html`<span class="clamp-keys" role="group" aria-label=${word('clampHow', site)}>
    ${WAYS.map(
      ([how, label]) =>
        html`<button class="link" title="${word(label)} ${site}" @click=${() => clamp(site, how)}>
          ${word(label)}
        </button>`,
    )}
  </span>`;
}
