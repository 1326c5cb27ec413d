/** What VS Code keeps of the page while it is hidden: layout and choices of view, never data. */
import type { OverlayKind } from '../../src/contract/hostApi';

export interface ViewState {
  readonly inspectorWidth: number;
  readonly overlay: OverlayKind | null;
  /** The graph's own: what is open, where one looks. */
  readonly graph: unknown;
}

export const DEFAULT_STATE: ViewState = { inspectorWidth: 360, overlay: 'magnitude', graph: null };

/** Reads a saved state; what does not fit falls back to the default. */
export function readViewState(saved: unknown): ViewState {
  if (typeof saved !== 'object' || saved === null) return DEFAULT_STATE;
  const width = 'inspectorWidth' in saved ? saved.inspectorWidth : undefined;
  const overlay = 'overlay' in saved ? saved.overlay : undefined;
  return {
    inspectorWidth: typeof width === 'number' && width >= 200 && width <= 900 ? width : DEFAULT_STATE.inspectorWidth,
    overlay: overlay === null || isOverlay(overlay) ? overlay : DEFAULT_STATE.overlay,
    graph: 'graph' in saved ? saved.graph : null,
  };
}

function isOverlay(value: unknown): value is OverlayKind {
  return value === 'magnitude' || value === 'zeros' || value === 'spread' || value === 'difference';
}
