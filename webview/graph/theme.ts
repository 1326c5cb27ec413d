/**
 * The graph's colours, read from the theme's own variables and read again when the theme changes. Structure is shades
 * between background and foreground; colours with a meaning come from contributed or standard theme colours.
 */
import { readable, type Color } from './contrast';
import { onThemeChange, parseColor, ramps, type Rgb } from '../figures/ramp';

export type Rgba = readonly [number, number, number, number];

export interface GraphTheme {
  readonly dark: boolean;
  readonly highContrast: boolean;
  readonly background: Rgba;
  readonly text: Rgba;
  readonly muted: Rgba;
  readonly boxFill: Rgba;
  readonly boxLine: Rgba;
  /** Boxes without a line: hardly seen up close, but from afar lines lead to something. */
  readonly quietFill: Rgba;
  readonly workFill: Rgba;
  readonly workLine: Rgba;
  readonly panelFill: Rgba;
  /** Frames at even and odd depth. */
  readonly frameFill: readonly [Rgba, Rgba];
  readonly frameLine: Rgba;
  readonly edge: Rgba;
  readonly focus: Rgba;
  readonly selectionFill: Rgba;
  readonly hoverLine: Rgba;
  readonly lit: Rgba;
  readonly held: Rgba;
  readonly match: Rgba;
  readonly font: string;
  /** 256 × rgb, 0 … 255. */
  readonly sequential: Uint8ClampedArray;
  readonly diverging: Uint8ClampedArray;
}

export function readTheme(element: Element): GraphTheme {
  const style = getComputedStyle(element);
  const kind = document.body.className;
  const highContrast = kind.includes('vscode-high-contrast');
  const color = (name: string): Rgb | undefined => {
    const text = style.getPropertyValue(`--vscode-${name}`).trim();
    return text === '' ? undefined : parseColor(text);
  };
  const background = color('editor-background') ?? [255, 255, 255];
  const text = color('editor-foreground') ?? color('foreground') ?? [60, 60, 60];
  const dark = luminance(background) < 0.5;
  const shade = (part: number): Rgba => rgba(mix(background, text, part));
  // The strongest of the fills that quiet text stands on.
  const work = mix(background, text, dark ? 0.2 : 0.12);
  const quiet = part(mix(background, color('descriptionForeground') ?? text, highContrast ? 1 : 0.86));
  const contrast = color('contrastBorder') ?? text;
  const focus = color('focusBorder') ?? [0, 120, 212];
  const lit = color('patchclamp-highlight') ?? focus;
  const table = ramps();
  return {
    dark,
    highContrast,
    background: rgba(background),
    text: rgba(text),
    muted: [...readable(quiet, part(text), highContrast ? part(background) : part(work)), 1],
    boxFill: highContrast ? rgba(background) : shade(dark ? 0.09 : 0.015),
    boxLine: highContrast ? rgba(contrast) : shade(0.28),
    quietFill: highContrast ? rgba(background) : shade(dark ? 0.11 : 0.07),
    workFill: highContrast ? rgba(background) : rgba(work),
    workLine: highContrast ? rgba(contrast) : shade(0.62),
    panelFill: highContrast ? rgba(background) : shade(dark ? 0.1 : 0.05),
    frameFill: highContrast
      ? [rgba(background), rgba(background)]
      : [shade(dark ? 0.035 : 0.022), shade(dark ? 0.065 : 0.045)],
    frameLine: highContrast ? rgba(contrast) : shade(0.2),
    edge: highContrast ? rgba(text) : shade(dark ? 0.5 : 0.46),
    focus: rgba(focus),
    selectionFill: [focus[0] / 255, focus[1] / 255, focus[2] / 255, 0.14],
    hoverLine: shade(0.8),
    lit: rgba(lit),
    held: rgba(color('editorWarning-foreground') ?? text),
    match: rgba(color('charts-yellow') ?? color('editor-findMatchHighlightBackground') ?? focus),
    font: style.getPropertyValue('--vscode-font-family').trim() || 'system-ui, sans-serif',
    sequential: table.sequential,
    diverging: table.diverging,
  };
}

export { onThemeChange };

export function css([r, g, b, a]: Rgba, opacity = 1): string {
  const part = (value: number): string => String(Math.round(value * 255));
  return `rgb(${part(r)} ${part(g)} ${part(b)} / ${String(a * opacity)})`;
}

function part([r, g, b]: Rgb): Color {
  return [r / 255, g / 255, b / 255];
}

function rgba(color: Rgb): Rgba {
  return [...part(color), 1];
}

function mix(a: Rgb, b: Rgb, part: number): Rgb {
  return [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part, a[2] + (b[2] - a[2]) * part];
}

function luminance([r, g, b]: Rgb): number {
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}
