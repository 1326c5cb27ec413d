/**
 * The numbers of some drawings, kept: a change of the layout shows as a change of these files, to be looked at before it
 * is kept with UPDATE_GOLDEN=1.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GraphModel } from '../../../src/contract/graphModel';
import { BoxKind, type LayoutRequest } from '../../../src/contract/layout';
import { countCrossings } from '../../../src/layout/crossings';
import { GraphLayout } from '../../../src/layout/layout';
import { bodies, detector, resnet, transformer, unet } from '../../fixtures/layout/zoo';

const folder = join(__dirname, '..', '..', 'fixtures', 'layout', 'goldens');

const everything: LayoutRequest = { expanded: 'all', foldRepeats: false, foldPlumbing: false };
const folded: LayoutRequest = { expanded: new Set(), foldRepeats: true, foldPlumbing: true };

const drawings: readonly (readonly [name: string, model: () => GraphModel, request: LayoutRequest])[] = [
  ['transformer-folded', () => transformer(12, true), folded],
  ['transformer-open', () => transformer(2, true), everything],
  ['residual', () => resnet([1, 2, 1, 1]), everything],
  ['unet', () => unet(3), everything],
  ['detector', () => detector(3), everything],
  ['bodies', bodies, everything],
];

/** One line a box, so that a diff reads well. */
function numbers(model: GraphModel, request: LayoutRequest): string {
  const result = new GraphLayout(model).layout(request);
  const { boxes } = result;
  const text = (index: number | undefined): string => model.strings[index ?? 0] ?? '';
  const lines = [...boxes.ref].map((ref, box) => {
    const name =
      boxes.kind[box] === BoxKind.Node ? text(model.nodes.name[ref]) : `[${text(model.scopes.path[ref])}]`;
    const rect = [boxes.x[box], boxes.y[box], boxes.w[box], boxes.h[box]].map((value) =>
      (value ?? 0).toFixed(1),
    );
    return `${rect.join(' ')} ×${String(boxes.repeat[box])} ${name}`;
  });
  const { width, height, tags, edges } = result;
  const head = `size ${width.toFixed(1)} ${height.toFixed(1)} edges ${edges.count} crossings ${countCrossings(edges)} tags ${tags}`;
  return `${[head, ...lines].join('\n')}\n`;
}

describe('the drawing of', () => {
  for (const [name, model, request] of drawings) {
    it(`${name} is as it was kept`, () => {
      const file = join(folder, `${name}.txt`);
      const now = numbers(model(), request);
      if (process.env['UPDATE_GOLDEN'] === '1') {
        mkdirSync(folder, { recursive: true });
        writeFileSync(file, now);
      }
      assert.equal(now, readFileSync(file, 'utf8'));
    });
  }
});
