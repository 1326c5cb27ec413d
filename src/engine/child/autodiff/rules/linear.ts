/** Products of matrices and their generalisation. */
import { sizeOf } from '../../../../tensor/shape';
import { unbroadcast } from '../backward';
import type { Builder, Value } from '../builder';
import type { RuleContext } from '../rule';
import { rule, type RuleTable } from './define';

export const linear: RuleTable = {
  MatMul: rule((c) => {
    const { b } = c;
    const [a, w] = [c.x(0), c.x(1)];
    // A vector on the left is a row, on the right a column; the product drops that axis again.
    const left = a.dims.length === 1 ? b.reshape(a, [1, a.dims[0] ?? 0]) : a;
    const right = w.dims.length === 1 ? b.reshape(w, [w.dims[0] ?? 0, 1]) : w;
    const rows = a.dims.length === 1 ? [1] : [];
    const columns = w.dims.length === 1 ? [1] : [];
    const inner = c.y().dims.slice(0, c.y().dims.length - (2 - rows.length - columns.length));
    const kept = c.y().dims.slice(inner.length);
    const g = b.reshape(c.g(), [...inner, ...rows, ...kept, ...columns]);
    return [
      c.wants(0) ? b.reshape(unbroadcast(b, timesTransposed(b, g, right), left.dims), a.dims) : null,
      c.wants(1) ? b.reshape(weightGradient(b, left, g, right.dims), w.dims) : null,
    ];
  }),
  Gemm: rule((c) => {
    const { b } = c;
    const g = b.scale(c.g(), c.float('alpha', 1));
    const [transA, transB] = [c.int('transA', 0) === 1, c.int('transB', 0) === 1];
    const flip = (value: Value, when: boolean): Value => (when ? b.swapLast(value) : value);
    return [
      c.wants(0) ? flip(transB ? b.matmul(g, c.x(1)) : timesTransposed(b, g, c.x(1)), transA) : null,
      c.wants(1) ? flip(b.matmul(flip(c.x(0), !transA), g), transB) : null,
      c.wants(2) ? b.scale(c.g(), c.float('beta', 1)) : null,
    ];
  }),
  Einsum: rule((c) => einsum(c)),
  Det: rule((c) => {
    const { b } = c;
    const n = c.x().dims.at(-1) ?? 0;
    if (n > LARGEST_DET)
      throw c.broken(`is of matrices of ${String(n)} rows, more than ${String(LARGEST_DET)}`);
    const lead = c.x().dims.slice(0, -2);
    const g = b.reshape(c.g(), [...lead, 1, 1]);
    return [n < 2 ? b.expand(g, c.x().dims) : b.mul(g, cofactors(b, c.x(), n))];
  }),
};

/** Cofactors of a matrix of n rows take n⁴ numbers. */
const LARGEST_DET = 32;

/** Of each element: the determinant of what is left without its row and column, with its sign. Exact where it is singular. */
function cofactors(b: Builder, x: Value, n: number): Value {
  const rank = x.dims.length;
  const others = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (__, k) => k).filter((k) => k !== i),
  );
  const rest = b.constant('int64', [n, n - 1], others.flat());
  // [..., i, n - 1, j, n - 1] -> [..., i, j, n - 1, n - 1]
  const minors = b.gather(b.gather(x, rest, rank - 2), rest, rank);
  const order = minors.dims.map((_, axis) => axis);
  const apart = b.transpose(minors, order.with(rank - 1, rank).with(rank, rank - 1));
  const dets = b.one('Det', [apart], x.dtype, x.dims);
  const signs = Array.from({ length: n * n }, (_, i) => ((Math.floor(i / n) + (i % n)) % 2 === 0 ? 1 : -1));
  return b.mul(dets, b.constant(x.dtype, [n, n], signs));
}

/** G W^T. A matrix is read the other way round instead of being copied so: weights are large. */
function timesTransposed(b: Builder, g: Value, w: Value): Value {
  const [width = 1, depth = 1] = w.dims;
  const kernel = g.dtype === 'float32' || g.dtype === 'float64';
  if (w.dims.length !== 2 || g.dims.length < 2 || !kernel) return b.matmul(g, b.swapLast(w));
  const rows = sizeOf(g.dims.slice(0, -1));
  const flat = b.reshape(g, [rows, depth]);
  const product = b.one('Gemm', [flat, w], g.dtype, [rows, width], { transB: 1 });
  return b.reshape(product, [...g.dims.slice(0, -1), width]);
}

/** A^T G; with one weight for a whole batch, as one product over all rows instead of a sum of products. */
function weightGradient(b: Builder, a: Value, g: Value, dims: readonly number[]): Value {
  if (dims.length === 2 && a.dims.length > 2) {
    const depth = a.dims.at(-1) ?? 1;
    const width = g.dims.at(-1) ?? 1;
    const rows = a.dims.slice(0, -1).reduce((product, dim) => product * dim, 1);
    return b.matmul(b.swapLast(b.reshape(a, [rows, depth])), b.reshape(g, [rows, width]));
  }
  return unbroadcast(b, b.matmul(b.swapLast(a), g), dims);
}

/** The gradient of one operand is an einsum of the output's gradient with the other operands. */
function einsum(c: RuleContext): (Value | null)[] {
  const { b } = c;
  const { terms, output } = parseEquation(c);
  return terms.map((term, i) => {
    if (!c.wants(i)) return null;
    const others = terms.filter((_, j) => j !== i);
    const available = new Set([...output, ...others.flat()]);
    const kept = [...new Set(term)].filter((letter) => available.has(letter));
    const equation = `${[output, ...others].map((letters) => letters.join('')).join(',')}->${kept.join('')}`;
    const { dims } = c.x(i);
    const values = terms.flatMap((_, j) => (j === i ? [] : [c.x(j)]));
    const sizes = kept.map((letter) => sizeOfLetter(c, terms, letter));
    const grad = b.one('Einsum', [c.g(), ...values], c.g().dtype, sizes, { equation });
    // A letter that comes again is a diagonal: its gradient lies where both its indices are the same.
    const first = (letter: string, axis: number): boolean => term.indexOf(letter) === axis;
    const spread = term.map((letter, axis) =>
      available.has(letter) && first(letter, axis) ? sizeOfLetter(c, terms, letter) : 1,
    );
    const full = b.expand(
      b.reshape(grad, spread),
      term.map((letter, axis) =>
        available.has(letter) ? sizeOfLetter(c, terms, letter) : (dims[axis] ?? 1),
      ),
    );
    const diagonal = term.reduce(
      (value, letter, axis) =>
        first(letter, axis) ? value : b.mul(value, sameIndex(b, value, term.indexOf(letter), axis)),
      full,
    );
    return unbroadcast(b, diagonal, dims);
  });
}

/** 1 where the indices on two axes of `like` are the same, else 0; broadcasts over the other axes. */
function sameIndex(b: Builder, like: Value, one: number, other: number): Value {
  const along = (axis: number): Value => {
    const size = like.dims[axis] ?? 1;
    return b.reshape(
      b.range(size),
      like.dims.map((_, i) => (i === axis ? size : 1)),
    );
  };
  return b.cast(b.equal(along(one), along(other)), like.dtype);
}

function sizeOfLetter(c: RuleContext, terms: readonly (readonly string[])[], letter: string): number {
  return Math.max(
    ...terms.map((term, i) => {
      const axis = term.indexOf(letter);
      return axis < 0 ? 1 : (c.x(i).dims[axis] ?? 1);
    }),
  );
}

/** Letters per operand and of the output; an ellipsis becomes capital letters of its own. */
function parseEquation(c: RuleContext): { terms: string[][]; output: string[] } {
  const equation = c.string('equation', '').replaceAll(' ', '');
  const [left = '', right] = equation.split('->');
  const names = left.split(',');
  const extraOf = (term: string, rank: number): number =>
    term.includes('...') ? rank - (term.length - 3) : 0;
  const widest = Math.max(0, ...names.map((term, i) => extraOf(term, c.x(i).dims.length)));
  const used = new Set(left.replaceAll(/[.,]/g, ''));
  const spare = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ')
    .filter((letter) => !used.has(letter))
    .slice(0, widest);
  const open = (term: string, extra: number): string[] =>
    Array.from(term.replace('...', spare.slice(widest - extra).join('')));
  const terms = names.map((term, i) => open(term, extraOf(term, c.x(i).dims.length)));
  return { terms, output: right === undefined ? implicit(terms, spare) : open(right, widest) };
}

function implicit(terms: readonly (readonly string[])[], spare: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const letter of terms.flat()) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  const once = [...counts].flatMap(([letter, count]) =>
    count === 1 && !spare.includes(letter) ? [letter] : [],
  );
  return [...spare, ...once.sort()];
}
