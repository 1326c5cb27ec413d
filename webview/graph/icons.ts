/** The toolbar's pictures, 16 × 16, drawn in the text's colour. */
import { svg, type TemplateResult } from 'lit';

const stroke = (d: string): TemplateResult =>
  svg`<svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.2" aria-hidden="true"><path d=${d} /></svg>`;

export const icons = {
  search: stroke('M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9M10.3 10.3L14 14'),
  back: stroke('M13 8H3M7 4L3 8l4 4'),
  forward: stroke('M3 8h10M9 4l4 4-4 4'),
  up: stroke('M4 10l4-4 4 4'),
  down: stroke('M4 6l4 4 4-4'),
  close: stroke('M4 4l8 8M12 4l-8 8'),
  expandAll: stroke('M2.5 2.5h11v11h-11zM8 5v6M5 8h6'),
  collapseAll: stroke('M2.5 2.5h11v11h-11zM5 8h6'),
  fit: stroke('M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10'),
  zoomIn: stroke('M8 3v10M3 8h10'),
  zoomOut: stroke('M3 8h10'),
  repeats: stroke('M5.5 5.5h8v8h-8zM3.5 11V3.5H11M1.5 9V1.5H9'),
  plumbing: stroke('M2 5h7M12 5h2M9 3v4h3V3zM2 11h2M7 11h7M4 9v4h3V9z'),
  outline: stroke('M2 3.5h3M4.5 8h3M4.5 12.5h3M7 3.5h7M9.5 8H14M9.5 12.5H14'),
  bookmark: stroke('M4.5 2.5h7v11L8 10.5l-3.5 3z'),
  table: stroke('M2.5 3.5h11v9h-11zM2.5 6.5h11M6 6.5v6'),
  neurons: stroke('M3 3.5h2v2H3zM3 10.5h2v2H3zM11 7h2v2h-2zM5 4.5L11 8M5 11.5L11 8'),
  save: stroke('M8 2v8M4.5 7L8 10.5 11.5 7M2.5 13.5h11'),
  keys: stroke('M1.5 4.5h13v8h-13zM4 7h1M7 7h1M10 7h2M4.5 10h7'),
} as const;
