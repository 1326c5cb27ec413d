/**
 * Faults planted in the engine's own parts (its rewriting, its sessions, its runs), each found by the checks the engine
 * makes on everything it shows. Nothing in the product knows of this: parts are handed in or inherited from.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Intervention, RunRequest, RunResult } from '../../../src/contract/run';
import type { Graph, Node } from '../../../src/contract/skeleton';
import type { TensorData } from '../../../src/contract/tensor';
import { Executor, hashFeeds, type Executed } from '../../../src/engine/child/executor';
import { EngineModel } from '../../../src/engine/child/model';
import { Runner } from '../../../src/engine/child/runner';
import { Sessions } from '../../../src/engine/child/sessions';
import { TensorStore } from '../../../src/engine/child/store';
import type { Rewritten } from '../../../src/onnx/rewrite/plan';
import { Faulty, MODEL, ROW, type Fault, type Rows } from './faulty';
import { floats, info, model, node, tensor } from './models';

const SCALE: Intervention = { kind: 'scale', site: 'm', factor: 2 };
const SET: Intervention = { kind: 'set', site: 'h#1', value: 0.25 };
const ADD: Intervention = { kind: 'add', site: 't', value: floats([], 1) };

/** Numbers that are not round. */
const wave = (dims: readonly number[]): TensorData => ({
  dtype: 'float32',
  dims,
  data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 1.7)),
});
const PRODUCT = model({
  nodes: [node('MatMul', ['x', 'w'], ['h']), node('Tanh', ['h'], ['y'])],
  inputs: [info('x', 'float32', ['n', 256])],
  outputs: [info('y', 'float32', ['n', 64])],
  weights: [tensor('w', wave([256, 64]))],
});

describe('planted faults', () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-faults-'));
  const file = join(folder, 'model.onnx');
  let count = 0;
  before(() => writeFileSync(file, MODEL));
  after(async () => {
    for (const each of opened) await each.close();
    rmSync(folder, { recursive: true });
  });

  const opened: EngineModel[] = [];
  const open = async (): Promise<EngineModel> => {
    const made = await EngineModel.open(`f${String(count++)}`, file);
    opened.push(made);
    return made;
  };
  const runnerWith = (fault: Fault): Runner => new Runner(new Faulty(fault), new TensorStore(1 << 24), 1, 0);
  const run = async (fault: Fault, request: Partial<RunRequest>): Promise<RunResult> =>
    runnerWith(fault).run(await open(), { feeds: ROW, capture: [], ...request });
  const found = (message: RegExp, fault: Fault, request: Partial<RunRequest>): Promise<void> =>
    assert.rejects(run(fault, request), { code: 'internal', message });
  const mapped = ({ outputs, ...rest }: Executed, change: (tensor: TensorData) => TensorData): Executed => ({
    ...rest,
    outputs: new Map([...outputs].map(([name, tensor]) => [name, change(tensor)])),
  });
  const withNumbers = (tensor: TensorData, change: (x: number, i: number) => number): TensorData => ({
    ...tensor,
    data: Float32Array.from(tensor.data as Float32Array, change),
  });
  const rewired = (done: Rewritten, change: (graph: Graph) => Graph): Rewritten => ({
    ...done,
    model: { ...done.model, graph: change(done.model.graph) },
  });
  const nodes = (done: Rewritten, change: (node: Node) => Node): Rewritten =>
    rewired(done, (graph) => ({ ...graph, nodes: graph.nodes.map(change) }));

  it('nothing planted, nothing found', async () => {
    const result = await run({}, { capture: ['h', 'h!raw', 'm'], interventions: [SCALE, SET, ADD] });
    assert.equal(result.check, 'equal');
  });

  it('1: a hook on the wrong tensor', () =>
    found(
      /the capture of "h" reads "d"/,
      {
        rewriting: (done) => ({
          ...rewired(done, (graph) => ({
            ...graph,
            outputs: [...graph.outputs, { name: 'd', type: { kind: 'unknown' } }],
          })),
          captures: done.captures.map((capture) =>
            capture.name === 'h' ? { ...capture, name: 'd' } : capture,
          ),
        }),
      },
      { capture: ['h'] },
    ));

  it('2: two hooks swapped', () =>
    found(
      /the capture of "h" reads "m"/,
      { rewriting: (done) => ({ ...done, captures: done.captures.toReversed() }) },
      { capture: ['h', 'm'] },
    ));

  it('3: a value after its interventions given out as the one before', () =>
    found(
      /the capture of "m" reads/,
      {
        rewriting: (done) => ({
          ...rewired(done, (graph) => ({
            ...graph,
            outputs: [...graph.outputs, { name: 'm', type: { kind: 'unknown' } }],
          })),
          captures: done.captures.map((capture) => ({ ...capture, name: 'm' })),
        }),
      },
      { capture: ['m!raw'], interventions: [SCALE] },
    ));

  it('4: a capture that does not come out', () =>
    found(
      /"h" does not come out/,
      {
        rewriting: (done) =>
          rewired(done, (graph) => ({ ...graph, outputs: graph.outputs.filter(({ name }) => name !== 'h') })),
      },
      { capture: ['h'] },
    ));

  it('5: an intervention whose readers still read what was before it', () =>
    found(
      /does not read and make what it did/,
      {
        rewriting: (done) =>
          nodes(done, (each) => (each.op === 'Tanh' ? { ...each, inputs: ['m~raw'] } : each)),
      },
      { interventions: [SCALE] },
    ));

  it('6: an intervention on another value', () =>
    found(
      /starts from "h"/,
      {
        rewriting: (done) =>
          nodes(done, (each) =>
            each.id === -1 && each.op === 'Mul' ? { ...each, inputs: ['h', each.inputs[1] ?? ''] } : each,
          ),
      },
      { interventions: [SCALE] },
    ));

  it('7: an intervention of another kind', () =>
    found(
      /"m" is not changed as asked/,
      {
        rewriting: (done) =>
          nodes(done, (each) => (each.id === -1 && each.op === 'Mul' ? { ...each, op: 'Div' } : each)),
      },
      { interventions: [SCALE] },
    ));

  it('8: two interventions that take each other’s numbers', () =>
    found(
      /by another intervention's numbers/,
      { rewriting: (done) => ({ ...done, steps: done.steps.toReversed() }) },
      { interventions: [SCALE, ADD] },
    ));

  it('9: two interventions on one value in the wrong order', () =>
    found(
      /by another intervention's numbers|not changed as asked/,
      { rewriting: (done) => ({ ...done, steps: done.steps.toReversed() }) },
      { interventions: [SCALE, { ...SCALE, factor: 3 }] },
    ));

  it('10: a node of the model changed by the way', () =>
    found(
      /node 3 is not the model's own/,
      {
        rewriting: (done) => nodes(done, (each) => (each.op === 'Tanh' ? { ...each, op: 'Sigmoid' } : each)),
      },
      { capture: ['h'] },
    ));

  it('11: a weight taken for another', () =>
    found(
      /the weight "three" is another one/,
      {
        rewriting: (done) =>
          rewired(done, (graph) => {
            const two = graph.initializers.get('two');
            assert.ok(two);
            return {
              ...graph,
              initializers: new Map(graph.initializers).set('three', { ...two, name: 'three' }),
            };
          }),
      },
      { capture: ['h'] },
    ));

  it('12: a value handed in and computed all the same', () =>
    found(
      /"h" is handed in and computed as well|does not read and make/,
      {
        rewriting: (done) =>
          rewired(done, (graph) => {
            const [any] = graph.nodes;
            assert.ok(any);
            const relu = { ...any, id: 1, op: 'Relu', inputs: ['d'], outputs: ['h'] };
            return { ...graph, nodes: [...graph.nodes, relu] };
          }),
      },
      { interventions: [{ kind: 'set', site: 'h', value: 1 }] },
    ));

  it('13: capturing that moves the last bit of an output', () =>
    found(
      /capturing changed "y"/,
      { result: (executed) => mapped(executed, (t) => withNumbers(t, (x) => x * (1 + 2 ** -23))) },
      { capture: ['h'] },
    ));

  it('14: outputs swapped', () =>
    found(
      /capturing changed "y"/,
      {
        result: ({ outputs, ...rest }) => {
          const [names, tensors] = [[...outputs.keys()], [...outputs.values()].toReversed()];
          return { ...rest, outputs: new Map(names.map((name, i) => [name, tensors[i] ?? ROW.x])) };
        },
      },
      { capture: ['h'] },
    ));

  it('15: an output with its sign turned, as a bad provider might', () =>
    found(
      /changed "y"/,
      { result: (executed) => mapped(executed, (t) => withNumbers(t, (x) => -x)) },
      { capture: ['h'] },
    ));

  it('16: an output that is lost', () =>
    found(
      /changed "/,
      { result: (executed) => mapped(executed, (t) => withNumbers(t, () => NaN)) },
      { capture: ['h'] },
    ));

  it('17: an intervention at work where none was asked for', () =>
    found(
      /an intervention that changes nothing changed "y"/,
      {
        given: (numbers, feeds) => ({
          feeds,
          numbers: numbers.map((each) => ({ ...each, operand: withNumbers(each.operand, (x) => x * 1.001) })),
        }),
      },
      { interventions: [SCALE] },
    ));

  it('18: a scatter that always writes to the first place', () =>
    found(
      /changes nothing changed "[yz]"/,
      {
        given: (numbers, feeds) => ({
          feeds,
          numbers: numbers.map(({ choice }) => ({
            operand: floats([1], 3),
            choice: choice && { ...choice, dims: [1, 2], data: BigInt64Array.of(0n, 1n) },
          })),
        }),
      },
      { interventions: [SET] },
    ));

  it('19: inputs of an earlier run', async () => {
    let before: Rows | undefined;
    const runner = runnerWith({
      given: (numbers, feeds) => {
        const stale = before ?? feeds;
        before ??= feeds;
        return { numbers, feeds: stale };
      },
    });
    const mine = await open();
    await runner.run(mine, { feeds: ROW, capture: [] });
    const other = { x: floats([1, 4], 5) };
    await assert.rejects(runner.run(mine, { feeds: other, capture: ['h'] }), {
      message: /capturing changed "y"/,
    });
  });

  it('20: a session of another rewrite', async () => {
    class Stale extends Sessions {
      #first: Parameters<Sessions['use']> | undefined;
      override use<T>(...args: Parameters<Sessions['use']>): Promise<T> {
        this.#first ??= args;
        const [bytes, choice, weights] = this.#first;
        return super.use(bytes, choice, weights, args[3] as never);
      }
    }
    const executor = new Executor(new Stale(1 << 24), () => undefined);
    const runner = new Runner(executor, new TensorStore(1 << 24), 1, 0);
    const mine = await open();
    await runner.run(mine, { feeds: ROW, capture: [] });
    await assert.rejects(runner.run(mine, { feeds: ROW, capture: ['h'] }), { code: 'runtime' });
  });

  it('21: a file that changed under an open model', async () => {
    const changed = join(folder, 'changed.onnx');
    writeFileSync(changed, MODEL);
    const mine = await EngineModel.open('c', changed);
    opened.push(mine);
    writeFileSync(changed, new Uint8Array([...MODEL, 0x5a, 0]));
    await assert.rejects(runnerWith({}).run(mine, { feeds: ROW, capture: [] }), {
      code: 'file-unreadable',
    });
  });

  it('22: an intervention that does nothing is told of', async () => {
    const { notes } = await run(
      {
        given: (numbers, feeds) => ({
          feeds,
          numbers: numbers.map((each) => ({ ...each, operand: withNumbers(each.operand, () => 1) })),
        }),
      },
      { capture: ['m'], interventions: [SCALE], thorough: true },
    );
    assert.match(notes.join(), /changed no output/);
  });

  it('27: a provider whose results have the wrong sign', async () => {
    // The provider's session is this machine's CPU, with its answers turned around.
    class Provider extends Executor {
      constructor() {
        super(new Sessions(1 << 24), () => undefined);
      }
      override async run(...args: Parameters<Executor['run']>): Promise<Executed> {
        const [mine, planned, numbers, feeds, settings, signal] = args;
        const cpu = { ...settings, providers: ['cpu'] };
        const executed = await super.run(mine, planned, numbers, feeds, cpu, signal);
        return settings.providers[0] === 'cpu'
          ? executed
          : mapped(executed, (t) => withNumbers(t, (x) => -x));
      }
    }
    const executor = new Provider();
    const { checker } = new Runner(executor, new TensorStore(1 << 24), 1, 0);
    const mine = await open();
    const settings = { level: 'disabled', packed: false, providers: ['cuda', 'cpu'], threads: 1 } as const;
    const plan = { outputs: ['y', 'z'], captures: [], steps: [], given: [], overridden: [] };
    const planned = { plan, captures: [], steps: [], given: new Map(), all: [] };
    const executed = await executor.run(mine, planned, [], ROW, settings);
    await assert.rejects(checker.check(mine, planned, ROW, hashFeeds(ROW), settings, executed, true), {
      code: 'internal',
      message: /cuda and capturing changed "y"/,
    });
    await assert.rejects(runnerWith({}).run(mine, { feeds: ROW, capture: [], provider: 'abacus' }), {
      code: 'unsupported',
      message: /no execution provider "abacus"\. It has .*cpu/,
    });
  });

  it('28: a packed session against an unpacked one', async () => {
    // A session's kind is a part of what it is checked as: the other kind's plain run is never taken for its own.
    const runner = runnerWith({});
    const mine = await open();
    await runner.run(mine, { feeds: ROW, capture: [] });
    const unpacked = runner.settings();
    assert.ok(runner.checker.plainOutputs(mine, hashFeeds(ROW), unpacked));
    assert.equal(runner.checker.plainOutputs(mine, hashFeeds(ROW), { ...unpacked, packed: true }), undefined);
    // Where the two are mixed up all the same, kernels that rearrange their weights round otherwise.
    const large = join(folder, 'large.onnx');
    writeFileSync(large, PRODUCT);
    const product = await EngineModel.open('p', large);
    opened.push(product);
    class Mixed extends Executor {
      override run(...[at, planned, numbers, feeds, settings, signal]: Parameters<Executor['run']>) {
        const packed = planned.plan.original !== true;
        return super.run(at, planned, numbers, feeds, { ...settings, packed }, signal);
      }
    }
    const feeds = { x: wave([1, 256]) };
    const asked = { feeds, capture: ['h'] };
    const with_ = (executor: Executor): Promise<RunResult> =>
      new Runner(executor, new TensorStore(1 << 24), 1, 0).run(product, asked);
    const sessions = (): Sessions => new Sessions(1 << 24);
    assert.equal((await with_(new Executor(sessions(), () => undefined))).check, 'equal');
    await assert.rejects(with_(new Mixed(sessions(), () => undefined)), {
      code: 'internal',
      message: /capturing changed "y"/,
    });
  });
});
