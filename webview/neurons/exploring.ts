/** From one unit along its strongest connections, a few hops each way: which lines to draw, how strong each is. */
import type { NeuronLink, NeuronLinks, NeuronQuestion } from '../../src/contract/neurons';

export interface UnitRef {
  readonly layer: number;
  readonly unit: number;
}

export interface Thread {
  readonly from: UnitRef;
  readonly to: UnitRef;
  readonly weight: number;
  readonly contribution: number;
  /** 1: at the unit itself. */
  readonly hop: number;
  /** Part of the strongest line of the same hop and side, with its sign; NaN where the connection has no number. */
  readonly strength: number;
}

export type Ask = (question: NeuronQuestion, signal: AbortSignal) => Promise<NeuronLinks>;
export type By = NeuronQuestion['by'];

/** Each further hop follows this many of the strongest, and asks for as many. */
const followed = 4;

export interface Explored {
  readonly first: NeuronLinks;
  readonly threads: readonly Thread[];
}

/** Calls `show` with what is known so far after each hop. Rejects when a question does. */
export async function explore(
  ask: Ask,
  start: UnitRef,
  by: By,
  most: number,
  hops: number,
  signal: AbortSignal,
  show: (explored: Explored) => void,
): Promise<void> {
  const first = await ask({ ...start, by, most }, signal);
  if (stopped(signal)) return;
  let threads = [
    ...toThreads(start, first.incoming, false, by, 1),
    ...toThreads(start, first.outgoing, true, by, 1),
  ];
  show({ first, threads });
  let ends = { in: first.incoming.slice(0, followed), out: first.outgoing.slice(0, followed) };
  for (let hop = 2; hop <= hops; hop++) {
    const next: typeof ends = { in: [], out: [] };
    for (const [side, list] of [
      ['in', ends.in],
      ['out', ends.out],
    ] as const) {
      const found: Thread[] = [];
      for (const { layer, unit } of list) {
        const links = await ask({ layer, unit, by, most: followed }, signal);
        if (stopped(signal)) return;
        const along = side === 'in' ? links.incoming : links.outgoing;
        found.push(...toThreads({ layer, unit }, along, side === 'out', by, hop));
        next[side] = [...next[side], ...along];
      }
      threads = [...threads, ...scaled(found, by)];
    }
    show({ first, threads });
    ends = { in: strongestOf(next.in, by), out: strongestOf(next.out, by) };
  }
}

/** The number a link is judged by: a contribution where one is asked for and known. */
export function valueOf(
  { weight, contribution }: Pick<NeuronLink, 'weight' | 'contribution'>,
  by: By,
): number {
  return by === 'contribution' && !Number.isNaN(contribution) ? contribution : weight;
}

function toThreads(at: UnitRef, links: readonly NeuronLink[], out: boolean, by: By, hop: number): Thread[] {
  const threads = links.map(({ layer, unit, weight, contribution }): Thread => {
    const other = { layer, unit };
    return { from: out ? at : other, to: out ? other : at, weight, contribution, hop, strength: 0 };
  });
  return scaled(threads, by);
}

function scaled(threads: readonly Thread[], by: By): Thread[] {
  const values = threads.map((thread) => valueOf(thread, by));
  const most = Math.max(0, ...values.map((value) => (Number.isNaN(value) ? 0 : Math.abs(value)))) || 1;
  return threads.map((thread, index) => ({ ...thread, strength: (values[index] ?? 0) / most }));
}

function strongestOf(links: readonly NeuronLink[], by: By): NeuronLink[] {
  const size = (link: NeuronLink): number => Math.abs(valueOf(link, by)) || 0;
  return [...links].sort((a, b) => size(b) - size(a)).slice(0, followed);
}

/** A newer question has taken this one's place. */
function stopped(signal: AbortSignal): boolean {
  return signal.aborted;
}
