/** Layout of the app: a bar, notes under it, and two panes with a border one can drag. */
import { css } from 'lit';

export const appStyle = css`
  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: 0;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  :host {
    display: flex;
    flex-direction: column;
    height: 100%;
    overflow: hidden;
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
    overflow: hidden;
  }
  .panes.narrow {
    flex-direction: column;
  }
  .main {
    flex: 1;
    display: flex;
    flex-direction: column;
    min-width: 0;
    min-height: 0;
  }
  pc-node-table {
    flex: none;
    max-height: 60%;
  }
  pc-graph[hidden] {
    display: none;
  }
  pc-neurons {
    flex: 1;
  }
  pc-graph {
    flex: 1;
    min-width: 0;
    min-height: 0;
    overflow: hidden;
    position: relative;
  }
  pc-inspector {
    flex: none;
    max-width: 70%;
  }
  /* The drawing keeps room for itself, whatever stands above it: what is told of one box gives way. */
  .narrow .main {
    min-height: 200px;
  }
  .narrow pc-inspector {
    flex: 0 1 auto;
    min-height: 72px;
    max-width: none;
    max-height: 75%;
  }
  .warnings {
    padding: 2px 8px;
    border-bottom: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
    color: var(--vscode-descriptionForeground);
    max-height: 30vh;
    overflow: auto;
    overflow-wrap: anywhere;
  }
  .warnings ul {
    margin: 0;
    padding: 0 0 0 16px;
  }
`;
