/** How well one colour reads on another, as WCAG measures it. Colours are red, green and blue, 0 … 1. Pure. */

export type Color = readonly [number, number, number];

/** What text needs on what it stands on. */
const least = 4.5;

export function contrast(a: Color, b: Color): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Black or white, whichever reads better on a colour: at least 4.5 to 1 on any. */
export function inkOn(fill: Color): Color {
  return contrast([0, 0, 0], fill) > contrast([1, 1, 1], fill) ? [0, 0, 0] : [1, 1, 1];
}

/** `quiet`, brought as near to `text` as it takes to be read on `fill`; `text` itself where nothing does. */
export function readable(quiet: Color, text: Color, fill: Color): Color {
  for (let part = 0; part < 1; part += 0.05) {
    const tried = quiet.map((from, k) => from + part * ((text[k] ?? from) - from)) as unknown as Color;
    if (contrast(tried, fill) >= least) return tried;
  }
  return text;
}

function luminance([r, g, b]: Color): number {
  const linear = (part: number): number => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}
