/**
 * What VS Code may ask for from the moment the extension is active, registered before any of it is loaded: each waits
 * for the part that answers.
 */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Commands } from './commandParts';
import type { ModelDocument } from './modelEditor';
import type { TreeEntry } from './modelsTree';
import type { Made, Parts } from './parts';
import { COMPARE_VIEW, MODEL_VIEW, MODELS_TREE, REPORT_VIEW } from './views';

type Ask<T> = () => Promise<T>;

export function registerProviders(
  parts: Ask<Parts>,
  commands: Ask<Commands>,
  { sourceChanged, treeChanged }: Pick<Made, 'sourceChanged' | 'treeChanged'>,
): Disposable {
  const store = new DisposableStore();
  registerViews(store, parts, treeChanged.event);
  registerPanels(store, commands);
  registerLanguage(store, parts, sourceChanged.event);
  return store;
}

function registerViews(
  store: DisposableStore,
  parts: Ask<Parts>,
  treeChanged: vscode.Event<undefined>,
): void {
  const { window } = vscode;
  const editor: vscode.CustomReadonlyEditorProvider<ModelDocument> = {
    openCustomDocument: async (uri) => (await parts()).modelEditor.openCustomDocument(uri),
    resolveCustomEditor: async (document, panel) => {
      (await parts()).modelEditor.resolveCustomEditor(document, panel);
    },
  };
  store.add(
    window.registerCustomEditorProvider(MODEL_VIEW, editor, {
      supportsMultipleEditorsPerDocument: true,
      webviewOptions: { retainContextWhenHidden: false },
    }),
  );
  const tree: vscode.TreeDataProvider<TreeEntry> = {
    onDidChangeTreeData: treeChanged,
    getChildren: async (entry) => (await parts()).tree.getChildren(entry),
    getTreeItem: async (entry) => (await parts()).tree.getTreeItem(entry),
  };
  store.add(window.createTreeView(MODELS_TREE, { treeDataProvider: tree, showCollapseAll: true }));
}

function registerPanels(store: DisposableStore, commands: Ask<Commands>): void {
  const { window } = vscode;
  store.add(
    window.registerWebviewPanelSerializer(REPORT_VIEW, {
      deserializeWebviewPanel: async (panel, state) => (await commands()).restoreReport(panel, state),
    }),
  );
  store.add(
    window.registerWebviewPanelSerializer(COMPARE_VIEW, {
      deserializeWebviewPanel: async (panel, state) => {
        (await commands()).restoreComparison(panel, state);
      },
    }),
  );
}

function registerLanguage(
  store: DisposableStore,
  parts: Ask<Parts>,
  sourceChanged: vscode.Event<void>,
): void {
  const { languages } = vscode;
  const python: vscode.DocumentSelector = { language: 'python' };
  store.add(
    languages.registerHoverProvider(python, {
      provideHover: async (document, position) => (await parts()).hover.provideHover(document, position),
    }),
  );
  store.add(
    languages.registerCodeLensProvider(python, {
      provideCodeLenses: async (document) => (await parts()).exportLenses.provideCodeLenses(document),
    }),
  );
  store.add(
    languages.registerCodeLensProvider(python, {
      onDidChangeCodeLenses: sourceChanged,
      provideCodeLenses: async (document) => (await parts()).moduleLenses.provideCodeLenses(document),
    }),
  );
  store.add(
    languages.registerInlayHintsProvider(python, {
      onDidChangeInlayHints: sourceChanged,
      provideInlayHints: async (document, range) => (await parts()).hints.provideInlayHints(document, range),
    }),
  );
  const experiment: vscode.DocumentSelector = { pattern: '**/*.clamp.json' };
  store.add(
    languages.registerCodeLensProvider(experiment, {
      provideCodeLenses: async (document) => (await parts()).experimentLens.provideCodeLenses(document),
    }),
  );
  const completion: vscode.CompletionItemProvider = {
    provideCompletionItems: async (document, position) =>
      (await parts()).completion.provideCompletionItems(document, position),
  };
  store.add(languages.registerCompletionItemProvider(experiment, completion, '"', '/'));
}
