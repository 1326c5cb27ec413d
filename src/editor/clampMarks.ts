/** Marks in the source what is being held: behind a line that made a clamped value stands what is done to it. */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Clamp } from '../contract/clamp';
import { formatNumber } from '../tensor/format';
import { heldNode, type Clamps } from './clamps';
import type { Models } from './models';
import type { OpenModel } from './openModel';
import { modelsOf } from './sourceFacts';

export class ClampMarks implements Disposable {
  readonly #store = new DisposableStore();
  readonly #mark = this.#store.add(
    vscode.window.createTextEditorDecorationType({
      isWholeLine: true,
      overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.warningForeground'),
      overviewRulerLane: vscode.OverviewRulerLane.Right,
    }),
  );

  constructor(
    private readonly models: Models,
    private readonly clamps: Clamps,
    sourceChanged: vscode.Event<void>,
  ) {
    const again = (): void => {
      for (const editor of vscode.window.visibleTextEditors) this.#show(editor);
    };
    this.#store.add(clamps.onDidChange(again));
    this.#store.add(sourceChanged(again));
    this.#store.add(vscode.window.onDidChangeVisibleTextEditors(again));
  }

  dispose(): void {
    this.#store.dispose();
  }

  #show(editor: vscode.TextEditor): void {
    const { document } = editor;
    if (document.languageId !== 'python') return;
    const marks = modelsOf(this.models, document).shown.flatMap(({ model, file }) =>
      this.clamps.of(model).flatMap((clamp) => {
        const line = lineOf(model, file, clamp);
        return line === undefined || line > document.lineCount ? [] : [{ line, clamp }];
      }),
    );
    editor.setDecorations(
      this.#mark,
      marks.map(({ line, clamp }) => {
        const { range } = document.lineAt(line - 1);
        return {
          range: new vscode.Range(range.end, range.end),
          hoverMessage: clamp.site,
          renderOptions: {
            after: {
              contentText: clamp.active ? saying(clamp) : vscode.l10n.t('{0} (paused)', saying(clamp)),
              color: new vscode.ThemeColor('editorWarning.foreground'),
              margin: '0 0 0 2em',
            },
          },
        };
      }),
    );
  }
}

/** The line of this file whose call made what is clamped. */
function lineOf(model: OpenModel, file: string, clamp: Clamp): number | undefined {
  const producer = heldNode(model, clamp);
  const place = producer === undefined ? undefined : model.links?.links[producer.id]?.call?.place;
  return place?.file === file ? place.line : undefined;
}

function saying({ kind, number }: Clamp): string {
  return kind === 'scale'
    ? vscode.l10n.t('⊗ multiplied by {0}', formatNumber(number))
    : vscode.l10n.t('⊘ held at {0}', formatNumber(number));
}
