/** Pictures of a tensor with an index field for each axis that is not drawn. */
import { html, nothing } from 'lit';
import type { Picture } from '../../src/contract/hostApi';
import { drawPicture } from '../figures/picture';
import type { ClampWay } from '../../src/contract/clamp';
import { clampKeys } from '../app/clampKeys';
import { word } from '../app/words';
import type { ResourceState } from './resource';

/** What is picked in one of the pictures, and what can be done with it. */
export interface Picking {
  /** null while nothing is. */
  readonly picked: { readonly picture: string; readonly site: string } | null;
  pick(picked: Picking['picked']): void;
  clamp(site: string, how: ClampWay): void;
}

export function pictureList(
  state: ResourceState<readonly Picture[]>,
  onIndex: (axis: number, index: number) => void,
  picking?: Picking,
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
        (picture) =>
          html`<div
            class="picture"
            @pc-pick=${({ detail }: CustomEvent<number>) => picked(picture, detail, picking)}
          >
            ${indexFields(picture, onIndex)}${drawPicture(picture)}
            ${
              picking?.picked?.picture === picture.title
                ? html`<div class="picked">
                    <code>${picking.picked.site}</code>
                    ${clampKeys(picking.picked.site, (site, how) => picking.clamp(site, how))}
                  </div>`
                : nothing
            }
          </div>`,
      );
  }
}

function picked({ title, pick }: Picture, index: number, picking: Picking | undefined): void {
  if (pick === undefined) return;
  picking?.pick(index < 0 ? null : { picture: title, site: `${pick}${String(index)}` });
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
