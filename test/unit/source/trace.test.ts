import assert from 'node:assert/strict';
import { parseDocTrace, parseList, parseStackTrace } from '../../../src/source/trace';

describe('traces', () => {
  it('reads frames outermost first, with the text below each', () => {
    const frames = parseStackTrace(
      'File "/home/x/net.py", line 30, in forward\n    x = self.stem(x)\n  File "C:\\\\lib\\\\conv.py", line 5, in forward\n    return y',
    );
    assert.deepEqual(
      frames.map(({ file, line, func, text }) => [file, line, func, text]),
      [
        ['/home/x/net.py', 30, 'forward', 'x = self.stem(x)'],
        ['C:\\\\lib\\\\conv.py', 5, 'forward', 'return y'],
      ],
    );
  });

  it('reads the range that carets mark', () => {
    const [frame] = parseStackTrace(
      '  File "/a/b.py", line 2, in forward\n    x = swish(self.stem(x))\n              ^^^^^^^^^^^^\n',
    );
    assert.deepEqual(frame?.marked, [10, 22]);
  });

  it('leaves out what is no frame', () => {
    assert.deepEqual(
      parseStackTrace('nonsense\nFile "x.py", line -3, in f\nFile "y.py", line 99999999999, in f'),
      [],
    );
    assert.deepEqual(parseStackTrace(''), []);
  });

  it('turns a TorchScript stack round', () => {
    const frames = parseDocTrace(
      '/v/linear.py(134): forward\n/home/x/net.py(14): mix\n/home/x/net.py(18): forward\n',
    );
    assert.deepEqual(
      frames.map(({ line, func }) => [line, func]),
      [
        [18, 'forward'],
        [14, 'mix'],
        [134, 'forward'],
      ],
    );
  });

  it('reads the repr of a list, and nothing else', () => {
    assert.deepEqual(parseList(`['', 'blocks.0', "it's", 'a\\'b']`), ['', 'blocks.0', "it's", "a'b"]);
    assert.deepEqual(parseList('[]'), []);
    for (const wrong of ['', '[', "['a'", "['a' 'b']", '[1, 2]', "('a',)"])
      assert.equal(parseList(wrong), null, wrong);
  });
});
