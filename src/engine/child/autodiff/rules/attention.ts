/**
 * Attention and rotary embeddings, said with matrix products. Vaswani et al. (2017); Su et al. (2021); grouped queries,
 * Ainslie et al. (2023).
 */
import type { Builder, Value } from '../builder';
import type { RuleContext } from '../rule';
import { decompose, type RuleTable } from './define';

export const attention: RuleTable = {
  Attention: decompose((c) => attend(c)),
  RotaryEmbedding: decompose((c) => [rotate(c)]),
};

/** [batch, sequence, heads * width] or [batch, heads, sequence, width] to the latter. */
function toHeads(c: RuleContext, x: Value, heads: number): Value {
  if (x.dims.length === 4) return x;
  const [batch = 1, sequence = 1, total = 1] = x.dims;
  return c.b.transpose(c.b.reshape(x, [batch, sequence, heads, total / heads]), [0, 2, 1, 3]);
}

/** Each key or value head serves `times` query heads. */
function repeatHeads(b: Builder, x: Value, times: number): Value {
  if (times === 1) return x;
  const [batch = 1, heads = 1, sequence = 1, width = 1] = x.dims;
  const wide = b.expand(b.reshape(x, [batch, heads, 1, sequence, width]), [
    batch,
    heads,
    times,
    sequence,
    width,
  ]);
  return b.reshape(wide, [batch, heads * times, sequence, width]);
}

function withPast(b: Builder, past: Value | null, now: Value): Value {
  return past === null ? now : b.concat([past, now], 2);
}

function attend(c: RuleContext): (Value | null)[] {
  const { b } = c;
  if (c.hasInput(6)) throw c.broken('takes a length per row (nonpad_kv_seqlen)');
  const q = toHeads(c, c.x(0), c.int('q_num_heads', 0));
  const key = withPast(b, c.maybeX(4), toHeads(c, c.x(1), c.int('kv_num_heads', 0)));
  const value = withPast(b, c.maybeX(5), toHeads(c, c.x(2), c.int('kv_num_heads', 0)));
  const [batch = 1, heads = 1, queries = 1, width = 1] = q.dims;
  const keys = key.dims[2] ?? 1;
  const times = heads / (key.dims[1] ?? heads);
  const scale = c.float('scale', 1 / Math.sqrt(width));
  const raw = b.scale(b.matmul(q, b.swapLast(repeatHeads(b, key, times))), scale);
  const cap = c.float('softcap', 0);
  const capped = cap === 0 ? raw : b.scale(b.unary('Tanh', b.scale(raw, 1 / cap)), cap);
  const scores = masked(c, capped, queries, keys);
  const weights = b.unary('Softmax', scores, { axis: -1 });
  const mixed = b.matmul(weights, repeatHeads(b, value, times));
  const last = value.dims[3] ?? 1;
  const y =
    c.x(0).dims.length === 4
      ? mixed
      : b.reshape(b.transpose(mixed, [0, 2, 1, 3]), [batch, queries, heads * last]);
  // Which of the scores are given out besides.
  return [y, key, value, [raw, capped, scores, weights][c.int('qk_matmul_output_mode', 0)] ?? raw];
}

function masked(c: RuleContext, raw: Value, queries: number, keys: number): Value {
  const { b } = c;
  let scores = raw;
  const never = b.scalar(-Infinity, raw);
  const mask = c.maybeX(3);
  if (mask !== null) {
    const short = keys - (mask.dims.at(-1) ?? keys);
    if (short > 0) throw c.broken('pads its mask');
    scores = mask.dtype === 'bool' ? b.where(mask, scores, never) : b.add(scores, mask);
  }
  if (c.int('is_causal', 0) === 1) {
    const past = c.maybeX(4)?.dims[2] ?? 0;
    const row = b.plus(b.reshape(b.range(queries), [queries, 1]), past);
    const seen = b.lessOrEqual(b.reshape(b.range(keys), [1, keys]), row);
    scores = b.where(seen, scores, never);
  }
  return scores;
}

function rotate(c: RuleContext): Value {
  const { b } = c;
  const x = c.x(0);
  const heads = toHeads(c, x, c.int('num_heads', 0) === 0 ? 1 : c.int('num_heads', 0));
  const [batch = 1, count = 1, sequence = 1, width = 1] = heads.dims;
  const rotated = c.int('rotary_embedding_dim', 0) === 0 ? width : c.int('rotary_embedding_dim', 0);
  const half = rotated / 2;
  const table = (i: number): Value => {
    const cache = c.x(i);
    const positions = c.maybeX(3);
    const rows = positions === null ? cache : b.gather(cache, positions, 0);
    const shape = rows.dims.length === 3 ? [rows.dims[0] ?? 1, 1, sequence, half] : [1, 1, sequence, half];
    return b.reshape(rows, shape);
  };
  const [cos, sin] = [table(1), table(2)];
  const turn = (first: Value, second: Value): [Value, Value] => [
    b.sub(b.mul(cos, first), b.mul(sin, second)),
    b.add(b.mul(sin, first), b.mul(cos, second)),
  ];
  const head = b.slice(heads, 3, 0, rotated);
  const rest = b.slice(heads, 3, rotated, width);
  let turned: Value;
  if (c.int('interleaved', 0) === 1) {
    const pairs = b.reshape(head, [batch, count, sequence, half, 2]);
    const pick = (i: number): Value => b.reshape(b.slice(pairs, 4, i, i + 1), [batch, count, sequence, half]);
    const [real, imaginary] = turn(pick(0), pick(1));
    const column = (v: Value): Value => b.reshape(v, [batch, count, sequence, half, 1]);
    turned = b.reshape(b.concat([column(real), column(imaginary)], 4), head.dims);
  } else {
    turned = b.concat(turn(b.slice(head, 3, 0, half), b.slice(head, 3, half, rotated)), 3);
  }
  const whole = rotated === width ? turned : b.concat([turned, rest], 3);
  return x.dims.length === 4 ? whole : b.reshape(b.transpose(whole, [0, 2, 1, 3]), x.dims);
}
