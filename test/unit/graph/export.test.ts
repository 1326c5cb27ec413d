/** A drawing that leaves the editor: all that the screen shows, its legend, and nothing that a viewer would run. */
import assert from 'node:assert/strict';
import { toSvg } from '../../../webview/graph/export';
import type { Legend } from '../../../webview/graph/exportLegend';
import type { Look } from '../../../webview/graph/look';
import { byBox, colorsOf } from '../../../webview/graph/overlay';
import type { Scene } from '../../../webview/graph/scene';
import { GraphBuilder } from '../../fixtures/layout/builder';
import { sceneOf } from '../../fixtures/layout/scene';

const ink = [0, 0, 0, 1] as const;
const ramp = Uint8ClampedArray.from({ length: 768 }, (_unused, at) => Math.floor(at / 3));
const theme = new Proxy({} as Look['theme'], {
  get: (_none, name) => {
    if (name === 'frameFill') return [ink, ink];
    if (name === 'sequential' || name === 'diverging') return ramp;
    if (name === 'focus') return [1, 0, 0, 1];
    return name === 'font' ? 'sans-serif' : ink;
  },
});

const none: ReadonlySet<number> = new Set();

function lookAt(scene: Scene, more: Partial<Look> = {}): Look {
  const { w, h } = scene.bounds;
  const sight = { camera: { x: 0, y: 0, zoom: 1 }, width: w, height: h, ratio: 1, theme };
  const marks = { selected: -1, hovered: -1, strong: [], lit: none, held: none, marked: none, matches: none };
  return { scene, ...sight, ...marks, colors: null, ...more };
}

function svgOf(look: Look, legend: Legend | null = null): string {
  return toSvg(look, look.scene.bounds, legend, (text) => text.length * 0.56);
}

function small(): Scene {
  const g = new GraphBuilder();
  const x = g.input('x');
  g.output('y', g.node('Relu', 'block/relu', [g.node('Conv', 'block/conv', [x], 400)]));
  return sceneOf(g.build());
}

describe('a drawing saved as SVG', () => {
  it('has every box, every line and every operator', () => {
    const scene = small();
    const svg = svgOf(lookAt(scene));
    assert.equal(svg.match(/<rect /g)?.length, scene.result.boxes.count + 1);
    assert.equal(svg.match(/<path /g)?.length, scene.result.edges.count);
    for (const text of ['Conv', 'Relu', 'block']) assert.ok(svg.includes(`>${text}</text>`), text);
  });

  it('shows what stands out on the screen: traced lines, bookmarks, interventions', () => {
    const scene = small();
    const svg = svgOf(lookAt(scene, { strong: [0, 1], marked: new Set([1]), held: new Set([2]) }));
    assert.equal(svg.match(/<path /g)?.length, scene.result.edges.count + 2);
    assert.ok(svg.includes('>★</text>'));
    assert.ok(svg.includes('>⊘</text>'));
  });

  it('says what its colours mean, also where a person fixed the scale', () => {
    const scene = small();
    const byNode = Float32Array.from({ length: scene.model.nodes.count }, (_unused, node) => node / 4);
    const overlay = {
      title: 'Largest <value>',
      unit: 'µs',
      signed: false,
      byNode,
      from: 0,
      to: 0.75,
      clipped: true,
      combine: 'largest',
    } as const;
    const look = lookAt(scene, { colors: colorsOf(byBox(scene, overlay), overlay) });
    const free = svgOf(look, { overlay, fixed: null });
    assert.ok(free.includes('>Largest &lt;value&gt;</text>'));
    assert.ok(free.includes('>0</text>') && free.includes('>≥ 0.75</text>') && free.includes('>µs</text>'));
    const fixed = svgOf(look, { overlay, fixed: { from: 1, to: 3 } });
    assert.ok(fixed.includes('>1</text>') && fixed.includes('>3</text>') && !fixed.includes('≥'));
    const height = (svg: string): number => Number(/ height="([\d.]+)"/.exec(svg)?.[1]);
    assert.ok(height(free) > height(svgOf(look)), 'there is room for it below the drawing');
  });

  it('holds names that are long or look like markup as text, and stays small', () => {
    const g = new GraphBuilder();
    const x = g.input('<script>alert(1)</script>');
    g.output('"&\u0000', g.node('<img src=x onerror=alert(1)>', 'x'.repeat(10_000), [x]));
    const svg = svgOf(lookAt(sceneOf(g.build())));
    assert.ok(!/<script|<img|\u0000/.test(svg));
    assert.ok(svg.includes('&quot;&amp;</text>'));
    assert.ok(svg.length < 5000, String(svg.length));
  });
});
