import assert from 'node:assert/strict';
import path from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import {
  argmax,
  floats,
  floatsOf,
  holds,
  holdsAll,
  json,
  jsonLines,
  modelsWith,
  samples,
  session,
} from './support';

const folder = path.join(samples, 'gridworld');
const ACTIONS = ['up', 'down', 'left', 'right'];
const MOVES = [-7, 7, -1, 1];
const LIMIT = 40;

interface Episode {
  readonly world: readonly string[];
  readonly actions: readonly string[];
  readonly rewards: readonly number[];
  readonly values: readonly number[];
  readonly outcome: string;
}

/** The rules, written a second time: the cell an action leads to, in a world of 49 letters. */
function move(world: string, cell: number, action: number): number {
  const column = cell % 7;
  if ((action === 2 && column === 0) || (action === 3 && column === 6)) return cell;
  const target = cell + (MOVES[action] ?? 0);
  return target < 0 || target > 48 || world[target] === '#' ? cell : target;
}

function planes(world: string, cell: number): Float32Array {
  const state = new Float32Array(4 * 49);
  state[cell] = 1;
  for (let i = 0; i < 49; i++) {
    const plane = 'GT#'.indexOf(world[i] ?? '');
    if (plane >= 0) state[(plane + 1) * 49 + i] = 1;
  }
  return state;
}

/** Plays greedily until a goal, a trap or the limit. */
async function play(
  agent: InferenceSession,
  rows: readonly string[],
): Promise<{ actions: string[]; values: number[]; end: string }> {
  const drawn = rows.join('');
  const world = drawn.replace('A', '.');
  let cell = drawn.indexOf('A');
  const actions: string[] = [];
  const values: number[] = [];
  while (actions.length < LIMIT) {
    const answer = await agent.run({ state: floats(planes(world, cell), [1, 4, 7, 7]) });
    const action = argmax(floatsOf(answer['q_values']), 0, 4);
    actions.push(ACTIONS[action] ?? '');
    values.push(floatsOf(answer['value'])[0] ?? NaN);
    cell = move(world, cell, action);
    if (world[cell] === 'G') return { actions, values, end: 'goal' };
    if (world[cell] === 'T') return { actions, values, end: 'trap' };
  }
  return { actions, values, end: 'lost its way' };
}

/** The fewest steps to a goal by a way without traps. */
function fewestSteps(rows: readonly string[]): number {
  const world = rows.join('').replace('A', '.');
  let front = [rows.join('').indexOf('A')];
  const seen = new Set(front);
  for (let steps = 0; front.length > 0; steps++) {
    if (front.some((cell) => world[cell] === 'G')) return steps;
    front = front.flatMap((cell) => MOVES.map((_, action) => move(world, cell, action)));
    front = [...new Set(front)].filter((cell) => !seen.has(cell) && world[cell] !== 'T');
    for (const cell of front) seen.add(cell);
  }
  return Infinity;
}

/** What going on without a mistake is worth, `steps` from the goal: +1 at its end, -0.02 before, discount 0.95. */
function faultless(steps: number): number {
  const discount = 0.95 ** (steps - 1);
  return discount - (0.02 * (1 - discount)) / (1 - 0.95);
}

describe('the gridworld sample', () => {
  const on = '400 worlds it never saw';
  const worlds = json(path.join(folder, 'worlds.json')) as string[][];

  for (const model of modelsWith('gridworld', 'success', on))
    it(`${model} reaches the goal as often as stated`, async () => {
      const agent = await session(path.join(folder, model));
      const ends = new Map<string, number>();
      let shortest = 0;
      let off = 0;
      for (const world of worlds) {
        const { end, actions, values } = await play(agent, world);
        off += Math.abs((values[0] ?? NaN) - faultless(fewestSteps(world))) / worlds.length;
        ends.set(end, (ends.get(end) ?? 0) + 1);
        if (end === 'goal' && actions.length === fewestSteps(world)) shortest++;
      }
      const share = (count: number | undefined): number => (count ?? 0) / worlds.length;
      holds('gridworld', model, 'success', on, share(ends.get('goal')));
      if (modelsWith('gridworld', 'shortest way', on).includes(model)) {
        holds('gridworld', model, 'shortest way', on, share(shortest));
        holds('gridworld', model, 'steps on a trap', on, share(ends.get('trap')));
        holds('gridworld', model, 'mean error of the first state’s value', on, off);
      }
    }).timeout(60_000);

  it('can be won in every one of its worlds', () => {
    assert.equal(worlds.length, 400);
    for (const world of worlds) assert.ok(fewestSteps(world) < LIMIT);
  });

  it('plays the recorded episodes as recorded', async () => {
    const agent = await session(path.join(folder, 'gridworld.onnx'));
    for (const episode of jsonLines(path.join(folder, 'episodes.jsonl')) as Episode[]) {
      const { actions, values, end } = await play(agent, episode.world);
      assert.deepEqual(actions, episode.actions);
      assert.equal(end, episode.outcome);
      values.forEach((value, i) => assert.ok(Math.abs(value - (episode.values[i] ?? NaN)) < 0.002));
    }
  });

  holdsAll('gridworld');
});
