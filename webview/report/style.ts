/** How the report lies on its page. All colours are the theme's. */
import { css } from 'lit';

export const reportStyle = css`
  :host {
    display: block;
    box-sizing: border-box;
    height: 100%;
    overflow: auto;
    background: var(--vscode-editor-background);
    padding: 12px 20px 32px;
  }
  .head,
  section,
  .progress,
  .trouble {
    max-width: 1100px;
  }
  h1 {
    margin: 0;
    font-size: 1.4em;
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  h2 {
    margin: 20px 0 0;
    font-size: 1.15em;
    font-weight: 600;
  }
  .head p {
    margin: 2px 0 8px;
    overflow-wrap: anywhere;
  }
  .buttons {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
  }
  .progress {
    display: flex;
    gap: 8px;
    align-items: center;
    margin: 12px 0;
  }
  progress {
    accent-color: var(--vscode-progressBar-background);
    width: 160px;
  }
  .trouble {
    margin: 12px 0;
    padding: 8px;
    border: 1px solid var(--vscode-inputValidation-errorBorder, var(--vscode-contrastBorder));
    overflow-wrap: anywhere;
  }
  ul {
    margin: 4px 0;
    padding-left: 18px;
  }
  ul.controls {
    list-style: none;
    padding-left: 0;
  }
  .mark {
    display: inline-block;
    width: 18px;
    font-weight: 700;
  }
  .failed {
    color: var(--vscode-errorForeground);
    font-weight: 600;
  }
  .passed .mark {
    color: var(--vscode-testing-iconPassed, var(--vscode-foreground));
  }
  pc-figure {
    margin: 14px 0;
  }
  dl {
    display: grid;
    grid-template-columns: max-content minmax(0, 1fr);
    gap: 1px 12px;
    margin: 4px 0;
    font-size: 0.92em;
  }
  dt {
    color: var(--vscode-descriptionForeground);
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
    font-family: var(--vscode-editor-font-family, monospace);
  }
`;
