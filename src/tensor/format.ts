/** Numbers as people read them: three significant digits, bytes, counts. Pure. */

/** Three significant digits: `0.0123`, `1.23e-8`, `12,345`, `NaN`, `∞`. Integers keep all their digits up to 9,999,999. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '-∞';
  const sign = value < 0 ? '-' : '';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (Number.isInteger(size) && size < 1e7) return sign + formatCount(size);
  const rounded = Number(size.toPrecision(3));
  if (rounded >= 1e6 || rounded < 1e-4) return sign + trimExponent(size.toExponential(2));
  if (rounded >= 1000) return sign + formatCount(Math.round(rounded));
  return sign + String(rounded);
}

/** `1,234,567`. Whole numbers only. */
export function formatCount(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** `85.8 M`, `1.24 B`, `1,234`: counts of parameters. */
export function formatLarge(value: number): string {
  const units = [
    [1e12, 'T'],
    [1e9, 'B'],
    [1e6, 'M'],
    [1e4, 'k'],
  ] as const;
  for (const [size, unit] of units) {
    if (value < size * 0.9995) continue;
    const divisor = unit === 'k' ? 1e3 : size;
    return `${Number((value / divisor).toPrecision(3))} ${unit}`;
  }
  return formatCount(value);
}

/** `932 bytes`, `1.10 GB`: powers of 1000, three significant digits. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  let size = bytes;
  for (const unit of ['kB', 'MB', 'GB', 'TB']) {
    size /= 1000;
    if (size < 999.5 || unit === 'TB') return `${threeDigits(size)} ${unit}`;
  }
  return `${bytes} bytes`;
}

/** `12.3 %` of a share between 0 and 1. */
export function formatShare(share: number): string {
  if (share === 0 || share === 1) return `${share * 100} %`;
  const percent = share * 100;
  if (percent < 0.1) return '< 0.1 %';
  if (percent > 99.9) return '> 99.9 %';
  return `${Number(percent.toPrecision(3))} %`;
}

/** `0.42 ms`, `12.3 ms`, `1.23 s`. */
export function formatMilliseconds(ms: number): string {
  return ms < 999.5 ? `${Number(ms.toPrecision(3))} ms` : `${threeDigits(ms / 1000)} s`;
}

function threeDigits(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}

function trimExponent(text: string): string {
  return text.replace(/\.?0+e/, 'e').replace('e+', 'e');
}
