/** What calls can leave in an export, held against what PyTorch's exporter did leave (make_emissions.py). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { agreesInNumbers, baseOf, canEmit, canRepeat } from '../../../src/source/emissions';

const left = JSON.parse(readFileSync('test/reference/links/emissions.json', 'utf8')) as Readonly<
  Record<string, readonly string[]>
>;
/** Calls that stand in an expression beside the one it is about. */
const BESIDE: Readonly<Record<string, readonly string[]>> = { shape: ['view'] };

describe('what a call can leave in an export', () => {
  const whole = {
    seen: new Set(Object.values(left).flatMap((targets) => targets.map(baseOf))),
    mutates: false,
  };

  for (const [name, targets] of Object.entries(left)) {
    it(`holds all that PyTorch left for ${name}`, () => {
      for (const base of targets.map(baseOf))
        assert.ok(canEmit(name, base, whole) || BESIDE[name]?.includes(base) === true, `${name}: ${base}`);
    });
  }

  it('rules out most of what others leave', () => {
    const bases = [...whole.seen];
    const shares = Object.keys(left).map(
      (name) => bases.filter((base) => canEmit(name, base, whole)).length / bases.length,
    );
    assert.ok(Math.max(...shares) < 0.3, String(Math.max(...shares)));
  });

  it('rules nothing out for a name it does not know', () => {
    for (const base of whole.seen) assert.ok(canEmit('rearrange', base, whole));
  });

  it('lets any call make views again once something was changed in place', () => {
    assert.equal(canEmit('+', 'slice', whole), false);
    assert.equal(canEmit('+', 'slice', { ...whole, mutates: true }), true);
    assert.equal(canEmit('+', 'mul', { ...whole, mutates: true }), false);
  });

  it('believes in taking apart only where nothing was kept whole', () => {
    assert.equal(canEmit('silu', 'sigmoid', { seen: new Set(['sigmoid', 'mul']), mutates: false }), true);
    assert.equal(canEmit('silu', 'sigmoid', { seen: new Set(['sigmoid', 'silu']), mutates: false }), false);
  });

  it('knows which calls leave the same operation twice', () => {
    assert.deepEqual(
      [
        canRepeat('+', 'add'),
        canRepeat('getitem', 'slice'),
        canRepeat('rearrange', 'view'),
        canRepeat('+', 'scalar_tensor'),
      ],
      [false, true, true, true],
    );
  });

  it('tells a product with one number from a product with another', () => {
    assert.equal(agreesInNumbers('*', 'mul', [1e4], [0.25]), false);
    assert.equal(agreesInNumbers('*', 'mul', [1e4], [10000]), true);
    assert.equal(agreesInNumbers('*', 'mul', [1e4], null), true);
    assert.equal(agreesInNumbers('transpose', 'transpose', [1, 2], [-2, -1]), false);
    assert.equal(agreesInNumbers('reshape', 'view', [1, 2], [7]), true);
  });
});
