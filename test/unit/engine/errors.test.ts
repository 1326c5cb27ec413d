import assert from 'node:assert/strict';
import { doesNotStart } from '../../../src/engine/errors';

describe('an engine that does not start', () => {
  const how = (said: string): string => doesNotStart({ code: 1, signal: null, said }, '/usr/bin/node').what;

  it('is told by the error that Node names, and not by the line that it quotes', () => {
    const quoted = `/x/engine.js:1\n${'var a=1;'.repeat(500)}\n   ^\n`;
    const named = `${quoted}\nTypeError: a is not a function\n    at f (/x/engine.js:1:9)\n\nNode.js v20.11.1\n`;
    assert.equal(how(named), 'The engine does not start with /usr/bin/node: TypeError: a is not a function.');
    assert.ok(how(quoted).length < 100);
  });

  it('is told by its last line where no error is named, and by its end where it said nothing', () => {
    const needs = 'error while loading shared libraries: libonnxruntime.so.1';
    assert.equal(how(`${needs}\n`), `The engine does not start with /usr/bin/node: ${needs}.`);
    assert.equal(how(''), 'The engine does not start with /usr/bin/node: it ended with 1.');
  });
});
