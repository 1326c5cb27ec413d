/**
 * Which Python runs a person's scripts: what they set, what the Python extension has chosen, what they answered before,
 * else a question. Nothing is started here; an answer is kept for the workspace.
 */
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { interpreterOf } from './pythonExtension';

const KEPT = 'export.python';

interface Choice extends vscode.QuickPickItem {
  readonly file?: string;
}

export class PythonPath {
  constructor(private readonly memory: vscode.Memento) {}

  /** The interpreter for a file; asks where nobody has said. Undefined when the person backs out. */
  async of(resource: vscode.Uri): Promise<string | undefined> {
    return (await this.known(resource)) ?? (await this.choose(resource));
  }

  /** The same without a question. */
  async known(resource: vscode.Uri): Promise<string | undefined> {
    const config = vscode.workspace.getConfiguration('patchclamp', resource);
    const own = resolve(config.get<string>('export.python', ''), resource);
    if (own !== '') return own;
    return (await fromExtension(resource)) ?? fromSetting(resource) ?? this.memory.get<string>(KEPT);
  }

  /** Every interpreter that is known or lies in a usual place, the one for a file first. */
  async all(resource: vscode.Uri): Promise<readonly string[]> {
    const known = await this.known(resource);
    const found = (await candidates(resource)).filter((file) => file !== known && path.isAbsolute(file));
    return known === undefined ? found : [known, ...found];
  }

  /** Asks, and keeps the answer. Without a file, for the first folder. */
  async choose(resource?: vscode.Uri): Promise<string | undefined> {
    const found = await candidates(resource ?? vscode.workspace.workspaceFolders?.[0]?.uri);
    const items: Choice[] = found.map((file) => ({
      label: vscode.workspace.asRelativePath(file, false),
      ...(path.isAbsolute(file) ? { description: path.dirname(path.dirname(file)) } : {}),
      file,
    }));
    items.push({ label: vscode.l10n.t('Browse…') });
    const picked = await vscode.window.showQuickPick(items, {
      placeHolder: vscode.l10n.t('Which Python has PyTorch?'),
      matchOnDescription: true,
    });
    const file = picked === undefined ? undefined : (picked.file ?? (await browse()));
    if (file !== undefined) await this.memory.update(KEPT, file);
    return file;
  }
}

/** The Python extension's choice, where it is installed. */
async function fromExtension(resource: vscode.Uri): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<unknown>('ms-python.python');
  return extension === undefined ? undefined : interpreterOf(await extension.activate(), resource);
}

/** What the Python extension's setting says, also where that extension is not there. Its default says nothing. */
function fromSetting(resource: vscode.Uri): string | undefined {
  const python = vscode.workspace.getConfiguration('python', resource);
  const file = resolve(python.get<string>('defaultInterpreterPath', ''), resource);
  return file === '' || file === 'python' ? undefined : file;
}

function resolve(text: string, resource: vscode.Uri): string {
  const folder = vscode.workspace.getWorkspaceFolder(resource)?.uri.fsPath ?? path.dirname(resource.fsPath);
  const home = process.env['HOME'] ?? process.env['USERPROFILE'] ?? '~';
  return text
    .trim()
    .replace(/^~(?=[/\\]|$)/, home)
    .replaceAll(/\$\{workspaceFolder\}/g, folder)
    .replaceAll(/\$\{env:(\w+)\}/g, (_, name: string) => process.env[name] ?? '');
}

/** Interpreters in the usual places: environments in the workspace, the active one, then those on the PATH. */
async function candidates(resource: vscode.Uri | undefined): Promise<string[]> {
  const bin = process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python'];
  const folders = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
  const own = resource === undefined ? folders : [path.dirname(resource.fsPath), ...folders];
  const places = [
    ...own.flatMap((folder) =>
      ['.venv', 'venv', 'env', '.env'].map((name) => path.join(folder, name, ...bin)),
    ),
    ...['VIRTUAL_ENV', 'CONDA_PREFIX'].flatMap((name) => {
      const prefix = process.env[name];
      return prefix === undefined ? [] : [path.join(prefix, ...bin)];
    }),
    ...(process.env['PATH'] ?? '')
      .split(path.delimiter)
      .filter((folder) => folder !== '')
      .flatMap((folder) =>
        (process.platform === 'win32' ? ['python.exe'] : ['python3', 'python']).map((name) =>
          path.join(folder, name),
        ),
      ),
  ];
  const there = await Promise.all(
    [...new Set(places)].map(async (file) => ((await canRun(file)) ? file : null)),
  );
  return there.filter((file) => file !== null);
}

async function canRun(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function browse(): Promise<string | undefined> {
  const picked = await vscode.window.showOpenDialog({
    canSelectMany: false,
    title: vscode.l10n.t('Choose a Python interpreter'),
  });
  return picked?.[0]?.fsPath;
}
