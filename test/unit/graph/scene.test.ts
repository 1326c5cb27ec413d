/** What the pointer and the keys ask of a drawing. */
import assert from 'node:assert/strict';
import { BoxKind } from '../../../src/contract/layout';
import { fit, reveal, toWorld, zoomAt } from '../../../webview/graph/camera';
import { byBox, colorsOf, type GraphOverlay } from '../../../webview/graph/overlay';
import { trace } from '../../../webview/graph/tracing';
import { outOf, walk } from '../../../webview/graph/walk';
import { sceneOf } from '../../fixtures/layout/scene';
import { resnet, transformer } from '../../fixtures/layout/zoo';

describe('a scene', () => {
  it('finds every box under its own middle', () => {
    const scene = sceneOf(transformer(3, true));
    for (let box = 0; box < scene.result.boxes.count; box++) {
      if (scene.isFrame(box)) continue;
      const { x, y, w, h } = scene.rect(box);
      assert.equal(scene.boxAt(x + w / 2, y + h / 2), box);
    }
  });

  it('finds a frame in its header, and nothing outside', () => {
    const scene = sceneOf(resnet([1, 1]));
    for (const frame of scene.frames) {
      const { x, y } = scene.rect(frame);
      assert.equal(scene.boxAt(x + 2, y + 2), frame);
    }
    assert.equal(scene.boxAt(scene.bounds.x - 10, scene.bounds.y - 10), -1);
  });

  it('shows a hidden node as the closed module around it', () => {
    const model = transformer(2, true);
    const scene = sceneOf(model, new Set());
    const softmax =
      [...model.nodes.op.keys()].find((row) => model.strings[model.nodes.op[row] ?? 0] === 'Softmax') ?? -1;
    const box = scene.boxOfNode(softmax);
    assert.equal(scene.result.boxes.kind[box], BoxKind.Scope);
    assert.equal(scene.label(box).title, 'layers.0');
  });
});

describe('walking by keys', () => {
  it('goes down along edges to the output and up again to an input', () => {
    const scene = sceneOf(resnet([2, 2]));
    const path = new Set<number>();
    let box = walk(scene, -1, 'down');
    while (box >= 0 && !path.has(box)) {
      path.add(box);
      box = walk(scene, box, 'down');
    }
    const last = [...path].at(-1) ?? -1;
    assert.equal(scene.label(last).title, 'logits');
    assert.ok(path.size > 10);
    for (box = last; walk(scene, box, 'up') >= 0;) box = walk(scene, box, 'up');
    assert.equal(scene.label(box).title, 'image');
  });

  it('goes out to the frame around', () => {
    const scene = sceneOf(resnet([1]));
    const inner = [...scene.result.boxes.parent.keys()].find((box) => (scene.depth[box] ?? 0) > 1) ?? -1;
    assert.ok(scene.isFrame(outOf(scene, inner)));
  });

  it('traces everything that leads to a box and everything it leads to', () => {
    const model = resnet([1, 1]);
    const scene = sceneOf(model);
    const boxOf = (name: string): number =>
      [...scene.result.boxes.ref.keys()].find((box) => scene.label(box).title === name) ?? -1;
    const closed = [...scene.result.boxes.kind].filter((_kind, box) => !scene.isFrame(box)).length;
    assert.equal(trace(scene, boxOf('image'), true).boxes.size, closed);
    assert.equal(trace(scene, boxOf('logits'), false).boxes.size, closed);
  });
});

describe('the camera', () => {
  it('zooms around the point under the pointer', () => {
    const before = { x: 30, y: -400, zoom: 0.7 };
    const after = zoomAt(before, 1.9, 200, 150);
    assert.ok(Math.abs(toWorld(before, 200, 150).x - toWorld(after, 200, 150).x) < 1e-9);
    assert.ok(Math.abs(toWorld(before, 200, 150).y - toWorld(after, 200, 150).y) < 1e-9);
  });

  it('does not move for what is in view already', () => {
    const camera = fit({ x: 0, y: 0, w: 400, h: 300 }, 800, 600);
    assert.deepEqual(reveal(camera, { x: 100, y: 100, w: 50, h: 24 }, 800, 600), camera);
  });

  it('brings a box out from under what floats at the edges, and leaves alone what is seen', () => {
    const minimap = { x: 690, y: 280, w: 100, h: 310 };
    const legend = { x: 8, y: 566, w: 380, h: 26 };
    const toolbar = { x: 400, y: 8, w: 392, h: 60 };
    const covers = [minimap, legend, toolbar];
    const camera = { x: 0, y: 0, zoom: 1 };
    const box = (x: number, y: number): { x: number; y: number; w: number; h: number } => ({
      x,
      y,
      w: 120,
      h: 40,
    });
    const hidden = [box(640, 400), box(60, 550), box(700, 20), box(720, 590), box(5000, -3000)];
    for (const rect of hidden) {
      const { x, y } = reveal(camera, rect, 800, 600, covers);
      const [left, top] = [rect.x + x, rect.y + y];
      for (const cover of covers) {
        const apart =
          left >= cover.x + cover.w ||
          left + 120 <= cover.x ||
          top >= cover.y + cover.h ||
          top + 40 <= cover.y;
        assert.ok(apart, JSON.stringify({ rect, left, top, cover }));
      }
      assert.ok(left >= 0 && left + 120 <= 800 && top >= 0 && top + 40 <= 600);
    }
    assert.deepEqual(reveal(camera, box(60, 60), 800, 600, covers), camera);
    const frame = { x: 50, y: 50, w: 700, h: 500 };
    assert.deepEqual(reveal(camera, frame, 800, 600, covers), camera, 'a module as large as the view');
    const half = { x: 0, y: 0, w: 700, h: 600 };
    assert.deepEqual(reveal(camera, box(300, 300), 800, 600, [half]), camera, 'nothing is free');
  });
});

describe('an overlay', () => {
  it('sums a closed module up by its largest number, and puts it on a fixed scale', () => {
    const model = transformer(2, true);
    const scene = sceneOf(model, new Set());
    const byNode = new Float32Array(model.nodes.count).fill(Number.NaN);
    model.nodes.scope.forEach((scope, node) => {
      if (scope > 0) byNode[node] = node;
    });
    const overlay: GraphOverlay = {
      title: '',
      unit: '',
      signed: false,
      byNode,
      from: 0,
      to: 1000,
      clipped: false,
      combine: 'largest',
    };
    const numbers = byBox(scene, overlay);
    const box = [...scene.result.boxes.ref.keys()].find((row) => scene.label(row).title === 'layers.0') ?? -1;
    const inside = [...model.nodes.scope.keys()].filter((node) => scene.boxOfNode(node) === box);
    assert.equal(numbers[box], Math.max(...inside));
    assert.ok(Math.abs((colorsOf(numbers, overlay).place[box] ?? 0) - Math.max(...inside) / 1000) < 1e-6);
    const quiet = [...scene.result.boxes.ref.keys()].find((row) => scene.label(row).title === 'x') ?? -1;
    assert.ok(Number.isNaN(numbers[quiet]));
  });
});
