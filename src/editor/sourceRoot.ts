/**
 * The Python of a workspace as the linker reads it: files are found by VS Code (its exclude settings hold), and a file
 * that is open is read as the person sees it, unsaved edits included. A notebook is one file, its cells in order. A model
 * outside every workspace folder uses its own folder.
 */
import * as vscode from 'vscode';
import { throwIfCancelled } from '../base/cancel';
import type { SourcePlace } from '../contract/link';
import { cellAt, codeCells, notebookText, type NotebookText } from '../source/notebook';
import type { SourceRoot } from '../source/sources';

const FILE_LIMIT = 5000;
/** Folders that hold nobody's own source: packages, and what was made from source. */
const FOREIGN = [
  'node_modules',
  'site-packages',
  '.git',
  '.venv',
  'venv',
  '__pycache__',
  '.tox',
  'build',
  'dist',
  '.ipynb_checkpoints',
];
const NEVER = `**/{${FOREIGN.join(',')}}/**`;
const CELL = 'vscode-notebook-cell';

/** Where a document's lines stand in the source. */
export interface Standing {
  /** Relative to the root, with '/'. */
  readonly file: string;
  /** Lines of the file that come before the document's first: 0 but for cells. */
  readonly before: number;
}

/** A place as an editor shows it: of a notebook, the cell and the range in it. */
export interface Shown {
  readonly uri: vscode.Uri;
  readonly range: vscode.Range;
  readonly cell?: number;
}

/** Whether a file, relative to its root, is source at all: one of a package that is opened or installed is not. */
export function isOwnSource(file: string): boolean {
  return !file.split('/').some((part, at, all) => at < all.length - 1 && FOREIGN.includes(part));
}

export class WorkspaceRoot implements SourceRoot {
  constructor(readonly folder: vscode.Uri) {}

  /** The root that holds a file. */
  static of(file: vscode.Uri): WorkspaceRoot {
    const folder = vscode.workspace.getWorkspaceFolder(file)?.uri;
    return new WorkspaceRoot(folder ?? vscode.Uri.joinPath(file, '..'));
  }

  /** This root and those of all other workspace folders: a model may stand in one and its source in another. */
  static around(home: WorkspaceRoot): readonly [WorkspaceRoot, ...WorkspaceRoot[]] {
    const folders = vscode.workspace.workspaceFolders ?? [];
    const others = folders.filter(({ uri }) => uri.toString() !== home.folder.toString());
    return [home, ...others.map(({ uri }) => new WorkspaceRoot(uri))];
  }

  async list(signal?: AbortSignal): Promise<readonly string[]> {
    const pattern = new vscode.RelativePattern(this.folder, '**/*.{py,ipynb}');
    const found = await vscode.workspace.findFiles(pattern, NEVER, FILE_LIMIT);
    throwIfCancelled(signal);
    return found
      .map((uri) => this.relative(uri))
      .filter((file) => file !== undefined)
      .sort();
  }

  async read(file: string, signal?: AbortSignal): Promise<string | null> {
    const uri = this.uri(file);
    if (isNotebook(file)) return (await this.#notebook(uri))?.text ?? null;
    const open = vscode.workspace.textDocuments.find(
      (document) => document.uri.toString() === uri.toString(),
    );
    if (open !== undefined) return open.getText();
    const text = await readText(uri);
    throwIfCancelled(signal);
    return text;
  }

  uri(file: string): vscode.Uri {
    return vscode.Uri.joinPath(this.folder, ...file.split('/'));
  }

  /** The path of a file below this root, with '/', or undefined for one outside. */
  relative(uri: vscode.Uri): string | undefined {
    const base = this.folder.path.endsWith('/') ? this.folder.path : `${this.folder.path}/`;
    if (uri.scheme !== this.folder.scheme || uri.authority !== this.folder.authority) return undefined;
    return uri.path.startsWith(base) ? uri.path.slice(base.length) : undefined;
  }

  /** Where a document stands, or undefined for one outside; a cell stands within its notebook. */
  standing({ uri }: vscode.TextDocument): Standing | undefined {
    if (uri.scheme !== CELL) {
      const file = this.relative(uri);
      return file === undefined ? undefined : { file, before: 0 };
    }
    const notebook = notebookOf(uri);
    const file = notebook === undefined ? undefined : this.relative(notebook.uri);
    if (notebook === undefined || file === undefined) return undefined;
    const index = notebook.getCells().findIndex(({ document }) => document.uri.toString() === uri.toString());
    const cell = textOf(notebook).cells.find((each) => each.index === index);
    return cell === undefined ? undefined : { file, before: cell.before };
  }

  /** The document and range of a place. */
  async shown(place: SourcePlace): Promise<Shown> {
    const uri = this.uri(place.file);
    const text = isNotebook(place.file) ? await this.#notebook(uri) : undefined;
    const [from, to] = [place.line, place.endLine].map((line) =>
      text === undefined ? undefined : cellAt(text, line),
    );
    if (from === undefined || to === undefined)
      return {
        uri,
        range: new vscode.Range(place.line - 1, place.column, place.endLine - 1, place.endColumn),
      };
    const range = new vscode.Range(
      from.line - 1,
      place.column,
      Math.max(from.line, to.line) - 1,
      place.endColumn,
    );
    return { uri, range, cell: from.index };
  }

  async #notebook(uri: vscode.Uri): Promise<NotebookText | undefined> {
    const open = vscode.workspace.notebookDocuments.find((each) => each.uri.toString() === uri.toString());
    if (open !== undefined) return textOf(open);
    const json = await readText(uri);
    return json === null ? undefined : notebookText(codeCells(json));
  }
}

/** The notebook a cell's document belongs to, while it is open. */
export function notebookOf(cell: vscode.Uri): vscode.NotebookDocument | undefined {
  return vscode.workspace.notebookDocuments.find((notebook) =>
    notebook.getCells().some(({ document }) => document.uri.toString() === cell.toString()),
  );
}

export function isNotebook(file: string): boolean {
  return file.endsWith('.ipynb');
}

function textOf(notebook: vscode.NotebookDocument): NotebookText {
  return notebookText(
    notebook
      .getCells()
      .flatMap(({ kind, index, document }) =>
        kind === vscode.NotebookCellKind.Code && document.languageId === 'python'
          ? [{ index, text: document.getText() }]
          : [],
      ),
  );
}

async function readText(uri: vscode.Uri): Promise<string | null> {
  try {
    return new TextDecoder('utf-8').decode(await vscode.workspace.fs.readFile(uri));
  } catch (error) {
    if (error instanceof vscode.FileSystemError) return null;
    throw error;
  }
}
