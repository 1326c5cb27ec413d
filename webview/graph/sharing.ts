/** What leaves the graph: an address on the clipboard, the drawing as a file. Each gives the sentence to announce, or ''. */
import { describe } from '../../src/base/errors';
import { visible } from './camera';
import { hand, toPng, toSvg } from './export';
import type { Legend } from './exportLegend';
import type { Look } from './look';
import { addressOf } from './selecting';
import { phrase } from './words';

type Words = Readonly<Record<string, string>>;

export async function copyAddress(
  look: Pick<Look, 'scene'>,
  ref: number | null,
  words: Words,
): Promise<string> {
  if (ref === null) return '';
  const address = addressOf(look.scene.model, ref);
  try {
    await navigator.clipboard.writeText(address);
    return phrase(words, 'copied', address);
  } catch (error) {
    return describe(error);
  }
}

export interface Saving {
  readonly kind: 'svg' | 'png';
  readonly area: 'whole' | 'view';
}

export async function saveDrawing(
  element: HTMLElement,
  look: Look,
  legend: Legend | null,
  { kind, area: which }: Saving,
): Promise<string> {
  const area = which === 'whole' ? look.scene.bounds : visible(look.camera, look.width, look.height);
  try {
    const content =
      kind === 'svg'
        ? new Blob([toSvg(look, area, legend)], { type: 'image/svg+xml' })
        : await toPng(look, area, legend);
    hand(element, { name: `graph.${kind}`, mime: content.type, content });
    return '';
  } catch (error) {
    return describe(error);
  }
}
