/** How the node table looks: lines of one height, figures right-aligned over a thin bar. All colours are the theme's. */
import { css, unsafeCSS } from 'lit';

/** Height of a row in CSS pixels. */
export const rowHeight = 22;

export const nodeTableStyle = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: 0;
    background: var(--vscode-editor-background);
    font-size: 12px;
  }
  .bar {
    flex: none;
    display: flex;
    gap: 8px;
    align-items: center;
    padding: 3px 8px;
  }
  .bar input {
    width: 220px;
    height: 22px;
    box-sizing: border-box;
    padding: 0 6px;
    border: 1px solid var(--vscode-input-border, var(--vscode-editorWidget-border, transparent));
    background: var(--vscode-input-background);
    color: var(--vscode-input-foreground);
    font: inherit;
  }
  .bar input[aria-invalid='true'] {
    border-color: var(--vscode-inputValidation-errorBorder, var(--vscode-errorForeground));
  }
  .close {
    margin-left: auto;
    width: 22px;
    text-align: center;
  }
  .grid {
    flex: 1;
    min-height: 0;
    overflow: auto;
    contain: strict;
  }
  .grid:focus-visible {
    outline-offset: -1px;
  }
  .head,
  .row {
    display: grid;
    grid-template-columns:
      minmax(96px, 1fr) minmax(90px, 2fr)
      repeat(var(--columns), minmax(76px, 1fr))
      minmax(130px, 1.5fr) minmax(100px, 2fr);
    min-width: calc(416px + var(--columns) * 76px);
    height: ${unsafeCSS(`${String(rowHeight)}px`)};
    line-height: ${unsafeCSS(`${String(rowHeight)}px`)};
  }
  .head {
    position: sticky;
    top: 0;
    z-index: 1;
    background: var(--vscode-editor-background);
    border-bottom: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
    box-sizing: border-box;
  }
  .head button {
    max-width: 100%;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    font-weight: 600;
    color: var(--vscode-descriptionForeground);
  }
  .rows {
    position: relative;
  }
  .row {
    position: absolute;
    left: 0;
    right: 0;
    cursor: pointer;
  }
  .row:hover {
    background: var(--vscode-list-hoverBackground);
  }
  .row[aria-selected='true'] {
    background: var(--vscode-list-inactiveSelectionBackground);
    outline: 1px solid var(--vscode-contrastActiveBorder, transparent);
    outline-offset: -1px;
  }
  .grid:focus .row[aria-selected='true'] {
    background: var(--vscode-list-activeSelectionBackground);
    color: var(--vscode-list-activeSelectionForeground);
  }
  .cell {
    padding: 0 8px;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .cell.figure {
    text-align: right;
    font-variant-numeric: tabular-nums;
  }
  .row .figure {
    background: linear-gradient(
        color-mix(in srgb, currentColor 45%, transparent),
        color-mix(in srgb, currentColor 45%, transparent)
      )
      right 8px bottom 2px / calc((100% - 16px) * var(--part)) 2px no-repeat;
  }
`;
