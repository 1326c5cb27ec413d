/**
 * Where a node comes from: the line that calls it and the line that constructs it, each with its confidence and why; then
 * the further places of a node that a rewrite joined from several.
 */
import { html, nothing } from 'lit';
import type { Inspection, Selection } from '../../src/contract/hostApi';
import type { SourcePlace } from '../../src/contract/link';
import { word } from '../app/words';
import { linkRows, type LinkRow } from './linkRows';

export interface LinkActions {
  openPlace(place: SourcePlace): void;
  openFrame(selection: Selection, frame: number | 'outside'): void;
  writeExportScript(): void;
}

export function linkSection(inspection: Inspection, actions: LinkActions): unknown {
  const { link, places, unlinked } = inspection;
  if (unlinked !== null) return exportOffer(unlinked, actions);
  if (link === null) return places.length === 0 ? nothing : placeList(places, actions);
  const rows = linkRows(link);
  return html`<h3>${word('source')}</h3>
    <dl>
      ${rows.map((row) => claimRow(row, actions))} ${frameRows(inspection, actions)}
      ${
        rows.length === 0
          ? html`<dt>${word(link.confidence)}</dt>
              <dd>${word('noLink')}</dd>`
          : nothing
      }
    </dl>
    ${link.outside === null ? nothing : outsideFrame(inspection, link.outside, actions)}
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

/** Frames in libraries: looked for only when one is clicked. */
function frameRows({ frames, selection }: Inspection, actions: LinkActions): unknown {
  return frames.map(
    (text, i) =>
      html`<dt>${i === 0 ? word('libraryFrame') : nothing}</dt>
        <dd>
          <button
            class="link"
            title=${word('openLibraryFrame')}
            @click=${() => {
              actions.openFrame(selection, i);
            }}
          >
            ${text}
          </button>
        </dd>`,
  );
}

function outsideFrame(
  { selection }: Inspection,
  { file, line }: { readonly file: string; readonly line: number },
  actions: LinkActions,
): unknown {
  return html`<p class="faint">
    ${word('outside', '')}
    <button
      class="link"
      @click=${() => {
        actions.openFrame(selection, 'outside');
      }}
    >
      ${file}:${line}
    </button>
  </p>`;
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
