/**
 * `<pc-distribution>`: the histogram of a tensor with its range, mean and spread written where the eye is, and, when
 * there is one, the other run's histogram as an outline behind it.
 */
import { css, html, nothing, svg } from 'lit';
import type { TensorSummary } from '../../src/contract/tensor';
import { formatNumber, formatShare } from '../../src/tensor/format';
import { define } from '../kit/define';
import { FigureElement, type FigureTable } from './figureElement';

const WIDTH = 280;
const HEIGHT = 56;

export class PcDistribution extends FigureElement {
  static override readonly properties = {
    ...FigureElement.properties,
    summary: { attribute: false },
    other: { attribute: false },
    otherName: { type: String },
  };
  static override readonly styles = [
    FigureElement.figureStyles,
    css`
      svg {
        display: block;
        width: 100%;
        max-width: 420px;
        height: ${HEIGHT}px;
        overflow: visible;
      }
      .bar {
        fill: var(--vscode-foreground);
        fill-opacity: 0.55;
      }
      .axis {
        stroke: var(--vscode-editorWidget-border, var(--vscode-contrastBorder));
        stroke-width: 1;
      }
      .zero {
        stroke: var(--vscode-descriptionForeground);
        stroke-dasharray: 2 2;
        stroke-width: 1;
      }
      .mean {
        stroke: var(--vscode-focusBorder);
        stroke-width: 2;
      }
      .other {
        fill: none;
        stroke: var(--vscode-patchclamp-control);
        stroke-width: 1.5;
      }
      .range {
        display: flex;
        justify-content: space-between;
        max-width: 420px;
        font-size: 0.92em;
        font-variant-numeric: tabular-nums;
        color: var(--vscode-descriptionForeground);
      }
      .facts {
        display: flex;
        flex-wrap: wrap;
        gap: 0 12px;
        font-variant-numeric: tabular-nums;
      }
      .facts span span {
        color: var(--vscode-descriptionForeground);
      }
      .key {
        display: flex;
        align-items: center;
        gap: 4px;
        font-size: 0.92em;
        color: var(--vscode-descriptionForeground);
      }
      .key span {
        width: 12px;
        border-top: 2px solid var(--vscode-patchclamp-control);
      }
      .bad {
        color: var(--vscode-errorForeground);
      }
    `,
  ];

  declare summary: TensorSummary | null;
  declare other: TensorSummary | null;
  /** Whose histogram the outline is. */
  declare otherName: string;

  constructor() {
    super();
    this.summary = null;
    this.other = null;
    this.otherName = '';
  }

  protected override table(): FigureTable {
    const { histogram } = this.summary ?? EMPTY;
    const step = (histogram.to - histogram.from) / Math.max(1, histogram.counts.length);
    return {
      columns: ['from', 'to', 'count'],
      rows: histogram.counts.map((count, i) => [
        formatNumber(histogram.from + i * step),
        formatNumber(histogram.from + (i + 1) * step),
        count,
      ]),
    };
  }

  protected override drawing(): unknown {
    const summary = this.summary;
    if (summary === null) return nothing;
    if (summary.count === 0) return html`<div class="facts"><span>no elements</span></div>`;
    const { from, to, counts } = summary.histogram;
    // A tensor without finite elements has no range of its own.
    const other = this.other?.histogram.counts.length === 0 ? undefined : this.other?.histogram;
    const [first, last] = counts.length === 0 && other !== undefined ? [other.from, other.to] : [from, to];
    const low = Math.min(first, other?.from ?? first);
    const high = Math.max(last, other?.to ?? last);
    const span = high - low || 1;
    const x = (value: number): number => ((value - low) / span) * WIDTH;
    const finite = summary.count - summary.nan - summary.inf;
    return html`
      <svg
        viewBox="0 0 ${WIDTH} ${HEIGHT}"
        preserveAspectRatio="none"
        role="img"
        aria-label=${sentence(summary)}
      >
        ${bars(counts, x(from), x(to))}
        ${other === undefined ? nothing : outline(other.counts, x(other.from), x(other.to))}
        <line class="axis" x1="0" x2=${WIDTH} y1=${HEIGHT - 0.5} y2=${HEIGHT - 0.5}></line>
        ${low < 0 && high > 0 ? svg`<line class="zero" x1=${x(0)} x2=${x(0)} y1="0" y2=${HEIGHT}></line>` : nothing}
        ${finite > 0 ? svg`<line class="mean" x1=${x(summary.mean)} x2=${x(summary.mean)} y1=${HEIGHT - 8} y2=${HEIGHT}></line>` : nothing}
      </svg>
      <div class="range">
        <span title=${String(summary.min)}>${formatNumber(summary.min)}</span>
        <span title=${String(summary.max)}>${formatNumber(summary.max)}</span>
      </div>
      ${other === undefined || this.otherName === '' ? nothing : html`<div class="key"><span></span>${this.otherName}</div>`}
      <div class="facts">
        <span title=${String(summary.mean)}><span>mean</span> ${formatNumber(summary.mean)}</span>
        <span title=${String(summary.std)}><span>std</span> ${formatNumber(summary.std)}</span>
        <span title="${String(summary.zeros)} of ${String(summary.count)}"
          ><span>zeros</span> ${formatShare(summary.zeros / summary.count)}</span
        >
        ${summary.nan > 0 ? html`<span class="bad">${summary.nan} NaN</span>` : nothing}
        ${summary.inf > 0 ? html`<span class="bad">${summary.inf} Inf</span>` : nothing}
      </div>
    `;
  }
}

/** One sentence with the numbers of a summary, for screen readers. */
export function sentence(summary: TensorSummary): string {
  return (
    `${String(summary.count)} values from ${formatNumber(summary.min)} to ${formatNumber(summary.max)}, ` +
    `mean ${formatNumber(summary.mean)}, standard deviation ${formatNumber(summary.std)}, ` +
    `${formatShare(summary.zeros / summary.count)} zeros.`
  );
}

const EMPTY = { histogram: { from: 0, to: 0, counts: [] as readonly number[] } };

function bars(counts: readonly number[], left: number, right: number): unknown {
  const top = Math.max(1, ...counts);
  const width = Math.max(right - left, 2) / Math.max(1, counts.length);
  return counts.map((count, i) => {
    if (count === 0) return nothing;
    const height = Math.max(1, (count / top) * (HEIGHT - 2));
    return svg`<rect class="bar" x=${left + i * width} y=${HEIGHT - height} width=${Math.max(0.5, width - 0.4)} height=${height}></rect>`;
  });
}

function outline(counts: readonly number[], left: number, right: number): unknown {
  const top = Math.max(1, ...counts);
  const width = Math.max(right - left, 2) / Math.max(1, counts.length);
  const path = counts
    .map((count, i) => {
      const y = HEIGHT - (count / top) * (HEIGHT - 2);
      return `L${String(left + i * width)} ${String(y)}H${String(left + (i + 1) * width)}`;
    })
    .join('');
  return svg`<path class="other" d=${`M${String(left)} ${String(HEIGHT)}${path}V${String(HEIGHT)}`}></path>`;
}

define('pc-distribution', PcDistribution);

declare global {
  interface HTMLElementTagNameMap {
    'pc-distribution': PcDistribution;
  }
}
