/** How a comparison lies on its page. All colours are the theme's; marks are signs and words before they are colours. */
import { css } from 'lit';

export const compareStyle = css`
  :host {
    display: flex;
    flex-direction: column;
    box-sizing: border-box;
    height: 100%;
    padding: 12px 20px;
    background: var(--vscode-editor-background);
  }
  .head {
    position: relative;
  }
  h1 {
    margin: 0;
    font-size: 1.4em;
    font-weight: 600;
    overflow-wrap: anywhere;
    padding-right: 140px;
  }
  p {
    margin: 4px 0;
    overflow-wrap: anywhere;
  }
  .again {
    position: absolute;
    top: 0;
    right: 0;
  }
  .verdict {
    margin: 12px 0 8px;
    font-size: 1.08em;
  }
  .verdict button {
    margin-left: 12px;
  }
  .notes {
    margin: 0 0 8px;
    padding-left: 18px;
    color: var(--vscode-descriptionForeground);
    max-height: 88px;
    overflow: auto;
  }
  .threshold {
    display: inline-flex;
    gap: 6px;
    align-items: baseline;
    margin-bottom: 8px;
    color: var(--vscode-descriptionForeground);
  }
  .threshold input {
    width: 72px;
    padding: 1px 4px;
    font: inherit;
    font-variant-numeric: tabular-nums;
    text-align: right;
    color: var(--vscode-input-foreground);
    background: var(--vscode-input-background);
    border: 1px solid var(--vscode-input-border, var(--vscode-contrastBorder, transparent));
  }
  .progress {
    display: flex;
    gap: 8px;
    align-items: center;
    margin: 12px 0;
  }
  .trouble {
    margin: 12px 0;
    padding: 8px;
    border: 1px solid var(--vscode-inputValidation-errorBorder, var(--vscode-contrastBorder));
    overflow-wrap: anywhere;
  }
  .tabs {
    display: flex;
    gap: 16px;
    border-bottom: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder));
  }
  .tabs button {
    border: none;
    border-bottom: 2px solid transparent;
    background: none;
    color: var(--vscode-panelTitle-inactiveForeground, var(--vscode-descriptionForeground));
    font: inherit;
    padding: 4px 0;
    cursor: pointer;
  }
  .tabs button[aria-selected='true'] {
    color: var(--vscode-panelTitle-activeForeground, var(--vscode-foreground));
    border-bottom-color: var(--vscode-panelTitle-activeBorder, var(--vscode-focusBorder));
    font-weight: 600;
  }
  pc-compare-table {
    flex: 1;
    min-height: 0;
  }
`;

export const tableStyle = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: 0;
  }
  .tools {
    display: flex;
    gap: 12px;
    align-items: center;
    padding: 8px 0;
  }
  input {
    width: 200px;
    padding: 2px 6px;
    font: inherit;
    color: var(--vscode-input-foreground);
    background: var(--vscode-input-background);
    border: 1px solid var(--vscode-input-border, var(--vscode-contrastBorder, transparent));
  }
  input::placeholder {
    color: var(--vscode-input-placeholderForeground);
  }
  .scroll {
    flex: 0 1 auto;
    min-height: 0;
    overflow: auto;
  }
  table {
    border-collapse: collapse;
    font-variant-numeric: tabular-nums;
  }
  th {
    position: sticky;
    top: 0;
    z-index: 1;
    background: var(--vscode-editor-background);
    border-bottom: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder));
    color: var(--vscode-descriptionForeground);
    font-weight: normal;
    text-align: left;
  }
  th.number {
    text-align: right;
  }
  th,
  td {
    padding: 2px 16px 2px 0;
    white-space: nowrap;
  }
  td {
    max-width: 320px;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  td.number {
    text-align: right;
  }
  tr:hover td {
    background: var(--vscode-list-hoverBackground);
  }
  .sign {
    display: inline-block;
    width: 14px;
    color: var(--vscode-patchclamp-positive);
  }
  tr.begins td {
    font-weight: 600;
  }
  tr.begins td button {
    font-weight: 600;
  }
  td.why {
    color: var(--vscode-descriptionForeground);
  }
  td.share {
    min-width: 210px;
  }
  .bar {
    position: relative;
    display: inline-block;
    vertical-align: middle;
    width: 120px;
    height: 10px;
    margin-right: 8px;
    border-bottom: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder));
  }
  .error {
    height: 10px;
    background: var(--vscode-patchclamp-control);
  }
  tr.begins .error,
  tr.departs .error,
  tr.changed .error {
    background: var(--vscode-patchclamp-positive);
  }
  .floor {
    position: absolute;
    top: -1px;
    width: 2px;
    height: 12px;
    background: var(--vscode-foreground);
  }
`;
