/** What stands under the run bar: the model's warnings, a failed run's reason, a run's notes. Markup alone. */
import { html, nothing } from 'lit';
import type { NodeTimes, RunSnapshot, RunState } from '../../src/contract/hostApi';
import { formatMicroseconds } from '../../src/tensor/format';
import { word } from './words';

/** Warnings listed at most. */
const MOST = 200;
/** A smaller part of the time is not worth a sentence. */
const MATTERS = 0.01;

export function renderWarnings(warnings: readonly string[], open: boolean, toggle: () => void): unknown {
  const [first] = warnings;
  if (first === undefined) return nothing;
  const shown = open ? warnings.slice(0, MOST) : [first];
  return html`<div class="warnings" role="note" aria-label=${word('warnings')}>
    <ul>
      ${shown.map((warning) => html`<li>${warning}</li>`)}
    </ul>
    ${
      warnings.length < 2
        ? nothing
        : html`<button class="link" aria-expanded=${String(open)} @click=${toggle}>
            ${open ? '–' : word('showAll', warnings.length)}
          </button>`
    }
  </div>`;
}

/** Why the last run failed, else what the shown one has to say. */
export function renderTrouble(
  runs: RunState | null,
  run: RunSnapshot | null,
  times: NodeTimes | null,
  showLog: () => void,
): unknown {
  const trouble = runs?.trouble;
  if (trouble !== undefined && trouble !== null) {
    return html`<div class="warnings" role="alert">
      <span class="problem">${trouble.what}</span> ${trouble.remedy}
      <button class="link" @click=${showLog}>${word('showLog')}</button>
    </div>`;
  }
  const notes = [...(run?.notes ?? []), ...timeNotes(times)];
  return notes.length === 0
    ? nothing
    : html`<div class="warnings" role="note" aria-label=${word('notes')}>${notes.join(' ')}</div>`;
}

/** Time in kernels that no node of the file stands for, where it matters. */
function timeNotes(times: NodeTimes | null): string[] {
  if (times === null || times.elsewhere <= MATTERS * times.total) return [];
  const { elsewhere, total } = times;
  return [word('timeElsewhere', formatMicroseconds(elsewhere), formatMicroseconds(total))];
}
