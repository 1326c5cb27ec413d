/** Draws any `Picture` of the contract with the figure that fits it. */
import { html } from 'lit';
import { assertNever } from '../../src/base/assert';
import type { Picture } from '../../src/contract/hostApi';
import './bars';
import './heatMap';
import './imageGrid';
import './ranking';
import './tokenStrip';

export function drawPicture(picture: Picture): unknown {
  switch (picture.kind) {
    case 'grid':
      return html`<pc-image-grid
        heading=${picture.title}
        note=${picture.note}
        .data=${picture.data}
        .count=${picture.count}
        .rows=${picture.rows}
        .columns=${picture.columns}
        item=${picture.item}
        ?pickable=${picture.pick !== undefined}
        ?color=${picture.color}
      ></pc-image-grid>`;
    case 'matrix':
      return html`<pc-heat-map
        heading=${picture.title}
        note=${picture.note}
        .data=${picture.data}
        .rows=${picture.rows}
        .columns=${picture.columns}
        .rowItem=${picture.rowItem}
        .columnItem=${picture.columnItem}
        .rowNames=${picture.rowNames}
      ></pc-heat-map>`;
    case 'bars':
      return html`<pc-bars
        heading=${picture.title}
        note=${picture.note}
        .data=${picture.data}
        item=${picture.item}
        ?pickable=${picture.pick !== undefined}
        .names=${picture.names}
      ></pc-bars>`;
    case 'tokens':
      return html`<pc-token-strip
        heading=${picture.title}
        note=${picture.note}
        .tokens=${picture.tokens}
        .data=${picture.data}
        measure=${picture.measure}
        ?pickable=${picture.pick !== undefined}
      ></pc-token-strip>`;
    case 'ranking':
      return html`<pc-ranking
        heading=${picture.title}
        note=${picture.note}
        .entries=${picture.entries}
        .shareIs=${picture.shareIs}
        .labelsFrom=${picture.labelsFrom}
        askable
      ></pc-ranking>`;
    case 'text':
      return html`<p class="text">${picture.text}</p>`;
    default:
      return assertNever(picture);
  }
}
