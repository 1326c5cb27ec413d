/**
 * LSTM, GRU and RNN, unrolled over time with the equations of the ONNX specification, then differentiated as what they
 * are made of. Exact for any direction, clip, peepholes, initial states and per-row sequence lengths.
 */
import { Failure } from '../../../../base/errors';
import type { Builder, Value } from '../builder';
import type { RuleContext } from '../rule';
import { decompose, type RuleTable } from './define';

type Activation = (b: Builder, x: Value) => Value;

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  sigmoid: (b, x) => b.unary('Sigmoid', x),
  tanh: (b, x) => b.unary('Tanh', x),
  relu: (b, x) => b.unary('Relu', x),
  softplus: (b, x) => b.unary('Softplus', x),
  softsign: (b, x) => b.unary('Softsign', x),
};

interface Cell {
  /** Gates stacked in W, R and B. */
  readonly gates: number;
  readonly activations: readonly string[];
  /** Next hidden state and, for an LSTM, next cell state. */
  step(s: Step, x: Value, h: Value, cell: Value | null): readonly [Value, Value | null];
}

/** One direction's weights, transposed for row vectors: w [input, gates*hidden], r [hidden, gates*hidden]. */
interface Step {
  readonly b: Builder;
  readonly c: RuleContext;
  readonly hidden: number;
  readonly w: Value;
  readonly r: Value;
  readonly wb: Value | null;
  readonly rb: Value | null;
  /** Peepholes [3*hidden], of an LSTM. */
  readonly p: Value | null;
  readonly f: readonly Activation[];
}

const plus = (b: Builder, x: Value, bias: Value | null): Value => (bias === null ? x : b.add(x, bias));

function gate(s: Step, stacked: Value, index: number): Value {
  return s.b.slice(stacked, stacked.dims.length - 1, index * s.hidden, (index + 1) * s.hidden);
}

function clipped(s: Step, x: Value): Value {
  const limit = s.c.float('clip', 0);
  if (limit === 0) return x;
  return s.b.one('Clip', [x, s.b.scalar(-limit, x), s.b.scalar(limit, x)], x.dtype, x.dims);
}

function activate(s: Step, index: number, x: Value): Value {
  const f = s.f[index];
  if (f === undefined) throw s.c.broken('names too few activations');
  return f(s.b, clipped(s, x));
}

const lstm: Cell = {
  gates: 4,
  activations: ['Sigmoid', 'Tanh', 'Tanh'],
  step(s, x, h, cell) {
    const { b } = s;
    if (cell === null) throw s.c.broken('has no cell state');
    const sums = plus(b, plus(b, b.add(b.matmul(x, s.w), b.matmul(h, s.r)), s.wb), s.rb);
    const peep = (index: number, state: Value, sum: Value): Value =>
      s.p === null ? sum : b.add(sum, b.mul(gate(s, s.p, index), state));
    const input = activate(s, 0, peep(0, cell, gate(s, sums, 0)));
    const forget =
      s.c.int('input_forget', 0) === 1
        ? b.sub(b.scalar(1, input), input)
        : activate(s, 0, peep(2, cell, gate(s, sums, 2)));
    const next = b.add(b.mul(forget, cell), b.mul(input, activate(s, 1, gate(s, sums, 3))));
    const output = activate(s, 0, peep(1, next, gate(s, sums, 1)));
    const f = s.f[2];
    if (f === undefined) throw s.c.broken('names too few activations');
    return [b.mul(output, f(b, next)), next];
  },
};

const gru: Cell = {
  gates: 3,
  activations: ['Sigmoid', 'Tanh'],
  step(s, x, h) {
    const { b } = s;
    const fromX = plus(b, b.matmul(x, s.w), s.wb);
    const linearFirst = s.c.int('linear_before_reset', 0) === 1;
    const rGates = (first: number, last: number): Value => b.slice(s.r, 1, first * s.hidden, last * s.hidden);
    const bias = (first: number, last: number): Value | null =>
      s.rb === null ? null : b.slice(s.rb, 0, first * s.hidden, last * s.hidden);
    const fromH = plus(b, b.matmul(h, rGates(0, 2)), bias(0, 2));
    const update = activate(s, 0, b.add(gate(s, fromX, 0), gate(s, fromH, 0)));
    const reset = activate(s, 0, b.add(gate(s, fromX, 1), gate(s, fromH, 1)));
    const recalled = linearFirst
      ? b.mul(reset, plus(b, b.matmul(h, rGates(2, 3)), bias(2, 3)))
      : plus(b, b.matmul(b.mul(reset, h), rGates(2, 3)), bias(2, 3));
    const candidate = activate(s, 1, b.add(gate(s, fromX, 2), recalled));
    return [b.add(b.mul(b.sub(b.scalar(1, update), update), candidate), b.mul(update, h)), null];
  },
};

const rnn: Cell = {
  gates: 1,
  activations: ['Tanh'],
  step(s, x, h) {
    const { b } = s;
    const sums = plus(b, plus(b, b.add(b.matmul(x, s.w), b.matmul(h, s.r)), s.wb), s.rb);
    return [activate(s, 0, sums), null];
  },
};

/** Y [time, directions, batch, hidden], Y_h and Y_c [directions, batch, hidden]; batch first when layout is 1. */
function unroll(c: RuleContext, cell: Cell): (Value | null)[] {
  const { b } = c;
  const batchFirst = c.int('layout', 0) === 1;
  const x = batchFirst ? b.transpose(c.x(0), [1, 0, 2]) : c.x(0);
  const [, , hidden = 1] = c.x(2).dims;
  const direction = c.string('direction', 'forward');
  const directions = direction === 'bidirectional' ? [false, true] : [direction === 'reverse'];
  const runs = directions.map((backwards, d) => oneDirection(c, cell, x, d, hidden, backwards, batchFirst));
  const stack = (pick: (run: Run) => Value | null, axis: number): Value | null => {
    const parts = runs.map(pick);
    if (parts.some((part) => part === null)) return null;
    return b.concat(
      parts.flatMap((part) => (part === null ? [] : [unsqueeze(b, part, axis)])),
      axis,
    );
  };
  const layout = (value: Value | null, perm: readonly number[]): Value | null =>
    value === null || !batchFirst ? value : b.transpose(value, perm);
  return [
    layout(
      stack((run) => run.all, 1),
      [2, 0, 1, 3],
    ),
    layout(
      stack((run) => run.last, 0),
      [1, 0, 2],
    ),
    layout(
      stack((run) => run.cell, 0),
      [1, 0, 2],
    ),
  ];
}

interface Run {
  readonly all: Value;
  readonly last: Value;
  readonly cell: Value | null;
}

function oneDirection(
  c: RuleContext,
  cell: Cell,
  x: Value,
  d: number,
  hidden: number,
  backwards: boolean,
  batchFirst: boolean,
): Run {
  const { b } = c;
  const [time = 0, batch = 1, width = 1] = x.dims;
  const lengths = c.maybeX(4);
  const state = (i: number): Value => {
    const given = c.maybeX(i);
    if (given === null) return b.full([batch, hidden], 0, x.dtype);
    return part(b, batchFirst ? b.transpose(given, [1, 0, 2]) : given, d);
  };
  const bias = c.maybeX(3) === null ? null : part(b, c.x(3), d);
  const half = cell.gates * hidden;
  const step: Step = {
    b,
    c,
    hidden,
    w: b.swapLast(part(b, c.x(1), d)),
    r: b.swapLast(part(b, c.x(2), d)),
    wb: bias === null ? null : b.slice(bias, 0, 0, half),
    rb: bias === null ? null : b.slice(bias, 0, half, 2 * half),
    p: cell === lstm && c.maybeX(7) !== null ? part(b, c.x(7), d) : null,
    f: activationsOf(c, cell, d),
  };
  let h = state(5);
  let memory = cell === lstm ? state(6) : null;
  const outputs = new Array<Value>(time);
  for (let i = 0; i < time; i++) {
    const t = backwards ? time - 1 - i : i;
    const row = b.reshape(b.slice(x, 0, t, t + 1), [batch, width]);
    const [nextH, nextMemory] = cell.step(step, row, h, memory);
    // Past the end of a row's sequence its state stays and its output is zero.
    const inside =
      lengths === null
        ? null
        : b.greater(b.reshape(lengths, [batch, 1]), b.constant(lengths.dtype, [1, 1], [t]));
    outputs[t] = inside === null ? nextH : b.where(inside, nextH, b.scalar(0, nextH));
    h = inside === null ? nextH : b.where(inside, nextH, h);
    if (memory !== null && nextMemory !== null) {
      memory = inside === null ? nextMemory : b.where(inside, nextMemory, memory);
    }
  }
  const all = b.concat(
    outputs.map((output) => unsqueeze(b, output, 0)),
    0,
  );
  return { all, last: h, cell: memory };
}

function activationsOf(c: RuleContext, cell: Cell, d: number): Activation[] {
  const count = cell.activations.length;
  const names = c.strings('activations')?.slice(d * count, (d + 1) * count) ?? cell.activations;
  return names.map((name) => {
    const activation = ACTIVATIONS[name.toLowerCase()];
    if (activation !== undefined) return activation;
    throw new Failure({
      code: 'no-gradient',
      message: `${c.node.op} "${c.node.name}" uses the activation "${name}", which has no gradient rule.`,
      remedy: 'Export it with Sigmoid, Tanh, Relu, Softplus or Softsign.',
    });
  });
}

function part(b: Builder, stacked: Value, d: number): Value {
  return b.reshape(b.slice(stacked, 0, d, d + 1), stacked.dims.slice(1));
}

function unsqueeze(b: Builder, x: Value, axis: number): Value {
  return b.reshape(x, x.dims.toSpliced(axis, 0, 1));
}

export const recurrent: RuleTable = {
  LSTM: decompose((c) => unroll(c, lstm)),
  GRU: decompose((c) => unroll(c, gru)),
  RNN: decompose((c) => unroll(c, rnn)),
};
