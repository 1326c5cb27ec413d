/**
 * Time per line of Python, once it has been measured: a bar in the gutter for the line's share, and after the line the
 * time in figures. The bar's colour is the kind of theme's; what it says the figures say too.
 */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { formatMicroseconds, formatShare } from '../tensor/format';
import type { Models } from './models';
import type { NodeTiming } from './nodeTiming';
import { modelsOf } from './sourceFacts';
import { INK } from './svgHistogram';

/** Bars of this many lengths; each is a decoration type of its own. */
const STEPS = 8;

export class LineTimes implements Disposable {
  readonly #store = new DisposableStore();
  readonly #bars: readonly vscode.TextEditorDecorationType[];
  readonly #text: vscode.TextEditorDecorationType;
  readonly #marked = new WeakSet<vscode.TextEditor>();

  constructor(
    private readonly models: Models,
    private readonly timing: NodeTiming,
    sourceChanged: vscode.Event<void>,
  ) {
    const types = Array.from({ length: STEPS }, (_unused, step) =>
      vscode.window.createTextEditorDecorationType({
        dark: { gutterIconPath: bar((step + 1) / STEPS, INK.dark.bar), gutterIconSize: 'contain' },
        light: { gutterIconPath: bar((step + 1) / STEPS, INK.light.bar), gutterIconSize: 'contain' },
      }),
    );
    this.#bars = types;
    this.#text = vscode.window.createTextEditorDecorationType({});
    for (const type of [...types, this.#text]) this.#store.add(type);
    const again = (): void => {
      for (const editor of vscode.window.visibleTextEditors) this.#show(editor);
    };
    this.#store.add(timing.onDidChange(again));
    this.#store.add(sourceChanged(again));
    this.#store.add(vscode.window.onDidChangeVisibleTextEditors(again));
  }

  dispose(): void {
    this.#store.dispose();
  }

  #show(editor: vscode.TextEditor): void {
    const { document } = editor;
    if (document.languageId !== 'python') return;
    const measured = modelsOf(this.models, document)
      .shown.map(({ model, file }) => ({ model, ...this.timing.lines(model, file) }))
      .find(({ lines }) => lines.length > 0);
    if (measured === undefined && !this.#marked.has(editor)) return;
    const bars: vscode.Range[][] = this.#bars.map(() => []);
    const texts: vscode.DecorationOptions[] = [];
    for (const { line, microseconds, nodes } of measured?.lines ?? []) {
      if (line > document.lineCount) continue;
      const total = measured?.total ?? 1;
      const share = total > 0 ? microseconds / total : 0;
      const { range } = document.lineAt(line - 1);
      bars[Math.min(STEPS - 1, Math.floor(share * STEPS))]?.push(range);
      texts.push({
        range: new vscode.Range(range.end, range.end),
        hoverMessage: vscode.l10n.t(
          '{0} in {1} nodes: {2} of the {3} all kernels of {4} took',
          formatMicroseconds(microseconds),
          nodes,
          formatShare(share),
          formatMicroseconds(total),
          measured?.model.name ?? '',
        ),
        renderOptions: {
          after: {
            contentText: `${formatMicroseconds(microseconds)}  ${formatShare(share)}`,
            color: new vscode.ThemeColor('editorCodeLens.foreground'),
            margin: '0 0 0 3em',
          },
        },
      });
    }
    this.#bars.forEach((type, step) => editor.setDecorations(type, bars[step] ?? []));
    editor.setDecorations(this.#text, texts);
    this.#marked.add(editor);
  }
}

/** A bar that fills this part of the gutter, from the right. */
function bar(part: number, color: string): vscode.Uri {
  const width = Math.max(1, Math.round(part * 16));
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16">` +
    `<rect x="${String(16 - width)}" y="5" width="${String(width)}" height="6" fill="${color}"/></svg>`;
  return vscode.Uri.parse(`data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`);
}
