/** Every word the graph shows can be translated: the host has one for each key, and the same English; words name keys. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { keyList } from '../../../webview/graph/keyList';
import { commandOf } from '../../../webview/graph/keys';
import { defaultWords } from '../../../webview/graph/words';
import { keysWord, neuronCommandOf, neuronKeyList } from '../../../webview/neurons/keys';

describe('the graph’s words', () => {
  it('are the host’s, key by key', () => {
    const source = readFileSync('src/editor/graphWords.ts', 'utf8');
    const host = new Map<string, string>();
    for (const [, key = '', text = ''] of source.matchAll(/'graph\.(\w+)':\s*l10n\.t\(\s*'([^']*)'/g))
      host.set(key, text);
    assert.deepEqual(Object.fromEntries(host), { ...defaultWords });
  });

  it('name the key that does what they say', () => {
    const named: Readonly<Record<string, string>> = { Esc: 'Escape' };
    const arrows = ['Up', 'Down', 'Left', 'Right'];
    for (const [command, word] of [...keyList, ['keys', 'keys'] as const]) {
      const text = /\(([^()]+)\)$/.exec(defaultWords[word])?.[1] ?? '';
      const parts = text === '+' ? ['+'] : text.split('+');
      const last = parts.at(-1) ?? '';
      const key = named[last] ?? (arrows.includes(last) ? `Arrow${last}` : last);
      const event = {
        key,
        altKey: parts[0] === 'Alt',
        shiftKey: parts[0] === 'Shift',
        ctrlKey: false,
        metaKey: false,
      };
      assert.equal(commandOf(event as KeyboardEvent), command, defaultWords[word]);
    }
  });
});

describe('the neurons’ words', () => {
  it('name the key that does what they say', () => {
    const source = readFileSync('src/editor/neuronWords.ts', 'utf8');
    const host = new Map<string, string>();
    for (const [, word = '', text = ''] of source.matchAll(/'(neurons\.\w+)':\s*l10n\.t\(\s*'([^']*)'/g))
      host.set(word, text);
    for (const [command, word] of [...neuronKeyList, ['keys', keysWord] as const]) {
      const named = /\(([^()]+)\)$/.exec(host.get(word) ?? '')?.[1] ?? '';
      const key = named === 'Esc' ? 'Escape' : named;
      const event = { key, altKey: false, ctrlKey: false, metaKey: false };
      assert.equal(neuronCommandOf(event as KeyboardEvent), command, word);
    }
  });
});
