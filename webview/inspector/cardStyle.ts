/** Styles of the inspector's foldable cards. */
import { css } from 'lit';

export const cardStyle = css`
  .row {
    display: grid;
    grid-template-columns: 14px minmax(30%, 1fr) fit-content(60%);
    gap: 4px;
    align-items: baseline;
    width: 100%;
    padding: 2px 0;
  }
  .row .name {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    direction: rtl;
    text-align: left;
  }
  .row .type {
    color: var(--vscode-descriptionForeground);
    font-variant-numeric: tabular-nums;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .picked {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 10px;
    align-items: baseline;
  }
  .picked code {
    overflow-wrap: anywhere;
  }
  .twist {
    font-size: 10px;
    color: var(--vscode-descriptionForeground);
  }
  .body {
    padding: 4px 0 8px 18px;
  }
  .body > * + * {
    margin-top: 8px;
  }
  .actions {
    display: flex;
    gap: 12px;
    flex-wrap: wrap;
  }
  .axes {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 12px;
    margin-bottom: 4px;
  }
  .axes input {
    width: 56px;
    font: inherit;
    font-variant-numeric: tabular-nums;
    color: var(--vscode-input-foreground);
    background: var(--vscode-input-background);
    border: 1px solid var(--vscode-input-border, var(--vscode-editorWidget-border, transparent));
    padding: 0 4px;
  }
  .picture + .picture {
    margin-top: 8px;
  }
  .stale {
    color: var(--vscode-editorWarning-foreground, var(--vscode-foreground));
  }
  .peers {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 8px;
  }
`;
