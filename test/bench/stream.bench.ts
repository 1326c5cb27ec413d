/**
 * Moments and top 16 of every MLP unit over 10,000 examples, against the plain runtime's throughput over the same examples:
 * the same model at the same level, packed, with as many threads, in batches of the size the engine found, turn by turn. The plain
 * side gives the logits, which the stream leaves out; the stream gives out every unit's values, which the plain side leaves in.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Reduction } from '../../src/contract/stream';
import type { TensorData } from '../../src/contract/tensor';
import { stackRows } from '../../src/engine/child/batch';
import { Engine } from '../../src/engine/child/engine';
import { createSession, runSession } from '../../src/engine/child/runtime';
import { writeGpt2 } from './gpt2';

interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio?: number;
  readonly bound?: string;
  readonly ok: boolean;
}

export const name = 'stream';

const SHAPE = { blocks: 4, width: 768, heads: 12, vocabulary: 2000, positions: 64 };
const EXAMPLES = 10_000;
const LENGTH = 4;
/** Examples per turn. */
const TURN = 500;

export async function run(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-stream-'));
  try {
    return await measure(folder, join(folder, 'model.onnx'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(folder: string, file: string): Promise<Row[]> {
  const { units } = writeGpt2(file, SHAPE);
  const api = new Engine(
    { sessionBudget: 2 ** 30, tensorBudget: 2 ** 28, threads: 0 },
    () => undefined,
  ).api();
  const { id } = await api.open(file);
  const reductions = units.flatMap((site): Reduction[] => [
    { kind: 'moments', site, per: 'unit' },
    { kind: 'top', site, per: 'unit', k: 16 },
  ]);
  const examples = Array.from({ length: EXAMPLES }, (_, example) => tokens(example));
  const session = await createSession(readFileSync(file), {
    level: 'disabled',
    packed: true,
    providers: ['cpu'],
    threads: 0,
    folder,
  });
  const stream = await api.stream(id, { reductions });
  // Sessions are made, checked and warm before the clock starts, on both sides.
  const { ridden } = await api.push(stream, examples.slice(0, TURN));
  const plain = async (rows: readonly { readonly ids: TensorData }[]): Promise<void> => {
    for (let at = 0; at < rows.length; at += ridden) {
      const stacked = stackRows(rows.slice(at, at + ridden).map(({ ids }) => ids));
      await runSession(session, new Map([['ids', stacked]]), ['logits']);
    }
  };
  await plain(examples.slice(0, TURN));
  const spent = { plain: 0, stream: 0 };
  for (let at = TURN; at < EXAMPLES; at += TURN) {
    const rows = examples.slice(at, at + TURN);
    const start = performance.now();
    await plain(rows);
    const middle = performance.now();
    await api.push(stream, rows);
    spent.plain += middle - start;
    spent.stream += performance.now() - middle;
  }
  const { examples: done } = await api.reduced(stream);
  api.endStream(stream);
  await session.release();
  await api.close(id);
  const ratio = spent.plain / spent.stream;
  return [
    {
      what: `moments and top 16 of ${String(units.length * SHAPE.width * 4)} units over ${String(done)} examples`,
      value: spent.stream / (EXAMPLES - TURN),
      unit: 'ms/example',
      ratio,
      bound: '≥ 0.9× plain runtime',
      ok: ratio >= 0.9,
    },
  ];
}

function tokens(example: number): { readonly ids: TensorData } {
  const data = BigInt64Array.from({ length: LENGTH }, (_, i) =>
    BigInt((example * 31 + i * 7) % SHAPE.vocabulary),
  );
  return { ids: { dtype: 'int64', dims: [1, LENGTH], data } };
}
