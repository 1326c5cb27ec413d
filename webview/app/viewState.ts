/** What VS Code keeps of the page while it is hidden: layout and choices of view, never data. */
import type { OverlayKind } from '../../src/contract/hostApi';

export interface ViewState {
  readonly inspectorWidth: number;
  /** Where the panes stand one above the other. */
  readonly inspectorHeight: number;
  readonly tableHeight: number;
  readonly overlay: OverlayKind | null;
  /** The graph's own: what is open, where one looks. */
  readonly graph: unknown;
}

export const DEFAULT_STATE: ViewState = {
  inspectorWidth: 360,
  inspectorHeight: 320,
  tableHeight: 260,
  overlay: 'magnitude',
  graph: null,
};

/** Reads a saved state; what does not fit falls back to the default. */
export function readViewState(saved: unknown): ViewState {
  if (typeof saved !== 'object' || saved === null) return DEFAULT_STATE;
  const width = 'inspectorWidth' in saved ? saved.inspectorWidth : undefined;
  const height = 'inspectorHeight' in saved ? saved.inspectorHeight : undefined;
  const table = 'tableHeight' in saved ? saved.tableHeight : undefined;
  const overlay = 'overlay' in saved ? saved.overlay : undefined;
  return {
    inspectorWidth: isExtent(width) ? width : DEFAULT_STATE.inspectorWidth,
    inspectorHeight: isExtent(height) ? height : DEFAULT_STATE.inspectorHeight,
    tableHeight: isExtent(table) ? table : DEFAULT_STATE.tableHeight,
    overlay: overlay === null || isOverlay(overlay) ? overlay : DEFAULT_STATE.overlay,
    graph: 'graph' in saved ? saved.graph : null,
  };
}

/** Least and most of the inspector's width or height, in CSS pixels. */
export const EXTENT = { least: 160, most: 900 } as const;

function isExtent(value: unknown): value is number {
  return typeof value === 'number' && value >= EXTENT.least && value <= EXTENT.most;
}

const OVERLAYS: readonly OverlayKind[] = [
  'magnitude',
  'zeros',
  'spread',
  'difference',
  'weights',
  'time',
  'finding',
];

function isOverlay(value: unknown): value is OverlayKind {
  return OVERLAYS.some((kind) => kind === value);
}
