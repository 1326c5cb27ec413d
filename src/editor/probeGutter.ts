/**
 * A finding's heat in the gutter of the source: a bar per line, to the right for what speaks for the output, to the left
 * for what speaks against it, and the number in the hover of the line's end. Colours are the contributed ones.
 */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { formatNumber, formatShare } from '../tensor/format';
import type { Models } from './models';
import { lineHeat } from './probeOverlay';
import type { Probes } from './probes';
import { modelsOf } from './sourceFacts';

/** Bars of this many lengths each way. */
const STEPS = 6;

export type ThemeColors = Readonly<Record<'dark' | 'light', string>>;

export class ProbeGutter implements Disposable {
  readonly #store = new DisposableStore();
  /** Against the output, then for it; by length. */
  readonly #bars: readonly (readonly vscode.TextEditorDecorationType[])[];
  readonly #text: vscode.TextEditorDecorationType;
  readonly #marked = new WeakSet<vscode.TextEditor>();

  constructor(
    private readonly models: Models,
    private readonly probes: Probes,
    sourceChanged: vscode.Event<void>,
    colors: { readonly negative: ThemeColors; readonly positive: ThemeColors },
  ) {
    this.#bars = (['negative', 'positive'] as const).map((sign) =>
      Array.from({ length: STEPS }, (_, step) => {
        const icon = (theme: 'dark' | 'light'): { gutterIconPath: vscode.Uri; gutterIconSize: string } => ({
          gutterIconPath: bar((step + 1) / STEPS, sign, colors[sign][theme]),
          gutterIconSize: 'contain',
        });
        return this.#store.add(
          vscode.window.createTextEditorDecorationType({
            dark: icon('dark'),
            light: icon('light'),
            overviewRulerColor: new vscode.ThemeColor(`patchclamp.${sign}`),
            overviewRulerLane: vscode.OverviewRulerLane.Left,
          }),
        );
      }),
    );
    this.#text = this.#store.add(vscode.window.createTextEditorDecorationType({}));
    const again = (): void => {
      for (const editor of vscode.window.visibleTextEditors) this.#show(editor);
    };
    this.#store.add(probes.onDidChange(again));
    this.#store.add(sourceChanged(again));
    this.#store.add(vscode.window.onDidChangeVisibleTextEditors(again));
  }

  dispose(): void {
    this.#store.dispose();
  }

  #show(editor: vscode.TextEditor): void {
    const { document } = editor;
    if (document.languageId !== 'python') return;
    const ranges = this.#bars.map((bars) => bars.map((): vscode.Range[] => []));
    const texts: vscode.DecorationOptions[] = [];
    for (const { model, file } of modelsOf(this.models, document).shown) {
      const finding = this.probes.shown(model);
      const skeleton = model.content?.skeleton;
      if (finding?.overlay === undefined || finding.overlay === null || skeleton === undefined) continue;
      const { signed } = finding.overlay;
      for (const { line, value, site, share } of lineHeat(
        model.index.inFile(file),
        skeleton,
        finding.overlay,
      )) {
        if (line > document.lineCount) continue;
        const { range } = document.lineAt(line - 1);
        const step = Math.min(STEPS - 1, Math.floor(Math.abs(share) * STEPS));
        ranges[share < 0 ? 0 : 1]?.[step]?.push(range);
        texts.push({
          range: new vscode.Range(range.end, range.end),
          hoverMessage: vscode.l10n.t(
            '{0} {1}: {2} at {3}, {4} of the largest. {5}',
            model.name,
            finding.title,
            formatNumber(value),
            site,
            formatShare(Math.abs(share)),
            finding.overlay.title,
          ),
          renderOptions: {
            after: {
              contentText: `${signed && value > 0 ? '+' : ''}${formatNumber(value)}`,
              color: new vscode.ThemeColor('editorCodeLens.foreground'),
              margin: '0 0 0 3em',
            },
          },
        });
      }
      break;
    }
    if (texts.length === 0 && !this.#marked.has(editor)) return;
    this.#bars.forEach((bars, sign) =>
      bars.forEach((type, step) => {
        editor.setDecorations(type, ranges[sign]?.[step] ?? []);
      }),
    );
    editor.setDecorations(this.#text, texts);
    this.#marked.add(editor);
  }
}

/** A bar from the middle of the gutter: to the right for, to the left against. */
function bar(part: number, sign: 'negative' | 'positive', color: string): vscode.Uri {
  const width = Math.max(1, Math.round(part * 8));
  const x = sign === 'positive' ? 8 : 8 - width;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16">` +
    `<rect x="${String(x)}" y="4" width="${String(width)}" height="8" fill="${color}"/></svg>`;
  return vscode.Uri.parse(`data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`);
}

/** What the extension's manifest gives a colour of its own, by kind of theme. */
export function contributedColor(manifest: unknown, id: string): ThemeColors {
  const { contributes } = manifest as {
    readonly contributes: {
      readonly colors: readonly { readonly id: string; readonly defaults: ThemeColors }[];
    };
  };
  const found = contributes.colors.find((color) => color.id === id);
  if (found === undefined) throw new Error(`The manifest contributes no colour ${id}.`);
  return found.defaults;
}
