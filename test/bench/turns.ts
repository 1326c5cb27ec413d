/**
 * Two programs that answer one question, timed in turns: what slows the machine down for a while slows both, and neither
 * is measured while the other runs. Each has had its turns of warming up before.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Answers `count` times and gives the milliseconds of each. */
export type Turns = (count: number) => Promise<readonly number[]>;

export interface Pace {
  /** Turns of each side that are not counted: until compilers are done and memory is had. */
  readonly warm: number;
  readonly rounds: number;
  /** Turns of each side in a round. */
  readonly turns: number;
}

export interface Beside {
  /** Median milliseconds of all turns. */
  readonly ours: number;
  readonly theirs: number;
  /** Median over the rounds of our median to theirs. */
  readonly ratio: number;
}

/** Before a side's turns, for threads of the other that wait busily to fall asleep. */
const PAUSE = 20;

/** Turns of our own work. */
export function turnsOf(work: () => Promise<unknown>): Turns {
  return async (count) => {
    const times: number[] = [];
    for (let turn = 0; turn < count; turn++) {
      const start = performance.now();
      await work();
      times.push(performance.now() - start);
    }
    return times;
  };
}

/** Both, round by round. */
export async function inTurns(ours: Turns, theirs: Turns, { warm, rounds, turns }: Pace): Promise<Beside> {
  const sides = [ours, theirs].map((side) => ({ side, all: [] as number[], medians: [] as number[] }));
  for (const { side } of sides) await side(warm);
  for (let round = 0; round < rounds; round++) {
    for (const { side, all, medians } of sides) {
      await sleep(PAUSE);
      // The first finds the other's numbers in the caches.
      const times = (await side(turns + 1)).slice(1);
      all.push(...times);
      medians.push(median(times));
    }
  }
  const [a, b] = sides;
  const ratios = a?.medians.map((ms, round) => ms / (b?.medians[round] ?? Number.NaN));
  return { ours: median(a?.all), theirs: median(b?.all), ratio: median(ratios) };
}

export function median(numbers: readonly number[] = []): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}

/** A program that reads a count a line and answers each with a line: a JSON list of so many milliseconds. */
export class Peer {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  #said = '';

  constructor(command: string, args: readonly string[]) {
    this.#process = spawn(command, args);
    this.#process.stderr.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
    this.#process.on('error', ({ message }) => (this.#said += message));
    this.#process.stdin.on('error', () => undefined);
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** Throws what the program said when it has ended. */
  readonly turns: Turns = async (count) => {
    this.#process.stdin.write(`${String(count)}\n`);
    const answer: IteratorResult<string, unknown> = await this.#answers.next();
    if (answer.done === true) throw new Error(`${this.#process.spawnfile} did not answer: ${this.#said}`);
    return JSON.parse(answer.value) as number[];
  };

  end(): void {
    this.#process.stdin.end();
  }
}
