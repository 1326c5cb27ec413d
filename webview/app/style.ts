/** Styles the app's parts share: section headings, quiet buttons, facts in two columns. All colours are the theme's. */
import { css } from 'lit';

export const shared = css`
  :host {
    font-family: var(--vscode-font-family);
    font-size: var(--vscode-font-size, 13px);
    color: var(--vscode-foreground);
  }
  h3 {
    margin: 12px 0 4px;
    font-size: 11px;
    font-weight: 600;
    text-transform: uppercase;
    letter-spacing: 0.04em;
    color: var(--vscode-descriptionForeground);
  }
  button.quiet {
    border: 1px solid transparent;
    background: none;
    color: inherit;
    font: inherit;
    padding: 0 2px;
    cursor: pointer;
    border-radius: 2px;
    text-align: left;
  }
  button.quiet:hover {
    background: var(--vscode-toolbar-hoverBackground, var(--vscode-list-hoverBackground));
  }
  button.link {
    border: none;
    background: none;
    color: var(--vscode-textLink-foreground);
    font: inherit;
    padding: 0;
    cursor: pointer;
    text-align: left;
  }
  button.link:hover {
    color: var(--vscode-textLink-activeForeground);
    text-decoration: underline;
  }
  .clamp-keys {
    display: inline-flex;
    flex-wrap: wrap;
    gap: 2px 10px;
  }
  :focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: 1px;
  }
  .faint {
    color: var(--vscode-descriptionForeground);
  }
  .number {
    font-variant-numeric: tabular-nums;
  }
  .problem {
    color: var(--vscode-errorForeground);
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;
