/** The graph element's own styles. All colours are the theme's. */
import { css } from 'lit';

export const graphStyle = css`
  :host {
    display: block;
    position: relative;
    overflow: hidden;
    background: var(--vscode-editor-background);
    color: var(--vscode-foreground);
    font-family: var(--vscode-font-family);
    font-size: var(--vscode-font-size, 13px);
    contain: strict;
    container-type: size;
  }
  canvas.view {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    touch-action: none;
    outline: none;
  }
  canvas.cover {
    pointer-events: none;
  }
  canvas.view:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  .top {
    position: absolute;
    top: 8px;
    left: 8px;
    right: 8px;
    display: flex;
    flex-wrap: wrap;
    justify-content: space-between;
    align-items: flex-start;
    gap: 4px;
    pointer-events: none;
  }
  .stage.with-outline .top {
    left: 268px;
  }
  .top > * {
    pointer-events: auto;
  }
  /*
   * What is drawn in software leaves out of the canvas what an opaque box hides, but upside down: a hole as high above the
   * bottom as the box lies below the top. So no box over the canvas is quite opaque; menus still go over all of them.
   */
  .top > *,
  .foot > *,
  .tip,
  pc-outline,
  pc-minimap {
    opacity: 0.999;
  }
  .top {
    z-index: 1;
  }
  .side {
    display: flex;
    flex-direction: column;
    align-items: flex-end;
    gap: 4px;
    margin-left: auto;
  }
  .bar {
    display: flex;
    padding: 2px;
    background: var(--vscode-editorWidget-background);
    border: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
  }
  .bar button,
  .crumbs button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    min-width: 22px;
    height: 22px;
    padding: 0 3px;
    border: 1px solid transparent;
    border-radius: 3px;
    background: none;
    color: inherit;
    font: inherit;
    cursor: pointer;
  }
  .bar button:hover:enabled,
  .crumbs button:hover {
    background: var(--vscode-toolbar-hoverBackground);
  }
  .bar button[aria-pressed='true'] {
    background: var(--vscode-inputOption-activeBackground);
    color: var(--vscode-inputOption-activeForeground, inherit);
    border-color: var(--vscode-inputOption-activeBorder, var(--vscode-contrastBorder, transparent));
  }
  .bar button:disabled {
    opacity: 0.4;
    cursor: default;
  }
  .bar .gap {
    width: 6px;
  }
  .crumbs {
    display: flex;
    flex-wrap: wrap;
    max-width: min(70%, 900px);
    font-size: 12px;
    color: var(--vscode-breadcrumb-foreground, var(--vscode-descriptionForeground));
    background: color-mix(in srgb, var(--vscode-editor-background) 88%, transparent);
  }
  .crumbs button:last-of-type {
    color: var(--vscode-breadcrumb-focusForeground, var(--vscode-foreground));
  }
  .crumbs span {
    align-self: center;
    opacity: 0.7;
  }
  :focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  .progress {
    position: absolute;
    top: 0;
    left: 0;
    right: 0;
    height: 2px;
    overflow: hidden;
  }
  .progress::after {
    content: '';
    display: block;
    width: 25%;
    height: 100%;
    background: var(--vscode-progressBar-background, var(--vscode-focusBorder));
    animation: run 1.4s linear infinite;
  }
  @keyframes run {
    from {
      transform: translateX(-100%);
    }
    to {
      transform: translateX(400%);
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .progress::after {
      animation: none;
      width: 100%;
    }
  }
  .note {
    position: absolute;
    left: 50%;
    top: 48px;
    transform: translateX(-50%);
    padding: 4px 8px;
    display: flex;
    gap: 8px;
    align-items: center;
    background: var(--vscode-editorWidget-background);
    border: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
  }
  .empty {
    position: absolute;
    inset: 0;
    display: grid;
    place-content: center;
    color: var(--vscode-descriptionForeground);
  }
  .tip {
    position: absolute;
    max-width: 420px;
    padding: 4px 8px;
    font-size: 12px;
    pointer-events: none;
    color: var(--vscode-editorHoverWidget-foreground, inherit);
    background: var(--vscode-editorHoverWidget-background);
    border: 1px solid var(--vscode-editorHoverWidget-border);
    overflow: hidden;
  }
  .tip div {
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
    color: var(--vscode-descriptionForeground);
    font-variant-numeric: tabular-nums;
  }
  .tip div:first-child {
    font-weight: 600;
    color: inherit;
  }
  pc-minimap {
    position: absolute;
    right: 8px;
    bottom: 8px;
  }
  @container (max-height: 240px) {
    pc-minimap {
      display: none;
    }
  }
  .foot {
    position: absolute;
    left: 8px;
    right: 60px;
    bottom: 8px;
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    pointer-events: none;
  }
  .foot > * {
    pointer-events: auto;
  }
  .scrub {
    display: flex;
    gap: 8px;
    align-items: center;
    padding: 2px 8px;
    font-size: 12px;
    font-variant-numeric: tabular-nums;
    background: var(--vscode-editorWidget-background);
    border: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
  }
  .scrub input {
    width: 160px;
    accent-color: var(--vscode-focusBorder);
  }
  .stage.with-outline .foot {
    left: 268px;
  }
  pc-outline {
    position: absolute;
    left: 0;
    top: 0;
    bottom: 0;
    width: 260px;
    border-right: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
  }
  /* Not on show, it is still there for whoever reads by ear or walks by Tab; focus brings it into view. */
  .stage:not(.with-outline) pc-outline:not(:focus-within) {
    clip-path: inset(50%);
    pointer-events: none;
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  button.plain {
    border: 1px solid var(--vscode-button-border, transparent);
    background: var(--vscode-button-secondaryBackground);
    color: var(--vscode-button-secondaryForeground);
    font: inherit;
    padding: 1px 8px;
    cursor: pointer;
  }
`;
