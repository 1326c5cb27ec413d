/**
 * An engine with a fault planted in one of its parts: in the rewritten model, in what a run is given, or in what it gives.
 * The plain model, which everything is compared with, is left alone.
 */
import { Executor, type Executed } from '../../../src/engine/child/executor';
import { Sessions } from '../../../src/engine/child/sessions';
import type { TensorData } from '../../../src/contract/tensor';
import { rewrite, type Rewritten } from '../../../src/onnx/rewrite/plan';
import { floats, info, model, node, tensor } from './models';

type Numbers = Parameters<Executor['run']>[2];
/** What is fed. */
export type Rows = Readonly<Record<string, TensorData>>;

/** What goes wrong: in the rewritten model, in what a run is given, or in what it gives. */
export interface Fault {
  readonly rewriting?: (done: Rewritten) => Rewritten;
  readonly given?: (numbers: Numbers, feeds: Rows) => { readonly numbers: Numbers; readonly feeds: Rows };
  readonly result?: (executed: Executed, captures: number, rows: number) => Executed;
}

export class Faulty extends Executor {
  constructor(private readonly fault: Fault) {
    super(
      new Sessions(1 << 24),
      () => undefined,
      (parts, plan, types) => {
        const done = rewrite(parts, plan, types);
        return plan.original === true || fault.rewriting === undefined ? done : fault.rewriting(done);
      },
    );
  }

  override async run(...args: Parameters<Executor['run']>): Promise<Executed> {
    const [opened, planned, numbers, feeds, ...rest] = args;
    if (planned.plan.original === true) return super.run(...args);
    const given = this.fault.given?.(numbers, feeds) ?? { numbers, feeds };
    const executed = await super.run(opened, planned, given.numbers, given.feeds, ...rest);
    const rows = Object.values(feeds)[0]?.dims[0] ?? 1;
    return this.fault.result?.(executed, planned.plan.captures.length, rows) ?? executed;
  }
}

/** One row for the model below. */
export const ROW = { x: floats([1, 4], -1) };
/** y = tanh(factor h) + h and z = -h, where h = relu(x - 0.3). */
export const modelOf = (factor: number): Uint8Array =>
  model({
    nodes: [
      node('Sub', ['x', 'two'], ['d']),
      node('Relu', ['d'], ['h']),
      node('Mul', ['h', 'three'], ['m']),
      node('Tanh', ['m'], ['t']),
      node('Add', ['t', 'h'], ['y']),
      node('Neg', ['h'], ['z']),
      node('Abs', ['d'], ['aside']),
    ],
    inputs: [info('x', 'float32', ['n', 4])],
    outputs: [info('y', 'float32', ['n', 4]), info('z', 'float32', ['n', 4])],
    weights: [
      tensor('two', { dtype: 'float32', dims: [], data: Float32Array.of(0.3) }),
      tensor('three', { dtype: 'float32', dims: [], data: Float32Array.of(factor) }),
    ],
  });
export const MODEL = modelOf(0.7);
