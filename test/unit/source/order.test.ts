/** Every state in which an item can have been made, on flows drawn by hand. */
import assert from 'node:assert/strict';
import { Flow, type Operation } from '../../../src/source/interpret/flow';
import { canMeetTwice, possibleStates, statesInAnyOrder, type Rules } from '../../../src/source/order';

function operation(name: string): Operation {
  return {
    kind: 'call',
    name,
    spot: { file: 'a.py', from: 0, to: 1 },
    line: 1,
    frames: [],
    module: null,
    within: null,
    reaches: false,
    inherited: false,
    blind: false,
    skip: 1,
  };
}

function flowOf(names: string): Flow {
  const flow = new Flow();
  for (const name of names) flow.add(operation(name));
  return flow;
}

/** Items are letters; an operation makes its own letter, once. */
const rules = (items: string): Rules => ({
  makes: ({ name }, item) => name === items[item],
  repeats: () => false,
  passes: () => true,
});

const possible = (flow: Flow, items: string): (number[] | null)[] | null =>
  possibleStates(flow, items.length, rules(items))?.map((states) =>
    states === null ? null : [...states].sort((a, b) => a - b),
  ) ?? null;

describe('the states in which items can have been made', () => {
  it('is one each when as many are made as can be', () => {
    assert.deepEqual(possible(flowOf('mm'), 'mm'), [[1], [2]]);
  });

  it('is any when one may have vanished', () => {
    assert.deepEqual(possible(flowOf('mm'), 'm'), [[1, 2]]);
  });

  it('is told by what came before and after', () => {
    assert.deepEqual(possible(flowOf('mnm'), 'mn'), [[1], [2]]);
    assert.deepEqual(possible(flowOf('mnm'), 'nm'), [[2], [3]]);
  });

  it('passes over what nothing can have made', () => {
    assert.deepEqual(possible(flowOf('mn'), 'mxn'), [[1], null, [2]]);
  });

  it('is nothing when no walk makes them all', () => {
    assert.equal(possible(flowOf('mn'), 'nm'), null);
  });

  it('follows a way back', () => {
    const flow = flowOf('mn');
    flow.link(2, 1);
    assert.deepEqual(possible(flow, 'nm'), [[2], [1]]);
    assert.equal(
      canMeetTwice(flow, [1], () => true),
      true,
    );
    assert.equal(
      canMeetTwice(flowOf('mn'), [1], () => true),
      false,
    );
    assert.equal(
      canMeetTwice(flowOf('mn'), [1, 2], () => true),
      true,
    );
  });

  it('may stay where one call makes several', () => {
    const made = possibleStates(flowOf('mm'), 3, { ...rules('mmm'), repeats: () => true });
    assert.deepEqual(
      made?.map((states) => [...(states ?? [])].sort()),
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
    );
  });

  it('does without an order where none is known', () => {
    const made = statesInAnyOrder(flowOf('mn'), 2, rules('nm'));
    assert.deepEqual(
      made.map((states) => [...(states ?? [])]),
      [[2], [1]],
    );
  });
});
