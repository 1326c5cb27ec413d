/** 100,000 mutated model files, each read in a worker that is watched from outside: see mutate.ts. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Outcome } from './mutate';

export const title =
  'No mutated model file crashes the reader, holds it up for 5 s, or makes it read outside its folder';
export const paths = [
  'src/onnx/wire.ts',
  'src/onnx/skim.ts',
  'src/onnx/skeleton.ts',
  'src/onnx/strings.ts',
  'src/onnx/decodeAttribute.ts',
  'src/onnx/decodeFunction.ts',
  'src/onnx/decodeGraph.ts',
  'src/onnx/decodeNode.ts',
  'src/onnx/decodeTensor.ts',
  'src/onnx/decodeType.ts',
  'src/onnx/tensorParts.ts',
  'src/onnx/varints.ts',
  'src/onnx/varintStream.ts',
  'src/onnx/external.ts',
  'src/onnx/folder.ts',
  'src/onnx/files.ts',
  'src/onnx/checks.ts',
  'src/onnx/order.ts',
  'src/onnx/wiring.ts',
  'src/onnx/scopes',
  'src/onnx/scopes.ts',
  'src/onnx/graphModel.ts',
  'src/onnx/weights.ts',
  'test/prove/mutate.ts',
  'test/prove/wireTree.ts',
];
export const cases = 100_000;

/** Mutants per worker: a fresh one now and then shows leaks and forgives none. */
const BATCH = 2000;
const LIMIT_MS = 5000;

interface Details {
  readonly outcomes: Record<Outcome, number>;
  /** Longest time from one mutant to the next, in milliseconds. */
  slowest: number;
}

interface Context {
  readonly from: number;
  readonly cases: number;
  readonly signal: AbortSignal;
  readonly details: unknown;
  readonly save: (done: number, details: unknown) => void;
}

export async function run({ from, cases: all, signal, save, details }: Context): Promise<void> {
  const state = (details as Details | undefined) ?? {
    outcomes: { clean: 0, warned: 0, refused: 0 },
    slowest: 0,
  };
  for (let first = from; first < all && !signal.aborted; first += BATCH) {
    const last = Math.min(first + BATCH, all);
    await batch(first, last, state, signal);
    if (!signal.aborted) save(last, state);
  }
}

function batch(first: number, last: number, state: Details, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(join(__dirname, 'mutate.worker.ts'), {
      workerData: { first, last },
      execArgv: ['--import', 'tsx'],
      resourceLimits: { maxOldGenerationSizeMb: 768 },
    });
    // None yet: loading the code is no mutant's fault.
    let at = -1;
    let since = performance.now();
    const watch = setInterval(() => {
      if (performance.now() - since > LIMIT_MS && at >= 0)
        finish(new Error(`Mutant ${at} held the reader up for 5 s.`));
    }, 250);
    const finish = (error: Error | null): void => {
      clearInterval(watch);
      signal.removeEventListener('abort', abort);
      void worker.terminate();
      if (error === null) resolve();
      else reject(error);
    };
    const abort = (): void => finish(null);
    signal.addEventListener('abort', abort);
    worker.on('message', (message: { readonly number: number; readonly outcome?: Outcome }) => {
      if (message.outcome !== undefined) {
        state.outcomes[message.outcome]++;
        state.slowest = Math.max(state.slowest, Math.round(performance.now() - since));
      }
      at = message.number;
      since = performance.now();
    });
    worker.on('error', (error) => finish(new Error(`Mutant ${at} broke the reader.`, { cause: error })));
    worker.on('exit', (code) =>
      finish(code === 0 ? null : new Error(`Mutant ${at} ended the worker with code ${code}.`)),
    );
  });
}
