/**
 * Completion in experiment files of what their schema cannot know: models of the workspace, and the inputs, values and
 * files that belong to the model they name. Method ids and parameters come from the schema.
 */
import { posix } from 'node:path';
import * as vscode from 'vscode';
import { FeedFiles, IMAGES } from './feedFiles';
import type { Models } from './models';

export class ExperimentCompletion implements vscode.CompletionItemProvider {
  constructor(private readonly models: Models) {}

  async provideCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.CompletionItem[]> {
    const line = document.lineAt(position.line).text;
    const inText = textAt(line, position.character);
    if (inText === undefined) return [];
    const range = new vscode.Range(position.line, inText.from, position.line, inText.to);
    const item = (text: string, kind: vscode.CompletionItemKind, detail = ''): vscode.CompletionItem => {
      const made = new vscode.CompletionItem(text, kind);
      return Object.assign(made, {
        range,
        detail,
        filterText: text,
        insertText: JSON.stringify(text).slice(1, -1),
      });
    };
    const { File, Field, Value } = vscode.CompletionItemKind;
    const key = /"([^"]+)"\s*:\s*$/.exec(line.slice(0, inText.from - 1))?.[1];
    if (key === 'model') return (await modelsNear(document.uri)).map((name) => item(name, File));
    const model = await this.#model(document);
    const graph = model?.content?.skeleton.graph;
    if (model === undefined || graph === undefined) return [];
    const inputs = graph.inputs.map(({ name }) => name);
    if (key === undefined) {
      const within = /"feeds"\s*:\s*\{[^}]*$/.test(
        document.getText(new vscode.Range(0, 0, position.line, position.character)),
      );
      return within ? inputs.map((name) => item(name, Field, model.name)) : [];
    }
    if (key === 'objective' || key === 'over') {
      const values = [...inputs, ...graph.nodes.flatMap(({ outputs }) => outputs)];
      return values.filter((name) => name !== '').map((name) => item(name, Value, model.name));
    }
    if (!inputs.includes(key)) return [];
    const files = await FeedFiles.of(model.uri).nearby([...IMAGES, 'npy', 'npz']);
    return [...files.map((name) => item(name, File)), item('random:0', Value), item('text:', Value)];
  }

  async #model(document: vscode.TextDocument): Promise<ReturnType<Models['ensure']> | undefined> {
    const file = /"model"\s*:\s*"((?:[^"\\]|\\.)+)"/.exec(document.getText())?.[1];
    if (file === undefined) return undefined;
    const model = this.models.ensure(vscode.Uri.joinPath(document.uri, '..', ...file.split(/[\\/]/)));
    await model.ready();
    return model;
  }
}

/** Between which columns the text around a column lies, its quotes left out; undefined outside a text. */
function textAt(line: string, column: number): { readonly from: number; readonly to: number } | undefined {
  for (const match of line.matchAll(/"(?:[^"\\]|\\.)*"/g)) {
    const from = match.index + 1;
    const to = match.index + match[0].length - 1;
    if (column >= from && column <= to) return { from, to };
  }
  return undefined;
}

async function modelsNear(uri: vscode.Uri): Promise<string[]> {
  const folder = posix.dirname(uri.path);
  const found = await vscode.workspace.findFiles('**/*.onnx', undefined, 200);
  return found.map(({ path }) => posix.relative(folder, path)).sort((a, b) => a.length - b.length);
}
