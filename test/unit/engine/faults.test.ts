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
import { judgeBatch } from '../../../src/engine/child/batch';
import { Executor, hashFeeds, type Executed } from '../../../src/engine/child/executor';
import { EngineModel } from '../../../src/engine/child/model';
import { Runner } from '../../../src/engine/child/runner';
import { Sessions } from '../../../src/engine/child/sessions';
import { TensorStore } from '../../../src/engine/child/store';
import { Streams } from '../../../src/engine/child/streams';
import { sweep } from '../../../src/engine/child/sweep';
import { rewrite, type Rewritten } from '../../../src/onnx/rewrite/plan';
import { floats, info, model, node, tensor } from './models';

type Numbers = Parameters<Executor['run']>[2];
type Rows = Readonly<Record<string, TensorData>>;

/** What goes wrong: in the rewritten model, in what a run is given, or in what it gives. */
interface Fault {
  readonly rewriting?: (done: Rewritten) => Rewritten;
  readonly given?: (numbers: Numbers, feeds: Rows) => { readonly numbers: Numbers; readonly feeds: Rows };
  readonly result?: (executed: Executed, captures: number, rows: number) => Executed;
}

class Faulty extends Executor {
  constructor(private readonly fault: Fault) {
    super(
      new Sessions(1 << 24),
      () => undefined,
      (parts, plan, types) => {
        const done = rewrite(parts, plan, types);
        // The plain model, which everything is compared with, is left alone.
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

const ROW = { x: floats([1, 4], -1) };
const MODEL = model({
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
    tensor('three', { dtype: 'float32', dims: [], data: Float32Array.of(0.7) }),
  ],
});

const SCALE: Intervention = { kind: 'scale', site: 'm', factor: 2 };
const SET: Intervention = { kind: 'set', site: 'h#1', value: 0.25 };
const ADD: Intervention = { kind: 'add', site: 't', value: floats([], 1) };

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
  const sweepWith = async (fault: Fault, read = 'y'): Promise<unknown> => {
    const runner = runnerWith(fault);
    const mine = await open();
    const cells = [0, 1, 2, 3].flatMap((unit): Intervention[][] => [
      [{ kind: 'set', site: `h#${String(unit)}`, value: 0.5 }],
      [{ kind: 'scale', site: `h#${String(unit)}`, factor: 3 }],
    ]);
    const settings = runner.settings();
    const dims = runner.dimsSource(mine, ROW, settings, undefined);
    const asked = { feeds: ROW, cells, read: [read] };
    return sweep(runner.executor, mine, asked, dims, settings, () => undefined);
  };
  const mapped = ({ outputs, ...rest }: Executed, change: (tensor: TensorData) => TensorData): Executed => ({
    ...rest,
    outputs: new Map([...outputs].map(([name, tensor]) => [name, change(tensor)])),
  });
  const captured = (
    executed: Executed,
    change: (tensor: TensorData, index: number) => TensorData,
  ): Executed => ({
    ...executed,
    captures: executed.captures.map((tensor, index) => (tensor === null ? null : change(tensor, index))),
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
    await sweepWith({});
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

  it('23: a batch that leaks from row to row', async () => {
    const leak = (tensor: TensorData, rows: number): TensorData => {
      const size = tensor.data.length / rows;
      const data = tensor.data as Float32Array;
      return withNumbers(tensor, (x, i) => x + (rows > 1 ? 1e-3 * (data[(i + size) % data.length] ?? 0) : 0));
    };
    const executor = new Faulty({ result: (executed, _, rows) => mapped(executed, (t) => leak(t, rows)) });
    const settings = { level: 'disabled', packed: false, providers: ['cpu'], threads: 1 } as const;
    const verdict = await judgeBatch(executor, await open(), ROW, settings);
    assert.ok(!verdict.rides && verdict.why.includes('depends on the other row'));
  });

  it('24: a sweep whose row without interventions is changed', () =>
    assert.rejects(
      sweepWith({
        result: (executed, _, rows) =>
          rows > 1 ? captured(executed, (t) => withNumbers(t, (x, i) => (i < 4 ? x + 1 : x))) : executed,
      }),
      { code: 'internal', message: /rows leak into each other/ },
    ));

  it('25: a sweep that mixes up its cells', () =>
    assert.rejects(
      sweepWith({
        result: (executed, _, rows) =>
          rows > 1
            ? captured(executed, (t) => {
                const data = t.data as Float32Array;
                // The first row stays; the others come in reverse.
                return withNumbers(t, (x, i) =>
                  i < 4 ? x : (data[data.length - 4 * Math.floor(i / 4) + (i % 4)] ?? 0),
                );
              })
            : executed,
      }),
      { code: 'internal', message: /gives another "y" alone than among others|rows leak/ },
    ));

  it('26: a stream whose shared runs give other numbers', async () => {
    const runner = runnerWith({
      result: (executed, _, rows) =>
        rows > 1 ? captured(executed, (t) => withNumbers(t, (x) => x * 1.01)) : executed,
    });
    const streams = new Streams(runner);
    const id = streams.open(await open(), { reductions: [{ kind: 'moments', site: 'h' }] });
    await assert.rejects(
      streams.push(
        id,
        [1, 2, 3, 4, 5].map((from) => ({ x: floats([1, 4], from) })),
      ),
      {
        code: 'internal',
        message: /share a run give "h" other values/,
      },
    );
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
  });
});
