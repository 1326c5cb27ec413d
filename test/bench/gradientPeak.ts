/**
 * What one question takes of memory in a process of its own: `gradientPeak.js '{file, feed, request}'` prints the bytes
 * that are resident at most beyond those before it was asked. Run by gradients.bench.ts, bundled.
 */
import type { EngineApi } from '../../src/contract/engineApi';
import type { TensorData } from '../../src/contract/tensor';
import { normal } from '../../src/data/random';
import { Engine } from '../../src/engine/child/engine';
import { sizeOf } from '../../src/tensor/shape';
import { peakBytes, residentBytes } from './memory';

export interface PeakQuestion {
  readonly file: string;
  /** One input: token numbers, or noise. */
  readonly feed: { readonly name: string; readonly tokens: boolean; readonly dims: readonly number[] };
  /** Nothing: a plain run. */
  readonly gradient: { readonly objective: string; readonly wrt: readonly string[] } | null;
}

async function main({ file, feed, gradient }: PeakQuestion): Promise<void> {
  const engine: EngineApi = new Engine(
    { sessionBudget: 2 ** 31, tensorBudget: 2 ** 31, threads: 0 },
    () => undefined,
  ).api();
  // The runtime's own library counts for neither.
  engine.hello();
  const { id } = await engine.open(file);
  const { name, tokens, dims } = feed;
  const count = sizeOf(dims);
  const tensor: TensorData = tokens
    ? { dtype: 'int64', dims, data: BigInt64Array.from({ length: count }, (_, i) => BigInt((i * 37) % 1000)) }
    : { dtype: 'float32', dims, data: Float32Array.from({ length: count }, normal(1)) };
  const feeds = { [name]: tensor };
  const before = residentBytes();
  if (gradient === null) await engine.run(id, { feeds, capture: [] });
  else await engine.gradient(id, { feeds, ...gradient });
  process.stdout.write(String(Math.max(peakBytes(), residentBytes()) - before));
}

void main(JSON.parse(process.argv[2] ?? '') as PeakQuestion);
