/** What a person put on the drawing: scales fixed per overlay, and bookmarks seen on their boxes. */
import assert from 'node:assert/strict';
import { bookmarkOf } from '../../../webview/graph/bookmarking';
import { Emphasis } from '../../../webview/graph/emphasis';
import { label } from '../../../webview/graph/labelling';
import type { Look } from '../../../webview/graph/look';
import type { GraphOverlay } from '../../../webview/graph/overlay';
import { Scales } from '../../../webview/graph/scales';
import { Searching } from '../../../webview/graph/searching';
import type { Scene } from '../../../webview/graph/scene';
import { sceneOf } from '../../fixtures/layout/scene';
import { transformer } from '../../fixtures/layout/zoo';

function overlay(title: string, unit = ''): GraphOverlay {
  const ends = { from: 0, to: 1, signed: false, clipped: false };
  return { title, unit, ...ends, byNode: new Float32Array(), combine: 'largest' };
}

describe('fixed scales', () => {
  it('belong to their overlay alone, and come back with the view', () => {
    const scales = new Scales();
    scales.fix(overlay('Magnitude'), { from: 0, to: 5 });
    scales.fix(overlay('Time', 'µs'), { from: 1, to: 2 });
    assert.deepEqual(scales.of(overlay('Magnitude')), { from: 0, to: 5 });
    assert.equal(scales.of(overlay('Time')), null);
    const kept: unknown = JSON.parse(JSON.stringify({ scales: scales.save(), open: [] }));
    const again = new Scales();
    again.load(kept);
    assert.deepEqual(again.of(overlay('Time', 'µs')), { from: 1, to: 2 });
    again.fix(overlay('Time', 'µs'), null);
    assert.equal(again.of(overlay('Time', 'µs')), null);
    assert.deepEqual(again.of(overlay('Magnitude')), { from: 0, to: 5 });
  });

  it('are none where what was kept makes no sense', () => {
    for (const saved of [null, 3, { scales: [['a', 2, 1], ['b', 'x', 1], 7, ['Magnitude\n', 1]] }]) {
      const scales = new Scales();
      scales.load(saved);
      assert.deepEqual(scales.save(), []);
    }
  });
});

describe('bookmarks on the drawing', () => {
  const model = transformer(2, true);
  const softmax =
    [...model.nodes.op.keys()].find((row) => model.strings[model.nodes.op[row] ?? 0] === 'Softmax') ?? -1;

  /** Stars and where they are, with the whole drawing in view at this zoom. */
  function stars(scene: Scene, zoom: number): { readonly x: number; readonly size: number }[] {
    const emphasis = new Emphasis();
    emphasis.use(scene);
    emphasis.mark([bookmarkOf(model, softmax)]);
    const shown = emphasis.shown(new Searching());
    assert.ok(shown);
    const { x, y, w, h } = scene.bounds;
    const ink = [0, 0, 0, 1] as const;
    const theme = new Proxy({} as Look['theme'], {
      get: (_none, name) => (name === 'frameFill' ? [ink, ink] : ink),
    });
    const camera = { zoom, x: -x * zoom, y: -y * zoom };
    const look: Look = { ...shown, camera, theme, width: w * zoom + 1, height: h * zoom + 1, ratio: 1 };
    return label(look, (text) => text.length * 0.5).filter(({ text }) => text === '★');
  }

  it('stand beside the box, and stay readable from afar', () => {
    const scene = sceneOf(model);
    const { x, w } = scene.rect(scene.boxOfNode(softmax));
    const [near, ...more] = stars(scene, 1);
    assert.equal(more.length, 0);
    assert.ok((near?.x ?? 0) >= x + w - scene.bounds.x);
    const [far] = stars(scene, 0.05);
    assert.ok((far?.size ?? 0) >= 9);
  });

  it('stand on the closed module that holds what is marked', () => {
    const scene = sceneOf(model, new Set());
    const { x, w } = scene.rect(scene.boxOfNode(softmax));
    const [star] = stars(scene, 1);
    assert.ok(Math.abs((star?.x ?? 0) - (x + w - scene.bounds.x)) < 8);
  });
});
