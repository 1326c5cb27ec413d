/** Text on the canvas, which no checker of pages sees: 4.5 to 1 on whatever it stands on. */
import assert from 'node:assert/strict';
import { contrast, inkOn, readable, type Color } from '../../../webview/graph/contrast';

const levels = Array.from({ length: 18 }, (_unused, step) => step / 17);

describe('contrast', () => {
  it('is what WCAG says of known pairs', () => {
    const grey = (level: number): Color => [level / 255, level / 255, level / 255];
    assert.equal(contrast(grey(0), grey(255)), 21);
    // The grey that just passes on white, and the one beside it that does not.
    assert.ok(contrast(grey(0x76), grey(255)) >= 4.5);
    assert.ok(contrast(grey(0x77), grey(255)) < 4.5);
  });

  it('of the ink on any colour is enough to be read', () => {
    for (const r of levels)
      for (const g of levels)
        for (const b of levels) assert.ok(contrast(inkOn([r, g, b]), [r, g, b]) >= 4.5, String([r, g, b]));
  });

  it('of quiet text is enough, and no louder than it takes', () => {
    const text: Color = [0.8, 0.8, 0.8];
    const fill: Color = [0.26, 0.26, 0.26];
    const quiet = readable([0.5, 0.5, 0.5], text, fill);
    assert.ok(contrast(quiet, fill) >= 4.5);
    assert.ok(contrast(quiet, fill) < contrast(text, fill));
    assert.deepEqual(readable([0.7, 0.7, 0.7], text, [0, 0, 0]), [0.7, 0.7, 0.7]);
    assert.deepEqual(readable([0.3, 0.3, 0.3], [0.35, 0.35, 0.35], fill), [0.35, 0.35, 0.35]);
  });
});
