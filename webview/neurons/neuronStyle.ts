/** How the neuron graph looks: columns of cells on the editor's background, figures below. All colours are the theme's. */
import { css } from 'lit';

export const neuronStyle = css`
  :host {
    display: flex;
    flex-direction: column;
    min-width: 0;
    min-height: 0;
    overflow: hidden;
    background: var(--vscode-editor-background);
  }
  .bar {
    flex: none;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 12px;
    padding: 4px 8px;
    border-bottom: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
  }
  .address {
    font-family: var(--vscode-editor-font-family, monospace);
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    max-width: 320px;
  }
  .grow {
    flex: 1;
  }
  button.key {
    border: 1px solid transparent;
    border-radius: 3px;
    background: none;
    color: inherit;
    font: inherit;
    padding: 1px 6px;
    cursor: pointer;
  }
  button.key:hover {
    background: var(--vscode-toolbar-hoverBackground);
  }
  button.key[aria-pressed='true'] {
    background: var(--vscode-inputOption-activeBackground);
    color: var(--vscode-inputOption-activeForeground, inherit);
    border-color: var(--vscode-inputOption-activeBorder, var(--vscode-contrastBorder, transparent));
  }
  .scroll {
    flex: 1;
    min-height: 0;
    overflow: auto hidden;
    position: relative;
    container-type: inline-size;
  }
  .columns {
    position: relative;
    display: flex;
    align-items: stretch;
    gap: clamp(28px, 9cqw, 120px);
    min-width: 100%;
    justify-content: safe center;
    height: 100%;
    box-sizing: border-box;
    padding: 8px 24px;
    width: max-content;
  }
  .column {
    display: flex;
    flex-direction: column;
    justify-content: center;
    gap: 16px;
    min-width: 88px;
  }
  canvas.threads {
    position: absolute;
    inset: 0;
    pointer-events: none;
  }
  .links {
    flex: 0 1 auto;
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(280px, 1fr));
    gap: 0 24px;
    max-height: 40%;
    overflow: auto;
    padding: 0 12px 8px;
    border-top: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
  }
  .links h2 {
    margin: 12px 0 4px;
    font-size: 11px;
    font-weight: 600;
    text-transform: uppercase;
    letter-spacing: 0.04em;
    color: var(--vscode-descriptionForeground);
    display: flex;
    justify-content: space-between;
    gap: 8px;
  }
  .count {
    font-weight: 400;
    text-transform: none;
    letter-spacing: 0;
  }
  table {
    width: 100%;
    border-collapse: collapse;
    table-layout: fixed;
    font-size: 12px;
    line-height: 18px;
  }
  th {
    text-align: left;
    font-weight: 400;
    color: var(--vscode-descriptionForeground);
    padding: 0 4px;
  }
  td {
    padding: 0 4px;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  th.number,
  td.number {
    width: 84px;
    text-align: right;
    font-variant-numeric: tabular-nums;
  }
  .who {
    background: linear-gradient(var(--sign), var(--sign)) left bottom / var(--part) 2px no-repeat;
  }
  .who button {
    max-width: 100%;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .negative {
    --sign: var(--vscode-patchclamp-negative);
  }
  .positive {
    --sign: var(--vscode-patchclamp-positive);
  }
  p {
    margin: 8px 0;
  }
  .empty {
    padding: 24px;
    color: var(--vscode-descriptionForeground);
  }
`;

export const layerStyle = css`
  :host {
    display: block;
    position: relative;
    --cell: var(--vscode-editorIndentGuide-background1, var(--vscode-descriptionForeground));
    --focus: var(--vscode-focusBorder);
    color: var(--vscode-foreground);
    font-family: var(--vscode-font-family);
  }
  .head {
    display: flex;
    flex-direction: column;
    margin-bottom: 6px;
    font-size: 12px;
    line-height: 16px;
    max-width: 190px;
  }
  button {
    border: none;
    background: none;
    padding: 0;
    font: inherit;
    color: inherit;
    cursor: pointer;
    text-align: left;
  }
  button.title {
    font-weight: 600;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  button.line {
    color: var(--vscode-textLink-foreground);
  }
  button:hover {
    text-decoration: underline;
  }
  :focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: 2px;
  }
  .faint {
    color: var(--vscode-descriptionForeground);
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .range {
    margin-left: 6px;
  }
  .cells {
    display: inline-block;
    line-height: 0;
  }
  canvas {
    cursor: pointer;
  }
  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
    line-height: normal;
  }
`;
