/**
 * A histogram as a small SVG in a data URI, for a hover. Markdown images cannot see the theme's variables, so the
 * colours are picked by the kind of theme; everything the picture says is said in words beside it.
 */
import type { Histogram } from '../contract/tensor';

export interface InkColors {
  readonly bar: string;
  readonly axis: string;
  readonly zero: string;
}

export const INK = {
  dark: { bar: '#9aa5b1', axis: '#5a6470', zero: '#d7ba7d' },
  light: { bar: '#5b6673', axis: '#b8c0c8', zero: '#8a5a00' },
  highContrastDark: { bar: '#ffffff', axis: '#ffffff', zero: '#ffd700' },
  highContrastLight: { bar: '#292929', axis: '#292929', zero: '#7a3e00' },
} as const satisfies Record<string, InkColors>;

const WIDTH = 200;
const HEIGHT = 40;

/** A markdown image of the histogram, `alt` for those who cannot see it. */
export function histogramImage(histogram: Histogram, alt: string, ink: InkColors): string {
  const svg = histogramSvg(histogram, ink);
  const uri = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
  return `![${alt.replaceAll(/[[\]]/g, '')}](${uri}|width=${String(WIDTH)},height=${String(HEIGHT)})`;
}

export function histogramSvg({ from, to, counts }: Histogram, ink: InkColors): string {
  const bins = merge(counts, 50);
  const top = Math.max(1, ...bins);
  const width = WIDTH / Math.max(1, bins.length);
  const bars = bins
    .map((count, i) => {
      if (count === 0) return '';
      const height = Math.max(1, (count / top) * (HEIGHT - 3));
      return `M${fixed(i * width)} ${fixed(HEIGHT - 1 - height)}h${fixed(Math.max(0.5, width - 0.5))}V${String(HEIGHT - 1)}h-${fixed(Math.max(0.5, width - 0.5))}z`;
    })
    .join('');
  const zero =
    from < 0 && to > 0
      ? `<path d="M${fixed((-from / (to - from)) * WIDTH)} 0V${String(HEIGHT)}" stroke="${ink.zero}" stroke-dasharray="2 2"/>`
      : '';
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(WIDTH)}" height="${String(HEIGHT)}">` +
    `<path d="${bars}" fill="${ink.bar}"/>${zero}` +
    `<path d="M0 ${String(HEIGHT - 0.5)}H${String(WIDTH)}" stroke="${ink.axis}"/></svg>`
  );
}

/** Adds neighbouring bins until there are at most `limit`. */
function merge(counts: readonly number[], limit: number): readonly number[] {
  const group = Math.ceil(counts.length / limit);
  if (group <= 1) return counts;
  return Array.from({ length: Math.ceil(counts.length / group) }, (_, i) =>
    counts.slice(i * group, (i + 1) * group).reduce((sum, count) => sum + count, 0),
  );
}

function fixed(value: number): string {
  return String(Number(value.toFixed(1)));
}
