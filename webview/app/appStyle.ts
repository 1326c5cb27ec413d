/** Layout of the app: a bar, notes under it, and two panes with a border one can drag. */
import { css } from 'lit';

export const appStyle = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100%;
    background: var(--vscode-editor-background);
  }
  .reading {
    padding: 24px;
    color: var(--vscode-descriptionForeground);
  }
  .panes {
    flex: 1;
    display: flex;
    min-height: 0;
  }
  pc-graph-pane {
    flex: 1;
    min-width: 0;
    position: relative;
  }
  pc-inspector {
    flex: none;
    max-width: 70%;
  }
  .sash {
    flex: none;
    width: 1px;
    background: var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
    cursor: ew-resize;
    position: relative;
  }
  .sash::after {
    content: '';
    position: absolute;
    inset: 0 -3px;
  }
  .sash:hover::after,
  .sash:focus-visible::after {
    background: var(--vscode-sash-hoverBorder, var(--vscode-focusBorder));
  }
  .warnings {
    padding: 2px 8px;
    border-bottom: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
    color: var(--vscode-descriptionForeground);
    max-height: 30vh;
    overflow: auto;
  }
  .warnings ul {
    margin: 0;
    padding: 0 0 0 16px;
  }
`;
