/** The words the graph shows, in English until the host gives its own: `graph.` keys of the snapshot's words. */

export const defaultWords = {
  graph: 'Graph',
  outline: 'Graph outline',
  search: 'Search names, operators, shapes, attributes, source',
  matches: '{0} of {1}',
  noMatch: 'No match',
  badPattern: 'Not a valid pattern',
  next: 'Next match (n)',
  previous: 'Previous match (N)',
  close: 'Close (Esc)',
  expandAll: 'Open all modules (E)',
  collapseAll: 'Close all modules (C)',
  fit: 'Show all (0)',
  zoomIn: 'Zoom in (+)',
  zoomOut: 'Zoom out (-)',
  back: 'Back (Alt+Left)',
  forward: 'Forward (Alt+Right)',
  plumbing: 'Constants, shape arithmetic and quantise pairs (p)',
  repeats: 'Fold equal blocks (r)',
  laying: 'Laying out {0} nodes',
  stop: 'Stop',
  stopped: 'The layout was stopped; the model is shown collapsed.',
  opened: '{0} opened, {1} boxes',
  closed: '{0} closed',
  parameters: '{0} parameters',
  repeatOf: 'Block {0} of {1}',
  save: 'Save the drawing (s)',
  svgWhole: 'SVG, all of it',
  svgView: 'SVG, what is in view',
  pngWhole: 'PNG, all of it',
  pngView: 'PNG, what is in view',
  bookmarks: 'Bookmarks (B)',
  bookmark: 'Bookmark the selection (b)',
  bookmarkKeys: 'Delete removes',
  table: 'Table of nodes (t)',
  neurons: 'Open as neurons (w)',
  empty: 'This model has no nodes.',
  unknownShape: 'shape unknown until a run',
  consumers: '{0} readers',
  module: 'module',
  scaleFrom: 'Start of the scale',
  scaleTo: 'End of the scale',
  fixScale: 'Type a number to fix the scale',
  freeScale: 'Let the scale follow the data',
  showOutline: 'Outline (o)',
  find: 'Search (/)',
  up: 'Up to the module around (Backspace)',
  copied: 'Copied {0}',
  upstream: '{0} boxes upstream',
  downstream: '{0} boxes downstream',
  model: 'Model',
  notDrawn: 'Folded away; press p to show it',
  cycles: '{0} cycles were broken to draw this graph; their lines run upward.',
} as const;

export type GraphWord = keyof typeof defaultWords;

export function phrase(
  words: Readonly<Record<string, string>>,
  key: GraphWord,
  ...parts: readonly (string | number)[]
): string {
  const text = words[`graph.${key}`] ?? defaultWords[key];
  return text.replace(/\{(\d+)\}/g, (_all, index: string) => String(parts[Number(index)] ?? ''));
}
