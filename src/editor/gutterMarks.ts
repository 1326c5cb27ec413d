/**
 * Marks in the gutter on lines that a model of the workspace links to: a full diamond where a place is exact, a hollow
 * one where it was inferred. Drawn again when links, themes or editors change; the text's own edits move them along.
 */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Models } from './models';
import { modelsOf } from './sourceFacts';

const SETTLE_MS = 60;
const KINDS = ['exact', 'inferred'] as const;
type Kind = (typeof KINDS)[number];
type Types = Readonly<Record<Kind, vscode.TextEditorDecorationType>>;

export class GutterMarks implements Disposable {
  readonly #store = new DisposableStore();
  #types: Types | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly extension: vscode.Uri,
    private readonly models: Models,
  ) {
    const later = (): void => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        this.#draw();
      }, SETTLE_MS);
    };
    this.#store.add(
      models.onDidChange(({ aspect }) => {
        if (aspect === 'links' || aspect === 'removed' || aspect === 'editors') later();
      }),
    );
    this.#store.add(vscode.window.onDidChangeVisibleTextEditors(later));
    this.#store.add(
      vscode.window.onDidChangeActiveColorTheme(() => {
        this.#forget();
        later();
      }),
    );
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('patchclamp.gutterMarks')) later();
      }),
    );
    this.#store.onDispose(() => {
      clearTimeout(this.#timer);
      this.#forget();
    });
  }

  dispose(): void {
    this.#store.dispose();
  }

  #draw(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document.languageId !== 'python') continue;
      const lines = this.#linesOf(editor.document);
      if (lines.size === 0 && this.#types === undefined) continue;
      this.#types ??= this.#make();
      for (const kind of KINDS) {
        const ranges = [...lines]
          .filter(([line, of]) => of === kind && line < editor.document.lineCount)
          .map(([line]) => new vscode.Range(line, 0, line, 0));
        editor.setDecorations(this.#types[kind], ranges);
      }
    }
  }

  /** Lines from 0 with the better of what links there. */
  #linesOf(document: vscode.TextDocument): Map<number, Kind> {
    const lines = new Map<number, Kind>();
    const config = vscode.workspace.getConfiguration('patchclamp', document);
    if (!config.get<boolean>('gutterMarks.enabled', true)) return lines;
    for (const { model, file, before } of modelsOf(this.models, document).shown) {
      for (const { claim, confidence } of model.index.inFile(file)) {
        const line = claim.place.line - 1 - before;
        if (line >= 0 && lines.get(line) !== 'exact') lines.set(line, confidence);
      }
    }
    return lines;
  }

  #make(): Types {
    const suffix = suffixes[vscode.window.activeColorTheme.kind];
    const type = (kind: Kind): vscode.TextEditorDecorationType =>
      vscode.window.createTextEditorDecorationType({
        gutterIconPath: vscode.Uri.joinPath(this.extension, 'media', 'gutter', `${kind}-${suffix}.svg`),
        gutterIconSize: 'contain',
        rangeBehavior: vscode.DecorationRangeBehavior.ClosedOpen,
      });
    return { exact: type('exact'), inferred: type('inferred') };
  }

  #forget(): void {
    for (const kind of KINDS) this.#types?.[kind].dispose();
    this.#types = undefined;
  }
}

const suffixes: Readonly<Record<vscode.ColorThemeKind, string>> = {
  [vscode.ColorThemeKind.Light]: 'light',
  [vscode.ColorThemeKind.Dark]: 'dark',
  [vscode.ColorThemeKind.HighContrast]: 'hc-dark',
  [vscode.ColorThemeKind.HighContrastLight]: 'hc-light',
};
