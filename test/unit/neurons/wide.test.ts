/** Layers of 50,000 units: asked again, a question reads next to nothing, and every cell is found where it is drawn. */
import assert from 'node:assert/strict';
import { centreOf, placeCells, unitAt } from '../../../webview/neurons/geometry';
import { elements, units, wideLayer } from './wide';

describe('layers of 50,000 units', () => {
  it('read what a question needs once; how long that takes is a bench', async () => {
    const { connections, read } = wideLayer();
    const ask = async (layer: number, unit: number): Promise<void> => {
      const { incoming, outgoing } = await connections.links({ layer, unit, by: 'contribution', most: 12 });
      assert.equal(incoming.length + outgoing.length, 12);
    };
    // The way out reads all of the weight once, because its rows are units; from then on it is at hand.
    await ask(0, 6);
    assert.ok(read.elements > 0);
    read.elements = 0;
    await ask(0, 7);
    await ask(1, 7);
    assert.ok(read.elements <= elements / 100, `${String(read.elements)} elements were read again`);
  });

  it('finds every cell under its own middle', () => {
    for (const count of [1, 10, 784, units]) {
      const cells = placeCells(count, 480);
      assert.ok(cells.height <= 480);
      for (let unit = 0; unit < count; unit += Math.max(1, Math.floor(count / 997))) {
        const { x, y } = centreOf(cells, unit);
        assert.equal(unitAt(cells, count, x, y), unit);
      }
      assert.equal(unitAt(cells, count, cells.width + 1, 1), -1);
      assert.equal(unitAt(cells, count, 1, cells.height + cells.size), -1);
    }
  });

  it('keeps the cells of a head together, and its rows whole', () => {
    for (const [count, size] of [
      [4, 16],
      [12, 64],
      [32, 128],
    ] as const) {
      const all = count * size;
      const cells = placeCells(all, 480, size);
      assert.equal(cells.group, size);
      assert.ok(cells.height <= 480 && cells.width <= 200);
      for (let unit = 0; unit < all; unit++) {
        const { x, y } = centreOf(cells, unit);
        assert.equal(unitAt(cells, all, x, y), unit);
        // The next head begins further down than its neighbour's row would.
        const next = centreOf(cells, unit + cells.columns).y - y;
        const last = unit % size >= size - cells.columns;
        assert.ok(Math.abs(next - cells.size - (last ? cells.gap : 0)) < 1e-9);
      }
    }
    // Between two heads lies nothing.
    const cells = placeCells(64, 480, 16);
    assert.equal(unitAt(cells, 64, 1, centreOf(cells, 16).y - cells.size / 2 - 1), -1);
  });
});
