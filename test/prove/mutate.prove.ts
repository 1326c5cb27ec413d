/** 100,000 mutated model files, each read in a child process that is watched from outside: see mutate.ts. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Outcome } from './mutate';
import type { Told } from './mutate.child';

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
  'src/onnx/recursion.ts',
  'src/onnx/wiring.ts',
  'src/onnx/scopes',
  'src/onnx/scopes.ts',
  'src/onnx/graphModel.ts',
  'src/onnx/weights.ts',
  'test/prove/mutate.ts',
  'test/prove/wireTree.ts',
];
export const cases = 100_000;

/** Mutants per process. */
const BATCH = 2000;
const LIMIT_MS = 5000;

interface Details {
  readonly outcomes: Record<Outcome, number>;
  /** Longest time one mutant took, in milliseconds. */
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
  for (let first = from; first < all; first += BATCH) {
    const last = Math.min(first + BATCH, all);
    if (!(await batch(first, last, state, signal))) return;
    save(last, state);
  }
}

/** Reads mutants first … last - 1 in a process of their own; false when it was stopped. */
function batch(first: number, last: number, state: Details, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = fork(join(__dirname, 'mutate.child.ts'), [String(first), String(last)], {
      execArgv: ['--import', 'tsx', '--max-old-space-size=768'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    // None yet: loading the code is no mutant's fault.
    let at = -1;
    let since = performance.now();
    const finish = (outcome: boolean | Error): void => {
      clearInterval(watch);
      signal.removeEventListener('abort', abort);
      child.removeAllListeners();
      child.kill('SIGKILL');
      if (typeof outcome === 'boolean') resolve(outcome);
      else reject(outcome);
    };
    const watch = setInterval(() => {
      if (at < 0 || performance.now() - since < LIMIT_MS) return;
      finish(new Error(`Mutant ${at} held the reader up for 5 s.`));
    }, 250);
    const abort = (): void => finish(false);
    signal.addEventListener('abort', abort);
    child.on('message', (told: Told) => {
      if (told.outcome !== undefined) {
        state.outcomes[told.outcome]++;
        state.slowest = Math.max(state.slowest, Math.round(told.ms ?? 0));
      }
      at = told.number;
      since = performance.now();
    });
    child.on('error', (error) => finish(error));
    child.on('exit', (code, died) =>
      finish(
        code === 0 ? true : new Error(`Mutant ${at} ended the reader (${died ?? `code ${code ?? ''}`}).`),
      ),
    );
  });
}
