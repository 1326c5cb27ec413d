/** The strongest connections of a unit in figures: what it reads at the left, what reads it at the right. Markup alone. */
import { html, nothing } from 'lit';
import type { ShownLayer } from '../../src/contract/hostApi';
import type { NeuronLink, NeuronLinks } from '../../src/contract/neurons';
import { formatInteger, formatNumber, formatShare } from '../../src/tensor/format';
import { word } from '../app/words';
import { valueOf, type By, type UnitRef } from './exploring';

export function renderLinks(
  links: NeuronLinks | null,
  layers: readonly ShownLayer[],
  by: By,
  busy: boolean,
  go: (unit: UnitRef) => void,
): unknown {
  if (links === null && busy) return html`<div class="links"><p class="faint">${word('loading')}</p></div>`;
  if (links === null) return html`<div class="links"><p class="faint">${word('neurons.pick')}</p></div>`;
  const { incoming, incomingOf, incomingShare, outgoing, outgoingOf, outgoingShare } = links;
  return html`<div class="links">
    ${side(word('neurons.incoming'), incoming, incomingOf, incomingShare, layers, by, go)}
    ${side(word('neurons.outgoing'), outgoing, outgoingOf, outgoingShare, layers, by, go)}
  </div>`;
}

function side(
  title: string,
  links: readonly NeuronLink[],
  of: number,
  share: number,
  layers: readonly ShownLayer[],
  by: By,
  go: (unit: UnitRef) => void,
): unknown {
  const most = Math.max(0, ...links.map((link) => Math.abs(valueOf(link, by)) || 0)) || 1;
  return html`<section aria-label=${title}>
    <h2>
      ${title}
      <span class="count"
        >${links.length === 0 ? nothing : word('neurons.shown', links.length, formatInteger(of), formatShare(share))}</span
      >
    </h2>
    ${
      links.length === 0
        ? html`<p class="faint">${word('neurons.none')}</p>`
        : html`<table>
            <thead>
              <tr>
                <th scope="col">${word('neurons.unitHead')}</th>
                <th scope="col" class="number">${word('neurons.weight')}</th>
                <th scope="col" class="number">${word('neurons.contribution')}</th>
              </tr>
            </thead>
            <tbody>
              ${links.map((link) => row(link, layers, by, most, go))}
            </tbody>
          </table>`
    }
  </section>`;
}

function row(
  link: NeuronLink,
  layers: readonly ShownLayer[],
  by: By,
  most: number,
  go: (unit: UnitRef) => void,
): unknown {
  const { layer, unit, weight, contribution } = link;
  const value = valueOf(link, by);
  const part = Math.round(100 * Math.min(1, (Math.abs(value) || 0) / most));
  const from = layers[layer];
  const head = from === undefined ? '' : headOf(from, unit);
  const title = `${from?.title ?? ''} #${String(unit)}${head === '' ? '' : ` · ${head}`}`;
  const figure = (number: number): unknown =>
    html`<td class="number" title=${Number.isNaN(number) ? nothing : String(number)}>
      ${Number.isNaN(number) ? '–' : formatNumber(number)}
    </td>`;
  return html`<tr class=${value < 0 ? 'negative' : 'positive'} .style=${`--part:${String(part)}%`}>
    <td class="who">
      <button class="quiet" title=${title} @click=${() => go({ layer, unit })}><bdi>${title}</bdi></button>
    </td>
    ${figure(weight)} ${figure(contribution)}
  </tr>`;
}

/** `Unit 37 (head 1)` */
export function unitName(layer: ShownLayer, unit: number): string {
  const name = word('neurons.unit', unit);
  const head = headOf(layer, unit);
  return head === '' ? name : `${name} (${head})`;
}

/** `head 1`, or '' where the layer has none. */
function headOf({ heads }: ShownLayer, unit: number): string {
  return heads === null ? '' : word('neurons.head', Math.floor(unit / heads.size) % heads.count);
}
