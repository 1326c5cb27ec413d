/** Neurons of a layer of 50,000 units: CPU time of an answer each way with the weights in memory, and of a ranking. */
import { strongest } from '../../src/onnx/neurons/strongest';
import { units, wideLayer } from '../unit/neurons/wide';

export const name = 'neurons';

interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly bound: string;
  readonly ok: boolean;
}

const REPEATS = 9;

export async function run(): Promise<Row[]> {
  const { connections } = wideLayer();
  const ask = async (layer: number, unit: number): Promise<void> => {
    await connections.links({ layer, unit, by: 'contribution', most: 12 });
  };
  await ask(0, 6); // the weight is read once
  const scores = Float64Array.from({ length: units }, (_unused, unit) => Math.sin(unit * 3));
  return [
    row('connections out of one unit', await median((at) => ask(0, 7 + at)), 150),
    row('connections into one unit', await median((at) => ask(1, 7 + at)), 30),
    row(
      'the twelve strongest of 50,000',
      await median(() => Promise.resolve(void strongest(scores, 12))),
      40,
    ),
  ];
}

function row(what: string, value: number, bound: number): Row {
  return {
    what: `${what}, CPU`,
    value,
    unit: 'ms',
    bound: `at most ${String(bound)} ms`,
    ok: value <= bound,
  };
}

/** Milliseconds of CPU: the middle one of several. */
async function median(work: (at: number) => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < REPEATS; at++) {
    const start = process.cpuUsage();
    await work(at);
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / 1000);
  }
  return times.sort((a, b) => a - b)[REPEATS >> 1] ?? Number.NaN;
}
