/** Pictures of a tensor with an index field for each axis that is not drawn. */
import { html, nothing } from 'lit';
import type { Picture } from '../../src/contract/hostApi';
import { drawPicture } from '../figures/picture';
import { word } from '../app/words';
import type { ResourceState } from './resource';

export function pictureList(
  state: ResourceState<readonly Picture[]>,
  onIndex: (axis: number, index: number) => void,
): unknown {
  switch (state.kind) {
    case 'idle':
      return nothing;
    case 'pending':
      return html`<div class="faint" role="status">${word('loading')}</div>`;
    case 'failed':
      return html`<div class="problem" role="alert">${state.sentence}</div>`;
    case 'ready':
      return state.value.map(
        (picture) => html`<div class="picture">${indexFields(picture, onIndex)}${drawPicture(picture)}</div>`,
      );
  }
}

function indexFields(picture: Picture, onIndex: (axis: number, index: number) => void): unknown {
  const open = picture.fixed.filter(({ size }) => size > 1);
  if (open.length === 0) return nothing;
  return html`<div class="axes">
    ${open.map(
      ({ axis, size, index }) =>
        html`<label class="faint"
          >${word('index', axis)}
          <input
            type="number"
            min="0"
            max=${size - 1}
            .value=${String(index)}
            @change=${(event: Event) => {
              const value = Number((event.target as HTMLInputElement).value);
              if (Number.isInteger(value)) onIndex(axis, Math.min(size - 1, Math.max(0, value)));
            }}
          />
          / ${size}</label
        >`,
    )}
  </div>`;
}
