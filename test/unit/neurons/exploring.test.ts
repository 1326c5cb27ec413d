/** Following connections over hops, and where layers stand. */
import assert from 'node:assert/strict';
import type { ShownLayer } from '../../../src/contract/hostApi';
import type { NeuronLink, NeuronLinks, NeuronQuestion } from '../../../src/contract/neurons';
import { explore, valueOf, type Explored } from '../../../webview/neurons/exploring';
import { columnsAround } from '../../../webview/neurons/geometry';

/** Five layers in a row; 3 also reads 1. */
const layers = [[], [0], [1], [2, 1], [3]].map((sources, id): ShownLayer => ({
  id,
  kind: 'dense',
  node: id,
  value: `v${String(id)}`,
  axis: -1,
  units: 8,
  heads: null,
  measure: 'plain',
  sources,
  targets: [[1], [2, 3], [3], [4], []][id] ?? [],
  title: '',
  op: 'Gemm',
  selection: { kind: 'node', id },
  line: '',
  address: `v${String(id)}#`,
}));

/** Unit u of layer l is fed by units 0 … 5 of layer l - 1, the later the stronger and by turns negative. */
function answer({ layer, most }: NeuronQuestion): NeuronLinks {
  const links = (other: number): NeuronLink[] =>
    other < 0 || other > 4
      ? []
      : [5, 4, 3, 2, 1, 0].slice(0, most).map((unit) => {
          const weight = (unit + 1) * (unit % 2 === 0 ? 1 : -1);
          return { layer: other, unit, weight, contribution: Number.NaN };
        });
  const shares = { incomingOf: 6, outgoingOf: 6, incomingShare: 1, outgoingShare: 1 };
  return { incoming: links(layer - 1), outgoing: links(layer + 1), ...shares };
}

describe('exploring connections', () => {
  const asked: NeuronQuestion[] = [];
  const ask = (question: NeuronQuestion): Promise<NeuronLinks> => {
    asked.push(question);
    return Promise.resolve(answer(question));
  };

  it('shows the first hop at once, then follows the four strongest of each side', async () => {
    const seen: Explored[] = [];
    const { signal } = new AbortController();
    await explore(ask, { layer: 2, unit: 3 }, 'contribution', 12, 2, signal, (explored) =>
      seen.push(explored),
    );
    assert.equal(seen.length, 2);
    assert.deepEqual(
      seen[0]?.threads.map(({ hop }) => hop),
      new Array(12).fill(1),
    );
    assert.equal(asked.length, 1 + 4 + 4);
    assert.ok(asked.slice(1).every(({ most }) => most === 4));
    const second = seen[1]?.threads.filter(({ hop }) => hop === 2) ?? [];
    assert.equal(second.length, 8 * 4);
    // Lines lead from what is read to what reads.
    assert.ok(second.every(({ from, to }) => from.layer === to.layer - 1));
  });

  it('scales each hop by its strongest, keeps signs, and falls back to weights without a run', async () => {
    let last: Explored | undefined;
    const { signal } = new AbortController();
    await explore(ask, { layer: 2, unit: 0 }, 'contribution', 3, 1, signal, (explored) => (last = explored));
    const strengths = last?.threads.filter(({ to }) => to.layer === 2).map(({ strength }) => strength) ?? [];
    assert.deepEqual(strengths, [-1, 5 / 6, -4 / 6]);
    assert.equal(valueOf({ weight: 2, contribution: Number.NaN }, 'contribution'), 2);
    assert.equal(valueOf({ weight: 2, contribution: 3 }, 'contribution'), 3);
    assert.equal(valueOf({ weight: 2, contribution: 3 }, 'weight'), 2);
  });

  it('shows nothing once a newer question has taken its place', async () => {
    const abort = new AbortController();
    const late = (question: NeuronQuestion): Promise<NeuronLinks> => {
      abort.abort();
      return Promise.resolve(answer(question));
    };
    await explore(late, { layer: 2, unit: 0 }, 'weight', 3, 3, abort.signal, () =>
      assert.fail('shown too late'),
    );
  });
});

describe('columns of layers', () => {
  it('stand by distance, every layer once and nearest to the middle', () => {
    assert.deepEqual(columnsAround(layers, 2, 1), [[1], [2], [3]]);
    assert.deepEqual(columnsAround(layers, 2, 3), [[0], [1], [2], [3], [4]]);
    assert.deepEqual(columnsAround(layers, 3, 1), [[2, 1], [3], [4]]);
    assert.deepEqual(columnsAround(layers, 0, 2), [[0], [1], [2, 3]]);
  });
});
