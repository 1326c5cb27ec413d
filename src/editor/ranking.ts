/** An output as ranked classes. Pure. Shares are the output itself where it already sums to one, else its softmax. */
import type { Picture } from '../contract/hostApi';

type Ranking = Pick<Extract<Picture, { kind: 'ranking' }>, 'kind' | 'entries' | 'shareIs'>;

/** The `limit` largest outputs, named by `nameOf`; `softmaxIs` names the share where the softmax was taken here. */
export function ranking(
  data: Float32Array,
  nameOf: (index: number) => string,
  limit: number,
  softmaxIs: string,
): Ranking {
  const alreadyShares = isDistribution(data);
  const shares = alreadyShares ? data : softmax(data);
  const order = [...data.keys()]
    .filter((i) => !Number.isNaN(data[i]))
    .sort((a, b) => (data[b] ?? 0) - (data[a] ?? 0) || a - b);
  const entries = order.slice(0, limit).map((index) => ({
    name: nameOf(index),
    index,
    value: data[index] ?? 0,
    share: shares[index] ?? null,
  }));
  return { kind: 'ranking', entries, shareIs: alreadyShares ? '' : softmaxIs };
}

/** True when all are within 0 … 1 and sum to one. */
function isDistribution(data: Float32Array): boolean {
  let sum = 0;
  for (const value of data) {
    if (!(value >= 0 && value <= 1)) return false;
    sum += value;
  }
  return Math.abs(sum - 1) < 1e-3;
}

function softmax(data: Float32Array): Float64Array {
  let top = -Infinity;
  for (const value of data) if (value > top) top = value;
  const shares = Float64Array.from(data, (value) => Math.exp(value - top));
  const sum = shares.reduce((total, value) => total + value, 0);
  return shares.map((value) => value / sum);
}
