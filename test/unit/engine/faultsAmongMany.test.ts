/** Faults planted where many rows or examples share a run, each found by the engine's own checks. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Intervention } from '../../../src/contract/run';
import type { TensorData } from '../../../src/contract/tensor';
import { judgeBatch } from '../../../src/engine/child/batch';
import { Executor, type Executed } from '../../../src/engine/child/executor';
import { EngineModel } from '../../../src/engine/child/model';
import { Runner } from '../../../src/engine/child/runner';
import { Sessions } from '../../../src/engine/child/sessions';
import { TensorStore } from '../../../src/engine/child/store';
import { Streams } from '../../../src/engine/child/streams';
import { sweep } from '../../../src/engine/child/sweep';
import { Faulty, MODEL, modelOf, ROW, type Fault } from './faulty';
import { floats } from './models';

describe('planted faults among many', () => {
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
    const allowance = runner.allowance(mine, 'sweep', false);
    return sweep(runner.executor, mine, asked, dims, settings, allowance, () => undefined);
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
  it('nothing planted, nothing found', () => sweepWith({}));

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

  it('29: a session of another model, whose values have the same names', async () => {
    // The third session asked for is the second model's, with a capture: it is given the first model's.
    class Stale extends Sessions {
      readonly #asked: Parameters<Sessions['use']>[] = [];
      override use<T>(...args: Parameters<Sessions['use']>): Promise<T> {
        const count = this.#asked.push(args);
        const [bytes, choice, weights] = count === 3 ? (this.#asked[0] ?? args) : args;
        return super.use(bytes, choice, weights, args[3] as never);
      }
    }
    const other = join(folder, 'other.onnx');
    writeFileSync(other, modelOf(0.9));
    const second = await EngineModel.open('other', other);
    opened.push(second);
    const captureInBoth = async (sessions: Sessions): Promise<string> => {
      const runner = new Runner(new Executor(sessions, () => undefined), new TensorStore(1 << 24), 1, 0);
      await runner.run(await open(), { feeds: ROW, capture: ['h'] });
      return (await runner.run(second, { feeds: ROW, capture: ['h'] })).check;
    };
    assert.equal(await captureInBoth(new Sessions(1 << 24)), 'equal');
    await assert.rejects(captureInBoth(new Stale(1 << 24)), {
      code: 'internal',
      message: /capturing changed "y"/,
    });
  });

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
});
