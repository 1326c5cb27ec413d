/** What colour and line each box has: one answer for every renderer and the exports. */
import { inkOn } from './contrast';
import type { Look } from './look';
import { Style } from './scene';
import type { GraphTheme, Rgba } from './theme';

export interface Paint {
  readonly fill: Rgba;
  readonly line: Rgba;
  /** CSS pixels at any zoom; 0 draws none. */
  readonly lineWidth: number;
  /** World pixels. */
  readonly radius: number;
  readonly text: Rgba;
}

const clear: Rgba = [0, 0, 0, 0];

export function paintOf(look: Look, box: number): Paint {
  const { theme, scene, colors } = look;
  const style = scene.style(box);
  const base = plainPaint(theme, style, scene.depth[box] ?? 0);
  const place = colors?.place[box] ?? Number.NaN;
  const overlaid =
    Number.isNaN(place) || colors === null || style === Style.Frame
      ? base
      : overlayPaint(theme, base, place, colors.signed);
  if (look.selected === box) return { ...overlaid, line: theme.focus, lineWidth: 2 };
  if (look.matches.has(box)) return { ...overlaid, line: theme.match, lineWidth: 2 };
  if (look.held.has(box)) return { ...overlaid, line: theme.held, lineWidth: 2 };
  if (look.lit.has(box)) return { ...overlaid, line: theme.lit, lineWidth: 2 };
  if (look.hovered === box && style !== Style.Frame) return { ...overlaid, line: theme.hoverLine };
  return overlaid;
}

function plainPaint(theme: GraphTheme, style: Style, depth: number): Paint {
  const text = theme.text;
  switch (style) {
    case Style.Work:
      return {
        fill: theme.workFill,
        line: theme.workLine,
        lineWidth: theme.highContrast ? 2 : 1,
        radius: 3,
        text,
      };
    case Style.Activation:
      return { fill: theme.boxFill, line: theme.boxLine, lineWidth: 1, radius: 12, text };
    case Style.Moving:
    case Style.Constant:
      return {
        fill: theme.quietFill,
        line: theme.highContrast ? theme.boxLine : clear,
        lineWidth: theme.highContrast ? 1 : 0,
        radius: 3,
        text: theme.muted,
      };
    case Style.Input:
    case Style.Output:
      return { fill: theme.quietFill, line: clear, lineWidth: 0, radius: 12, text };
    case Style.Panel:
    case Style.Leaf:
      return { fill: theme.panelFill, line: theme.boxLine, lineWidth: 1, radius: 4, text };
    case Style.Frame:
      return {
        fill: theme.frameFill[depth % 2 === 0 ? 0 : 1],
        line: theme.frameLine,
        lineWidth: 1,
        radius: 4,
        text: theme.muted,
      };
    case Style.Plain:
    case Style.Norm:
    case Style.Control:
      return { fill: theme.boxFill, line: theme.boxLine, lineWidth: 1, radius: 3, text };
  }
}

function overlayPaint(theme: GraphTheme, base: Paint, place: number, signed: boolean): Paint {
  const table = signed ? theme.diverging : theme.sequential;
  const at = 3 * Math.round(255 * Math.min(1, Math.max(0, place)));
  const fill: Rgba = [(table[at] ?? 0) / 255, (table[at + 1] ?? 0) / 255, (table[at + 2] ?? 0) / 255, 1];
  const [r, g, b] = inkOn([fill[0], fill[1], fill[2]]);
  return { ...base, fill, text: [r, g, b, 1] };
}
