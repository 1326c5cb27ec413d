/**
 * Where a node comes from: the line that calls it and the line that constructs it, each with its confidence and why; then
 * the further places of a node that a rewrite joined from several.
 */
import { html, nothing } from 'lit';
import type { Inspection } from '../../src/contract/hostApi';
import type { SourcePlace } from '../../src/contract/link';
import { word } from '../app/words';
import { linkRows, type LinkRow } from './linkRows';

export interface LinkActions {
  openPlace(place: SourcePlace): void;
  writeExportScript(): void;
}

export function linkSection({ link, places, unlinked }: Inspection, actions: LinkActions): unknown {
  if (unlinked !== null) return exportOffer(unlinked, actions);
  if (link === null) return places.length === 0 ? nothing : placeList(places, actions);
  const rows = linkRows(link);
  return html`<h3>${word('source')}</h3>
    <dl>
      ${rows.map((row) => claimRow(row, actions))}
      ${
        rows.length === 0
          ? html`<dt>${word(link.confidence)}</dt>
              <dd>${word('noLink')}</dd>`
          : nothing
      }
    </dl>
    ${link.outside === null ? nothing : html`<p class="faint">${word('outside', `${link.outside.file}:${String(link.outside.line)}`)}</p>`}
    ${
      link.evidence.length === 0
        ? nothing
        : html`<details>
            <summary class="faint">${word('evidence')}</summary>
            <ul class="evidence">
              ${link.evidence.map((sentence) => html`<li>${sentence}</li>`)}
            </ul>
          </details>`
    }`;
}

/** Nothing of the model leads to source: why, and what to do about it. */
function exportOffer(reason: string, actions: LinkActions): unknown {
  return html`<h3>${word('source')}</h3>
    <p class="faint">${reason}</p>
    <button
      class="link"
      @click=${() => {
        actions.writeExportScript();
      }}
    >
      ${word('writeExportScript')}
    </button>`;
}

function claimRow({ label, claim }: LinkRow, actions: LinkActions): unknown {
  const { place, confidence, moved } = claim;
  return html`<dt>${word(label)}</dt>
    <dd>
      <button
        class="link"
        title=${claim.evidence.join('\n')}
        @click=${() => {
          actions.openPlace(place);
        }}
      >
        ${place.file}:${place.line}
      </button>
      <span class="faint">${word(confidence)}${moved ? `, ${word('moved')}` : ''}</span>
    </dd>`;
}

function placeList(places: Inspection['places'], actions: LinkActions): unknown {
  return html`<h3>${word('places')}</h3>
    <dl>
      ${places.map(
        ({ place, text, nodes }) =>
          html`<dt>${word('nodes', nodes)}</dt>
            <dd>
              <button
                class="link"
                @click=${() => {
                  actions.openPlace(place);
                }}
              >
                ${text}
              </button>
            </dd>`,
      )}
    </dl>`;
}
