/** A process that runs one model once, everything captured, and prints what that was thought to take and what it took. */
import assert from 'node:assert/strict';
import { Executor } from '../../../src/engine/child/executor';
import { ownBytes, type Estimate } from '../../../src/engine/child/memory';
import { EngineModel } from '../../../src/engine/child/model';
import { Sessions } from '../../../src/engine/child/sessions';

const SETTINGS = { level: 'disabled', packed: false, providers: ['cpu'], threads: 1 } as const;

export interface EstimatedOnce {
  /** Before the first run, and after it. */
  readonly high: Estimate;
  readonly known: Estimate;
  /** Bytes that this process grew by in the run. */
  readonly took: number;
}

async function estimateOnce(file: string): Promise<EstimatedOnce> {
  const opened = await EngineModel.open('m', file);
  try {
    const [input] = opened.inputs;
    assert.ok(input?.shape);
    const width = Number(input.shape[2]);
    const dims = [1, 256, width];
    const feeds = {
      [input.name]: { dtype: 'float32' as const, dims, data: new Float32Array(256 * width).fill(0.1) },
    };
    const values = opened.skeleton.graph.nodes.flatMap(({ outputs }) => outputs);
    const captures = values.map((value) => ({ path: '', value, raw: false }));
    const planned = {
      plan: { outputs: [], captures, steps: [], given: [], overridden: [] },
      given: new Map(),
    };
    const executor = new Executor(new Sessions(1 << 28), () => undefined);
    const high = await executor.estimate(opened, planned, [], feeds, SETTINGS);
    const before = ownBytes();
    await executor.run(opened, planned, [], feeds, SETTINGS);
    const took = ownBytes() - before;
    const known = await executor.estimate(opened, planned, [], feeds, SETTINGS);
    return { high, known, took };
  } finally {
    await opened.close();
  }
}

const [file] = process.argv.slice(2);
assert.ok(file);
void estimateOnce(file).then((told) => process.stdout.write(JSON.stringify(told)));
