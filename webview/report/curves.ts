/** Curves over named stages, with the control's dotted behind them. Every line is labelled where it ends. */
import { html, svg } from 'lit';
import type { Figure } from '../../src/contract/method';
import { formatNumber } from '../../src/tensor/format';

const WIDTH = 520;
const HEIGHT = 180;
const LEFT = 30;
const RIGHT = 130;
const BOTTOM = 36;

export function curves({ title, columns, rows, control }: Figure): unknown {
  const series = columns.slice(1).map((_, i) => rows.map((row) => row[i + 1] ?? null));
  const chance = columns.slice(1).map((_, i) => (control?.rows ?? []).map((row) => row[i + 1] ?? null));
  const numbers = [...series, ...chance].flat().filter((cell) => typeof cell === 'number');
  const low = Math.min(0, ...numbers);
  const high = Math.max(0, ...numbers);
  const x = (i: number): number => LEFT + (i * (WIDTH - LEFT - RIGHT)) / Math.max(1, rows.length - 1);
  const y = (value: number): number => 8 + ((high - value) / (high - low || 1)) * (HEIGHT - BOTTOM - 8);
  const path = (cells: readonly (string | number | null)[]): string => {
    const points = cells.flatMap((cell, i) =>
      typeof cell === 'number' ? [`${String(x(i))} ${String(y(cell))}`] : [],
    );
    return points.length === 0 ? '' : `M${points.join('L')}`;
  };
  const label = columns.slice(1).map((name, i) => `${name}: ${series[i]?.map(String).join(', ') ?? ''}`);
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}. ${label.join('. ')}">
    ${[low, 0, high].map(
      (value) => svg`<line class="axis" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(value)} y2=${y(value)}></line>
        <text x=${LEFT - 4} y=${y(value) + 4} text-anchor="end">${formatNumber(Number(value.toFixed(2)))}</text>`,
    )}
    ${chance.map((cells) => svg`<path class="chance" d=${path(cells)}></path>`)}
    ${series.map((cells, i) => svg`<path class=${`line${String(i % 2)}`} d=${path(cells)}></path>`)}
    ${spread(series.map((cells) => y(lastNumber(cells)))).map(
      (at, i) => svg`<text x=${WIDTH - RIGHT + 6} y=${at + 4}>${columns[i + 1]}</text>`,
    )}
    ${rows.map((row, i) => {
      const anchor = i === 0 ? 'start' : i === rows.length - 1 ? 'end' : 'middle';
      return svg`<text x=${x(i)} y=${HEIGHT - 18 + 13 * (i % 2)} text-anchor=${anchor}>${short(String(row[0] ?? ''))}<title>${row[0]}</title></text>`;
    })}
  </svg>`;
}

function lastNumber(cells: readonly (string | number | null)[]): number {
  const last = cells.findLast((cell) => typeof cell === 'number');
  return typeof last === 'number' ? last : 0;
}

/** Labels that would cover each other, apart. */
function spread(places: readonly number[]): number[] {
  const apart = [...places];
  for (let i = 1; i < apart.length; i++) {
    const before = apart[i - 1] ?? 0;
    const here = apart[i] ?? 0;
    if (Math.abs(here - before) < 13) apart[i] = here >= before ? before + 13 : before - 13;
  }
  return apart;
}

function short(name: string): string {
  return name.length <= 14 ? name : `…${name.slice(-13)}`;
}
