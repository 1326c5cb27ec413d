/** Numbers as people read them: three significant digits, a real minus sign, units that fit. Pure; for eyes, not for parsing. */

const MINUS = '\u2212';

/** Three significant digits: `0.0123`, `−12.3`, `1,235`, `1.23e−7`, `NaN`, `∞`. Integers below 10,000,000 keep all digits. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value < 0) return MINUS + formatNumber(-value);
  if (value === Infinity) return '∞';
  if (value === 0) return '0';
  if (Number.isInteger(value) && value < 1e7) return formatInteger(value);
  const rounded = Number(value.toPrecision(3));
  if (rounded >= 1e6 || rounded < 1e-4) return scientific(value);
  return rounded >= 1000 ? formatInteger(Math.round(value)) : String(rounded);
}

/** `1,234,567`: a whole number with all its digits. */
export function formatInteger(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** `1,234`, `61.7 k`, `85.8 M`, `1.24 B`: how many of something. */
export function formatCount(value: number): string {
  if (value < 9_999.5) return formatInteger(Math.round(value));
  return scaled(value, ['k', 'M', 'B', 'T']);
}

/** `932 B`, `1.19 GB`: powers of 1000. */
export function formatBytes(bytes: number): string {
  return bytes < 999.5 ? `${Math.round(bytes)} B` : scaled(bytes, ['kB', 'MB', 'GB', 'TB']);
}

/** `12 %`, `0.5 %`, `< 0.1 %`: a share between 0 and 1. Only exact shares are shown as 0 % and 100 %. */
export function formatShare(share: number): string {
  if (share === 0 || share === 1) return `${share * 100} %`;
  const percent = share * 100;
  if (percent < 0.1) return '< 0.1 %';
  if (percent > 99.9) return '> 99.9 %';
  return `${percent < 10 || percent > 99 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** `0.4 ms`, `34 ms`, `1.8 s`, `3 min 20 s`. */
export function formatMs(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 99_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `12.3 µs`, `4.56 ms`, `1.2 s`: three digits of a short time. */
export function formatMicroseconds(microseconds: number): string {
  if (microseconds >= 999_500) return `${formatNumber(microseconds / 1_000_000)} s`;
  if (microseconds >= 999.5) return `${formatNumber(microseconds / 1000)} ms`;
  return `${formatNumber(microseconds)} µs`;
}

function scaled(value: number, units: readonly string[]): string {
  let size = value / 1000;
  let unit = 0;
  for (; size >= 999.5 && unit < units.length - 1; unit++) size /= 1000;
  return `${Number(size.toPrecision(3))} ${units[unit] ?? ''}`;
}

function scientific(value: number): string {
  return value
    .toExponential(2)
    .replace(/\.?0+e/, 'e')
    .replace('e+', 'e')
    .replace('e-', `e${MINUS}`);
}
