/**
 * One model the editor knows: what was read of it, where its nodes come from, what is selected, and which run is shown.
 * The state is complete snapshots; whoever listens reads what it needs again. Knows nothing of webviews and panels.
 */
import * as vscode from 'vscode';
import { isCancelled } from '../base/cancel';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter } from '../base/event';
import type { GraphModel } from '../contract/graphModel';
import type { Selection, Trouble, ViewEvents } from '../contract/hostApi';
import type { LinkTable } from '../contract/link';
import { LineIndex, nodesWithin } from './lineIndex';
import type { Linker } from './linker';
import type { ModelReader, Reading } from './reading';
import { WorkspaceRoot } from './sourceRoot';
import { toTrouble } from './trouble';
import { ValueTypes } from './valueTypes';
import { selectionAfter } from './selectionAfter';
import { ValueIndex } from './valueIndex';

/** What changed: `content` is the file, `links` its places in source, `runs` everything about running. */
export type Aspect = 'content' | 'links' | 'types' | 'runs' | 'selection' | 'editors';
export type Origin = ViewEvents['selection']['origin'];

export interface Content extends Reading {
  readonly types: ValueTypes;
  readonly names: ValueIndex;
}

export class OpenModel implements Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = new Emitter<Aspect>();
  readonly onDidChange = this.#changed.event;
  #reading: AbortController | undefined;
  #linking: AbortController | undefined;
  #content: Content | undefined;
  #trouble: Trouble | undefined;
  #links: LinkTable | undefined;
  #index = LineIndex.empty;
  #root: WorkspaceRoot;
  #selection: Selection = { kind: 'none' };
  #origin: Origin = 'command';
  #revision = 0;
  #editors = 0;
  #whenRead: Promise<void> | undefined;

  constructor(
    readonly uri: vscode.Uri,
    private readonly home: WorkspaceRoot,
    private readonly reader: ModelReader,
    private readonly linker: Linker,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#store.add(this.#changed);
    this.#root = home;
  }

  /** The folder whose Python it links to: its own, or another of the workspace where that leads nowhere. */
  get root(): WorkspaceRoot {
    return this.#root;
  }

  /** Every folder that may be it, its own first. */
  get roots(): readonly [WorkspaceRoot, ...WorkspaceRoot[]] {
    return WorkspaceRoot.around(this.home);
  }

  /** The name a person knows it by. */
  get name(): string {
    return this.uri.path.slice(this.uri.path.lastIndexOf('/') + 1);
  }

  get relativePath(): string {
    return vscode.workspace.asRelativePath(this.uri);
  }

  /** Undefined until read, and when nothing can be shown. */
  get content(): Content | undefined {
    return this.#content;
  }

  /** Why nothing, or not the newest version, is shown. */
  get trouble(): Trouble | undefined {
    return this.#trouble;
  }

  get links(): LinkTable | undefined {
    return this.#links;
  }

  get index(): LineIndex {
    return this.#index;
  }

  get selection(): Selection {
    return this.#selection;
  }

  get origin(): Origin {
    return this.#origin;
  }

  get revision(): number {
    return this.#revision;
  }

  /** How many editors show it; 0 for one that is only known from the workspace. */
  get editors(): number {
    return this.#editors;
  }

  /** Registers an editor that shows it, until disposed. */
  addEditor(): Disposable {
    this.#editors++;
    this.#fire('editors');
    let open = true;
    return {
      dispose: () => {
        if (!open) return;
        open = false;
        this.#editors--;
        this.#fire('editors');
      },
    };
  }

  /** True once somebody has asked for its content. */
  get wasRead(): boolean {
    return this.#whenRead !== undefined;
  }

  /** Resolves when it has been read once, whether that worked or not. */
  ready(): Promise<void> {
    this.#whenRead ??= this.read();
    return this.#whenRead;
  }

  /** Reads the file again. A version that cannot be read leaves the last good one in place, with the reason. */
  async read(): Promise<void> {
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    this.#whenRead ??= Promise.resolve();
    const before = this.#content;
    try {
      const started = performance.now();
      const read = await this.reader.read(this.uri, reading.signal);
      if (reading.signal.aborted) return;
      const { skeleton } = read;
      const content = { ...read, types: new ValueTypes(skeleton), names: new ValueIndex(skeleton) };
      this.#content = content;
      this.#trouble = undefined;
      this.log.info(
        `Read ${this.relativePath}: ${String(content.skeleton.nodes.length)} nodes in ${(performance.now() - started).toFixed(0)} ms.`,
      );
    } catch (error) {
      if (isCancelled(error) || reading.signal.aborted) return;
      this.log.warn(
        `Cannot read ${this.relativePath}:`,
        error instanceof Error ? error.message : String(error),
      );
      const { what, remedy, code } = toTrouble(error);
      this.#trouble = { what: what.replaceAll(this.uri.fsPath, this.relativePath), remedy, code };
    }
    this.#fire('content');
    const now = this.#content;
    if (before !== undefined && now !== undefined && now !== before) this.#selectAgain(before, now);
    void this.link();
  }

  /** The page goes by numbers of nodes, which are other ones now. */
  #selectAgain(before: Content, now: Content): void {
    const selection = selectionAfter(this.#selection, before, now);
    if (JSON.stringify(selection) !== JSON.stringify(this.#selection)) this.select(selection, 'command');
  }

  /** Finds its places in source again. Never rejects: links are an addition, and what fails is logged. */
  async link(): Promise<void> {
    this.#linking?.abort();
    const content = this.#content;
    if (content === undefined) return;
    const linking = new AbortController();
    this.#linking = linking;
    try {
      const { table: links, root } = await this.linker.linkAmong(
        this.uri.toString(),
        content,
        this.roots,
        linking.signal,
      );
      // Not the object: inferred types may have been added to it meanwhile.
      if (linking.signal.aborted || this.#content?.skeleton !== content.skeleton) return;
      this.#links = links;
      this.#root = root;
      this.#index = LineIndex.of(links, (path) => nodesWithin(content.scopes, path));
      this.#fire('links');
    } catch (error) {
      if (!isCancelled(error)) this.log.error(`Cannot link ${this.relativePath}:`, String(error));
    }
  }

  /** Takes over places in source that are known without its content. What was read in the meantime is newer. */
  restore(index: LineIndex, folder: string): void {
    if (this.#content !== undefined) return;
    this.#root = this.roots.find((root) => root.folder.toString() === folder) ?? this.home;
    this.#index = index;
    this.#fire('links');
  }

  select(selection: Selection, origin: Origin): void {
    this.#selection = selection;
    this.#origin = origin;
    this.#fire('selection');
  }

  /** Tells listeners that something kept outside (runs) has changed. */
  touch(aspect: 'runs'): void {
    this.#fire(aspect);
  }

  /** Adds the types the runtime inferred, with a graph that shows them. */
  setTypes(types: ValueTypes, graph: GraphModel): void {
    if (this.#content === undefined) return;
    this.#content = { ...this.#content, types, graph };
    this.#fire('types');
  }

  /** Drops what was read, as nobody looks at it; where it is in source stays known. It is read again when asked for. */
  release(): void {
    this.#reading?.abort();
    this.#linking?.abort();
    this.#content = undefined;
    this.#links = undefined;
    this.#trouble = undefined;
    this.#whenRead = undefined;
    this.#fire('content');
  }

  dispose(): void {
    this.#reading?.abort();
    this.#linking?.abort();
    this.#store.dispose();
  }

  #fire(aspect: Aspect): void {
    this.#revision++;
    this.#changed.fire(aspect);
  }
}
