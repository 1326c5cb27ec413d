/** *Open Sample…*: copies a sample model with its source to a folder of the person's choice and opens it there. */
import * as vscode from 'vscode';
import type { Panels } from './panels';

interface Sample {
  readonly label: string;
  readonly detail: string;
  readonly folder: vscode.Uri;
}

/** The folder that a window was opened on for its model's sake. */
const PENDING = 'samples.pending';

export class Samples {
  constructor(
    private readonly extension: vscode.Uri,
    private readonly panels: Panels,
    private readonly memory: vscode.Memento,
  ) {}

  /** In the window that *Open Sample…* opened: shows the model. */
  async resume(): Promise<void> {
    const pending = this.memory.get<string>(PENDING);
    const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.toString() === pending);
    if (folder === undefined) return;
    await this.memory.update(PENDING, undefined);
    await this.#show(folder.uri);
  }

  async open(): Promise<void> {
    const samples = await this.#list();
    const picked =
      samples.length === 1
        ? samples[0]
        : await vscode.window.showQuickPick(samples, { placeHolder: vscode.l10n.t('Which sample?') });
    if (picked === undefined) return;
    const target = await this.#target(picked);
    if (target === undefined) return;
    await vscode.workspace.fs.copy(picked.folder, target, { overwrite: false });
    const inWorkspace = vscode.workspace.getWorkspaceFolder(target) !== undefined;
    if (!inWorkspace) {
      await this.memory.update(PENDING, target.toString());
      await vscode.commands.executeCommand('vscode.openFolder', target, {
        forceNewWindow: vscode.workspace.workspaceFolders !== undefined,
      });
      return;
    }
    await this.#show(target);
  }

  /** The model, and the source that defines it beside it. */
  async #show(folder: vscode.Uri): Promise<void> {
    const [model] = await modelsIn(folder);
    if (model === undefined) return;
    await this.panels.open(model);
    const source = vscode.Uri.joinPath(folder, 'model.py');
    if (!(await exists(source))) return;
    await vscode.window.showTextDocument(source, {
      viewColumn: vscode.ViewColumn.Beside,
      preserveFocus: true,
      preview: true,
    });
  }

  /** A sample is a folder of `media/samples` that holds a model; its first sentence is that of its README. */
  async #list(): Promise<Sample[]> {
    const root = vscode.Uri.joinPath(this.extension, 'media', 'samples');
    const samples: Sample[] = [];
    for (const [name, type] of await vscode.workspace.fs.readDirectory(root)) {
      const folder = vscode.Uri.joinPath(root, name);
      if (type !== vscode.FileType.Directory || (await modelsIn(folder)).length === 0) continue;
      samples.push({ label: name, detail: await firstSentence(folder), folder });
    }
    return samples;
  }

  /** A folder that does not exist yet: beside others in the workspace, or below one the person chooses. */
  async #target({ label }: Sample): Promise<vscode.Uri | undefined> {
    const [workspace] = vscode.workspace.workspaceFolders ?? [];
    const [parent] =
      (await vscode.window.showOpenDialog({
        canSelectFolders: true,
        canSelectFiles: false,
        openLabel: vscode.l10n.t('Copy Sample Here'),
        title: vscode.l10n.t('Folder to copy the sample "{0}" into', label),
        ...(workspace === undefined ? {} : { defaultUri: workspace.uri }),
      })) ?? [];
    if (parent === undefined) return undefined;
    for (let i = 1; ; i++) {
      const candidate = vscode.Uri.joinPath(parent, i === 1 ? label : `${label}-${String(i)}`);
      if (!(await exists(candidate))) return candidate;
    }
  }
}

async function modelsIn(folder: vscode.Uri): Promise<vscode.Uri[]> {
  const entries = await vscode.workspace.fs.readDirectory(folder);
  const models = entries
    .filter(([name, type]) => type === vscode.FileType.File && name.endsWith('.onnx'))
    .map(([name]) => name);
  return models
    .sort((a, b) => a.length - b.length || a.localeCompare(b))
    .map((name) => vscode.Uri.joinPath(folder, name));
}

async function firstSentence(folder: vscode.Uri): Promise<string> {
  const readme = vscode.Uri.joinPath(folder, 'README.md');
  if (!(await exists(readme))) return '';
  const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(readme));
  const paragraph = text.split(/\n\s*\n/).find((part) => part.trim() !== '' && !part.startsWith('#')) ?? '';
  return paragraph.replace(/\s+/g, ' ').split(/(?<=\.) /)[0] ?? '';
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch (error) {
    if (error instanceof vscode.FileSystemError) return false;
    throw error;
  }
}
