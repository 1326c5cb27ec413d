import assert from 'node:assert/strict';
import { readOutline } from '../../../src/source/python/outline';

const names = (text: string): string[] =>
  readOutline('a.py', text)
    .definitions()
    .map(({ name }) => name);

describe('the outline of a Python file', () => {
  it('names classes, methods and nested functions', () => {
    const text =
      'class A(B):\n  @deco\n  def f(self):\n    def g(): pass\n    return g\nif x:\n  def h(): pass\n';
    assert.deepEqual(names(text), ['A', 'A.f', 'A.f.<locals>.g', 'h']);
  });

  it('keeps what parses when something does not', () => {
    const text = 'class A:\n  def f(self):\n    return (1 +\n\nclass B:\n  def g(self): return 2\n';
    assert.equal(readOutline('a.py', text).broken, true);
    assert.ok(names(text).includes('B.g'), names(text).join());
    assert.ok(names(text).includes('A.f'));
  });

  it('reads Python 2', () => {
    const text =
      'import os\nprint "hello"\nclass Old:\n  def f(self, (a, b)):\n    print a\n    exec "x"\n  def g(self): pass\n';
    assert.ok(names(text).includes('Old'));
  });

  it('reads a file of 50,000 lines without reading its bodies', () => {
    const text = Array.from(
      { length: 10_000 },
      (_, i) => `class C${String(i)}:\n  def f(self, x):\n    y = self.g(x)\n    return y\n`,
    ).join('\n');
    const outline = readOutline('a.py', text);
    assert.ok(outline.lines.count >= 50_000);
    assert.equal(outline.body.length, 10_000);
  });

  it('survives nesting no person writes', () => {
    assert.doesNotThrow(() =>
      readOutline('a.py', `x = ${'('.repeat(50_000)}1${')'.repeat(50_000)}`).definitions(),
    );
    assert.doesNotThrow(() => readOutline('a.py', `x = ${'a.'.repeat(50_000)}b`).definitions());
    assert.doesNotThrow(() => readOutline('a.py', `x = ${'1 + '.repeat(50_000)}1`).definitions());
  });
});
