/** Every word the graph shows can be translated: the host has one for each key, and the same English. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { defaultWords } from '../../../webview/graph/words';

describe('the graph’s words', () => {
  it('are the host’s, key by key', () => {
    const source = readFileSync('src/editor/graphWords.ts', 'utf8');
    const host = new Map<string, string>();
    for (const [, key = '', text = ''] of source.matchAll(/'graph\.(\w+)':\s*l10n\.t\(\s*'([^']*)'/g))
      host.set(key, text);
    assert.deepEqual(Object.fromEntries(host), { ...defaultWords });
  });
});
