/** Nodes and weights on [0, 1] for integrals along a path. Pure. */

export interface Quadrature {
  readonly nodes: readonly number[];
  readonly weights: readonly number[];
}

/** Gauss-Legendre of n nodes: roots of the Legendre polynomial by Newton's method. Golub & Welsch (1969) give the same. */
export function gaussLegendre(n: number): Quadrature {
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let turn = 0; turn < 100; turn++) {
      let [previous, current] = [1, x];
      for (let k = 2; k <= n; k++)
        [previous, current] = [current, ((2 * k - 1) * x * current - (k - 1) * previous) / k];
      slope = (n * (x * current - previous)) / (x * x - 1);
      const move = (n === 1 ? x : current) / slope;
      if (n === 1) {
        slope = 1;
        x = 0;
        break;
      }
      x -= move;
      if (Math.abs(move) < 1e-15) break;
    }
    nodes.push((1 - x) / 2);
    weights.push(n === 1 ? 1 : 1 / ((1 - x * x) * slope * slope));
  }
  return { nodes, weights };
}

/** 0, 1/n, … (n-1)/n, each with weight 1/n. */
export function leftRiemann(n: number): Quadrature {
  return {
    nodes: Array.from({ length: n }, (_, i) => i / n),
    weights: Array.from({ length: n }, () => 1 / n),
  };
}
