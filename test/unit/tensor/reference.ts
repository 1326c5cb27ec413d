/** Reference numbers written by test/reference/tensor/make.py (NumPy and ml_dtypes). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Reference {
  readonly small: Readonly<Record<string, readonly (number | string)[]>>;
  readonly rounding: {
    readonly values: readonly (number | string)[];
    readonly float16: readonly number[];
    readonly bfloat16: readonly number[];
  };
  readonly summaries: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly histograms: Readonly<
    Record<
      string,
      {
        readonly low: number;
        readonly high: number;
        readonly bins: number;
        readonly counts: readonly number[];
      }
    >
  >;
  readonly npy: readonly {
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly values: readonly (number | string)[];
    readonly file: string;
  }[];
}

export const reference = JSON.parse(
  readFileSync(join(__dirname, '../../reference/tensor/reference.json'), 'utf8'),
) as Reference;

/** JSON has neither NaN nor infinities: they are strings there. */
export function toNumber(value: number | string): number {
  const named: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, '-inf': -Infinity };
  return typeof value === 'number' ? value : (named[value] ?? Number(value));
}
