/** The arrays that test/reference/tensor.py makes too, number for number. */

/** 31-bit Lehmer numbers in (-0.5, 0.5). */
export function lehmer(count: number, seed: number): Float64Array {
  const out = new Float64Array(count);
  let state = seed;
  for (let i = 0; i < count; i++) {
    state = (state * 16807) % 2147483647;
    out[i] = state / 2147483647 - 0.5;
  }
  return out;
}

export function sampleArrays(): Readonly<Record<string, Float32Array | Float64Array>> {
  const big = Float32Array.from(lehmer(100_000, 7));
  const spiky = big.slice();
  for (let i = 0; i < spiky.length; i += 1000) spiky[i] = (spiky[i] ?? 0) * 1000;
  spiky.set([NaN, Infinity, -Infinity], 5);
  spiky.fill(0, 8, 20);
  return {
    big,
    spiky,
    offset: lehmer(50_000, 11).map((x) => x * 1e-3 + 12345),
    wide: lehmer(3000, 3).map((x, i) => x * 2 ** (i % 100)),
  };
}
