/**
 * Links the workspace's models in the background, one after the other, so that hovers, lenses and marks know them before
 * they are opened. What was linked before is taken from disk; what an edit touched is linked again. Models are read,
 * linked and let go of; an open one comes first; nothing waits for this.
 */
import * as vscode from 'vscode';
import { delay, isCancelled } from '../base/cancel';
import { DisposableStore, type Disposable } from '../base/disposable';
import { LineIndex, nodesWithin } from './lineIndex';
import { LinkCache, pythonStamp, type LinkFiles } from './linkCache';
import { linkFilesIn } from './linkFiles';
import type { Linker } from './linker';
import type { Models } from './models';
import type { OpenModel } from './openModel';
import type { ModelReader } from './reading';
import type { WorkspaceRoot } from './sourceRoot';

const LIMIT = 100;
/** Between two models, so that what a person does comes in between. */
const PAUSE = 20;
const NEVER = '**/{node_modules,site-packages,.git,.venv,venv}/**';

export class WorkspaceIndex implements Disposable {
  readonly #store = new DisposableStore();
  readonly #abort = new AbortController();
  readonly #kept: LinkFiles;
  readonly #cache: LinkCache;
  readonly #queue = new Map<string, OpenModel>();
  /** What the links of models that were not linked in this window were made from. */
  readonly #files = new Map<OpenModel, ReadonlySet<string>>();
  #started = false;
  #working: Promise<void> | undefined;

  constructor(
    private readonly models: Models,
    private readonly reader: ModelReader,
    private readonly linker: Linker,
    storage: vscode.Uri,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#kept = linkFilesIn(storage);
    this.#cache = new LinkCache(this.#kept);
    const consider = (document: vscode.TextDocument): void => {
      if (document.languageId === 'python') void this.#start();
    };
    vscode.workspace.textDocuments.forEach(consider);
    this.#store.add(vscode.workspace.onDidOpenTextDocument(consider));
    this.#store.add(
      vscode.workspace.onDidChangeWorkspaceFolders(({ added }) => {
        if (this.#started && added.length > 0) void this.#scan();
      }),
    );
    const watcher = this.#store.add(vscode.workspace.createFileSystemWatcher('**/*.onnx'));
    for (const event of [watcher.onDidCreate, watcher.onDidChange])
      this.#store.add(
        event((uri) => {
          if (this.#started && isOn()) this.#again(this.models.ensure(uri));
        }),
      );
    this.#store.add(
      watcher.onDidDelete((uri) => {
        const model = this.models.get(uri);
        if (model === undefined) return;
        this.#queue.delete(uri.toString());
        void this.#cache.delete(uri.toString());
        for (const root of model.roots) void this.linker.forget(uri.toString(), root);
        this.models.forget(model);
      }),
    );
    this.#store.onDispose(() => {
      this.#abort.abort();
    });
  }

  dispose(): void {
    this.#store.dispose();
  }

  /** Resolves when nothing is left to be linked. */
  async settled(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  /** A file has changed: models that were not read and may be touched are linked again. */
  async fileChanged(model: OpenModel, file: string, root: WorkspaceRoot): Promise<void> {
    if (!this.#started || model.content !== undefined) return;
    const stale = await this.linker.isStale(model.uri.toString(), root);
    const used = root.folder.toString() === model.root.folder.toString() && this.#files.get(model)?.has(file);
    if (stale === true || (stale === undefined && used === true)) this.#again(model);
  }

  /** Once, when the first Python file is opened. */
  async #start(): Promise<void> {
    if (this.#started || !isOn()) return;
    this.#started = true;
    await this.#scan();
  }

  async #scan(): Promise<void> {
    const { signal } = this.#abort;
    const started = performance.now();
    try {
      const found = await vscode.workspace.findFiles('**/*.onnx', NEVER, LIMIT);
      const stamps = new Stamps(this.#kept, signal);
      let kept = 0;
      for (const uri of found.sort((a, b) => a.path.length - b.path.length)) {
        if (signal.aborted) return;
        const model = this.models.ensure(uri);
        if (model.content !== undefined || model.index !== LineIndex.empty) continue;
        if (await this.#restore(model, await stamps.of(model.roots))) kept++;
        else this.#queue.set(uri.toString(), model);
      }
      this.log.info(
        `Found ${String(found.length)} models in the workspace; the links of ${String(kept)} were kept from before (${(performance.now() - started).toFixed(0)} ms).`,
      );
      this.#work();
    } catch (error) {
      if (!isCancelled(error)) this.log.warn('Indexing the workspace:', String(error));
    }
  }

  /** From disk, where nothing has changed; a file with unsaved edits has. */
  async #restore(model: OpenModel, stamp: string): Promise<boolean> {
    const kept = await this.#cache.get(model.uri.toString(), stamp);
    if (kept === undefined) return false;
    const root = model.roots.find(({ folder }) => folder.toString() === kept.root);
    const edited = vscode.workspace.textDocuments.some(({ isDirty, uri }) => {
      const file = isDirty ? root?.relative(uri) : undefined;
      return file !== undefined && kept.files.includes(file);
    });
    if (edited) return false;
    this.#files.set(model, new Set(kept.files));
    model.restore(LineIndex.from(kept.entries), kept.root);
    return true;
  }

  #again(model: OpenModel): void {
    if (model.content !== undefined) return;
    this.#queue.set(model.uri.toString(), model);
    this.#work();
  }

  #work(): void {
    this.#working ??= this.#drain().finally(() => {
      this.#working = undefined;
    });
  }

  async #drain(): Promise<void> {
    const { signal } = this.#abort;
    const started = performance.now();
    const stamps = new Stamps(this.#kept, signal);
    let count = 0;
    for (;;) {
      const [next] = this.#queue.entries();
      if (next === undefined || signal.aborted) break;
      const [key, model] = next;
      this.#queue.delete(key);
      if (model.content !== undefined) continue;
      try {
        await this.#link(model, stamps, signal);
        count++;
        await delay(PAUSE, signal);
      } catch (error) {
        if (isCancelled(error)) return;
        this.log.debug(`Not indexed: ${model.relativePath}:`, String(error));
      }
    }
    if (count > 0)
      this.log.info(`Linked ${String(count)} models in ${(performance.now() - started).toFixed(0)} ms.`);
  }

  async #link(model: OpenModel, stamps: Stamps, signal: AbortSignal): Promise<void> {
    const id = model.uri.toString();
    const reading = await this.reader.readToLink(model.uri, signal);
    const { roots } = model;
    const stamp = await stamps.of(roots);
    const { table, root } = await this.linker.linkAmong(id, reading, roots, signal);
    const index = LineIndex.of(table, (path) => nodesWithin(reading.scopes, path));
    const files = [...(await this.linker.filesOf(id, root))];
    for (const each of roots) await this.linker.release(id, each);
    if (model.content !== undefined) return;
    this.#files.set(model, new Set(files));
    const folder = root.folder.toString();
    model.restore(index, folder);
    // What stands in an editor and not on disk must not be kept as if it did.
    const unsaved = vscode.workspace.textDocuments.some(({ isDirty, uri }) => {
      return isDirty && roots.some((each) => each.relative(uri) !== undefined);
    });
    if (!unsaved) await this.#cache.set(id, stamp, { entries: index.entries, root: folder, files });
  }
}

/** Stamps of the roots' Python, each taken once in one piece of work. */
class Stamps {
  readonly #known = new Map<string, Promise<string>>();

  constructor(
    private readonly files: LinkFiles,
    private readonly signal: AbortSignal,
  ) {}

  /** Of all roots that a model may link to. */
  async of(roots: readonly WorkspaceRoot[]): Promise<string> {
    return (await Promise.all(roots.map((root) => this.#one(root)))).join('+');
  }

  #one(root: WorkspaceRoot): Promise<string> {
    const key = root.folder.toString();
    const stamp = this.#known.get(key) ?? pythonStamp(root, this.files, this.signal);
    this.#known.set(key, stamp);
    return stamp;
  }
}

function isOn(): boolean {
  return vscode.workspace.getConfiguration('patchclamp').get<boolean>('links.indexWorkspace', true);
}
