/** Every command with its words, which end in its key: the list that `?` opens. One entry a command, or it does not compile. */
import type { Command } from './keys';
import type { GraphWord } from './words';

const WORDS: Readonly<Record<Command, GraphWord>> = {
  up: 'walkUp',
  down: 'walkDown',
  left: 'walkLeft',
  right: 'walkRight',
  activate: 'activate',
  out: 'up',
  clear: 'clear',
  search: 'find',
  next: 'next',
  previous: 'previous',
  upstream: 'traceUp',
  downstream: 'traceDown',
  back: 'back',
  forward: 'forward',
  copy: 'copyAddress',
  bookmark: 'bookmark',
  bookmarks: 'bookmarks',
  neurons: 'neurons',
  clamp: 'clamp',
  table: 'table',
  outline: 'showOutline',
  overlay: 'overlay',
  scale: 'scale',
  save: 'save',
  expandAll: 'expandAll',
  collapseAll: 'collapseAll',
  repeats: 'repeats',
  plumbing: 'plumbing',
  fit: 'fit',
  center: 'center',
  zoomIn: 'zoomIn',
  zoomOut: 'zoomOut',
  panUp: 'panUp',
  panDown: 'panDown',
  panLeft: 'panLeft',
  panRight: 'panRight',
  menu: 'menu',
  keys: 'keys',
};

export const keyList = Object.entries(WORDS).filter(([command]) => command !== 'keys') as readonly (readonly [
  Command,
  GraphWord,
])[];
