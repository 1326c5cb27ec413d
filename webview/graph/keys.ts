/** Which key does what in the graph: one table, read by the canvas and by the tooltips. */

export type Command =
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'panUp'
  | 'panDown'
  | 'panLeft'
  | 'panRight'
  | 'activate'
  | 'out'
  | 'clear'
  | 'zoomIn'
  | 'zoomOut'
  | 'fit'
  | 'center'
  | 'expandAll'
  | 'collapseAll'
  | 'repeats'
  | 'plumbing'
  | 'search'
  | 'next'
  | 'previous'
  | 'back'
  | 'forward'
  | 'outline'
  | 'upstream'
  | 'downstream'
  | 'copy'
  | 'table'
  | 'bookmark'
  | 'bookmarks'
  | 'save'
  | 'neurons'
  | 'clamp'
  | 'overlay'
  | 'scale'
  | 'keys'
  | 'menu';

const plain: Readonly<Record<string, Command>> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowLeft: 'left',
  ArrowRight: 'right',
  Enter: 'activate',
  Backspace: 'out',
  Escape: 'clear',
  '+': 'zoomIn',
  '=': 'zoomIn',
  '-': 'zoomOut',
  '0': 'fit',
  '.': 'center',
  E: 'expandAll',
  C: 'collapseAll',
  r: 'repeats',
  p: 'plumbing',
  '/': 'search',
  n: 'next',
  N: 'previous',
  o: 'outline',
  u: 'upstream',
  d: 'downstream',
  y: 'copy',
  t: 'table',
  b: 'bookmark',
  B: 'bookmarks',
  s: 'save',
  w: 'neurons',
  c: 'clamp',
  v: 'overlay',
  f: 'scale',
  '?': 'keys',
  ContextMenu: 'menu',
};

const withShift: Readonly<Record<string, Command>> = {
  ArrowUp: 'panUp',
  ArrowDown: 'panDown',
  ArrowLeft: 'panLeft',
  ArrowRight: 'panRight',
  F10: 'menu',
};

const withAlt: Readonly<Record<string, Command>> = { ArrowLeft: 'back', ArrowRight: 'forward' };

/** The command of a key press, or undefined when the graph has none for it. */
export function commandOf(event: KeyboardEvent): Command | undefined {
  if (event.altKey) return event.ctrlKey || event.metaKey ? undefined : withAlt[event.key];
  if (event.ctrlKey || event.metaKey) {
    if (event.key === 'f') return 'search';
    return event.key === 'c' ? 'copy' : undefined;
  }
  return (event.shiftKey ? withShift[event.key] : undefined) ?? plain[event.key];
}
