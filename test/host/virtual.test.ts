/** A model in a folder that is not on this machine's disk: it is viewed there, and copied with all that running takes. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { externalTensor, modelOf, plain } from '../unit/onnx/seeds';
import { engines } from './engines';
import { closeAll, patchclamp, until } from './helpers';

const SCHEME = 'patchclamp-memory';

/** A read-only folder in memory. */
class Memory implements vscode.FileSystemProvider {
  readonly onDidChangeFile = new vscode.EventEmitter<vscode.FileChangeEvent[]>().event;

  constructor(private readonly files: ReadonlyMap<string, Uint8Array>) {}

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  stat(uri: vscode.Uri): vscode.FileStat {
    const bytes = this.files.get(uri.path);
    const times = { ctime: 1, mtime: 1 };
    if (bytes !== undefined) return { type: vscode.FileType.File, size: bytes.length, ...times };
    if (this.#below(uri.path).length > 0) return { type: vscode.FileType.Directory, size: 0, ...times };
    throw vscode.FileSystemError.FileNotFound(uri);
  }

  readDirectory(uri: vscode.Uri): [string, vscode.FileType][] {
    return this.#below(uri.path).map((name) => {
      const folder = name.includes('/');
      return [name.split('/')[0] ?? name, folder ? vscode.FileType.Directory : vscode.FileType.File];
    });
  }

  readFile(uri: vscode.Uri): Uint8Array {
    const bytes = this.files.get(uri.path);
    if (bytes === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    return bytes;
  }

  createDirectory(): void {
    throw vscode.FileSystemError.NoPermissions();
  }
  writeFile(): void {
    throw vscode.FileSystemError.NoPermissions();
  }
  delete(): void {
    throw vscode.FileSystemError.NoPermissions();
  }
  rename(): void {
    throw vscode.FileSystemError.NoPermissions();
  }

  #below(folder: string): string[] {
    const prefix = folder.endsWith('/') ? folder : `${folder}/`;
    const names = [...this.files.keys()].filter((name) => name.startsWith(prefix));
    return [...new Set(names.map((name) => name.slice(prefix.length)))];
  }
}

describe('a model that is not on disk', () => {
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  const weight = new Uint8Array(Float32Array.of(1, 2, 3).buffer);
  const model = modelOf({ ...plain(), initializer: [externalTensor('w', [3], 'data/w.bin')] });
  const files = new Map([
    ['/m/model.onnx', model],
    ['/m/data/w.bin', weight],
    ['/m/tokenizer.json', text('{}')],
    ['/m/config.json', text('{"id2label": {}}')],
    ['/m/labels.txt', text('a\nb\n')],
    ['/m/images/1.png', text('no picture, but copied')],
    ['/m/weights.safetensors', text('not needed')],
  ]);
  const uri = vscode.Uri.from({ scheme: SCHEME, path: '/m/model.onnx' });
  let provider: vscode.Disposable;
  let folder: string;

  before(async () => {
    provider = vscode.workspace.registerFileSystemProvider(SCHEME, new Memory(files), { isReadonly: true });
    folder = mkdtempSync(path.join(tmpdir(), 'patchclamp-copy-'));
    await patchclamp();
    await vscode.commands.executeCommand('vscode.openWith', uri, 'patchclamp.model');
    await until('it is open', () => tabOf(uri));
  });
  after(async () => {
    await closeAll();
    provider.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const tabOf = (file: vscode.Uri): vscode.Tab | undefined =>
    vscode.window.tabGroups.all
      .flatMap((group) => group.tabs)
      .find(
        ({ input }) => input instanceof vscode.TabInputCustom && input.uri.toString() === file.toString(),
      );
  const copy = (into: string): Thenable<unknown> =>
    vscode.commands.executeCommand('patchclamp.makeLocalCopy', {
      model: uri.toString(),
      folder: vscode.Uri.file(into).toString(),
    });

  it('is copied with its data, tokenizer, configuration, labels and images, and the copy opens', async () => {
    await copy(folder);
    await until('the copy is open', () => tabOf(vscode.Uri.file(path.join(folder, 'model.onnx'))));
    assert.deepEqual(new Uint8Array(readFileSync(path.join(folder, 'model.onnx'))), model);
    assert.deepEqual(new Uint8Array(readFileSync(path.join(folder, 'data/w.bin'))), weight);
    assert.deepEqual(
      readdirSync(folder).sort(),
      ['config.json', 'data', 'images', 'labels.txt', 'model.onnx', 'tokenizer.json'].sort(),
    );
    assert.deepEqual(readdirSync(path.join(folder, 'images')), ['1.png']);
  });

  it('is opened where it was copied to before, and brings only what is missing', async () => {
    rmSync(path.join(folder, 'labels.txt'));
    const before = readFileSync(path.join(folder, 'tokenizer.json'));
    await copy(folder);
    assert.equal(readFileSync(path.join(folder, 'labels.txt'), 'utf8'), 'a\nb\n');
    assert.deepEqual(readFileSync(path.join(folder, 'tokenizer.json')), before);
  });

  it('does not run where it lies, and no engine is started for it', async () => {
    for (const pid of engines()) process.kill(pid, 'SIGKILL');
    await until('no engine runs', () => engines().length === 0);
    await vscode.commands.executeCommand('patchclamp.runAgain', { model: uri.toString() });
    assert.deepEqual(engines(), []);
  });
});
