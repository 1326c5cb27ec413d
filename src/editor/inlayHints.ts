/**
 * After each call in Python the shape it produced: from the shown run, else as inferred. One hint a line where nested
 * calls agree; several modules that share a line show their distinct shapes.
 */
import * as vscode from 'vscode';
import type { LineEntry } from './lineIndex';
import type { Models } from './models';
import type { RunController } from './runController';
import { lineFact, modelsOf } from './sourceFacts';

/** VS Code cuts hints off beyond 43 characters. */
const WIDEST = 36;

export class ShapeHints implements vscode.InlayHintsProvider {
  constructor(
    private readonly models: Models,
    private readonly runs: RunController,
  ) {}

  provideInlayHints(document: vscode.TextDocument, range: vscode.Range): vscode.InlayHint[] {
    if (!vscode.workspace.getConfiguration('patchclamp', document).get<boolean>('inlayHints.enabled', true))
      return [];
    const [first] = modelsOf(this.models, document).shown;
    if (first === undefined) return [];
    const { model, file, before } = first;
    if (model.content === undefined) {
      // Its shapes are told once it has been read; then hints are asked for again.
      void model.ready();
      return [];
    }
    const entries = model.index
      .between(file, range.start.line + 1 + before, range.end.line + 1 + before)
      .filter(({ kind, claim }) => kind === 'call' && claim.place.endLine - before <= document.lineCount);
    const hints: vscode.InlayHint[] = [];
    let outer: { line: number; label: string; end: number; start: number } | undefined;
    for (const entry of outermostFirst(entries)) {
      const { place } = entry.claim;
      const fact = lineFact(model, entry, this.runs.recorded(model));
      const shapes = [
        ...new Set((fact?.modules ?? []).map(({ outputs }) => outputs.at(-1)?.dims ?? '')),
      ].filter((dims) => dims !== '');
      if (fact === undefined || shapes.length === 0) continue;
      const label = shortened(shapes);
      const inside =
        outer?.line === place.endLine && place.column >= outer.start && place.endColumn <= outer.end;
      if (inside && outer?.label === label) continue;
      if (!inside) outer = { line: place.endLine, label, start: place.column, end: place.endColumn };
      hints.push(
        this.#hint(model.uri, entry, before, label, fact.modules[0]?.outputs.at(-1)?.recorded === true),
      );
    }
    return hints;
  }

  #hint(
    model: vscode.Uri,
    entry: LineEntry,
    before: number,
    label: string,
    recorded: boolean,
  ): vscode.InlayHint {
    const { place } = entry.claim;
    const part = new vscode.InlayHintLabelPart(label);
    part.tooltip = recorded
      ? vscode.l10n.t('Shape in the shown run of {0}', vscode.workspace.asRelativePath(model))
      : vscode.l10n.t('Shape as {0} states it', vscode.workspace.asRelativePath(model));
    const [node] = entry.nodes;
    if (node !== undefined) {
      part.command = {
        title: vscode.l10n.t('Reveal in Graph'),
        command: 'patchclamp.revealInGraph',
        arguments: [{ model: model.toString(), selection: { kind: 'node', id: node } }],
      };
    }
    const hint = new vscode.InlayHint(
      new vscode.Position(place.endLine - 1 - before, place.endColumn),
      [part],
      vscode.InlayHintKind.Type,
    );
    hint.paddingLeft = true;
    return hint;
  }
}

/** As many shapes as fit, and how many more there are. */
function shortened(shapes: readonly string[]): string {
  let label = shapes[0] ?? '';
  let shown = 1;
  for (const shape of shapes.slice(1)) {
    if (label.length + 3 + shape.length > WIDEST) break;
    label += ` | ${shape}`;
    shown++;
  }
  return shown < shapes.length ? `${label} | +${String(shapes.length - shown)}` : label;
}

/** By line; on one line the call that encloses others comes before them. */
function outermostFirst(entries: readonly LineEntry[]): readonly LineEntry[] {
  return [...entries].sort(({ claim: { place: a } }, { claim: { place: b } }) => {
    if (a.endLine !== b.endLine) return a.endLine - b.endLine;
    return a.column - b.column || b.endColumn - a.endColumn;
  });
}
