/**
 * One model being looked at: what is open, the latest drawing, and the way from one to the next through the layout
 * worker. Knows no screen; tells its owner of new scenes and of work that takes long.
 */
import { isCancelled } from '../../src/base/cancel';
import { describe } from '../../src/base/errors';
import type { GraphModel } from '../../src/contract/graphModel';
import { LayoutClient, type MakeWorker } from './layoutClient';
import { initialOpenness, loadOpenness, type Openness } from './openness';
import { Scene } from './scene';

export interface SessionOwner {
  /** A new scene is there; `before` is what it replaces, undefined for a model's first. */
  onScene(scene: Scene, before: Scene | undefined): void;
  /** Since when a layout has been running, or 0. */
  onBusy(since: number): void;
  onTrouble(text: string): void;
}

export class GraphSession {
  readonly #owner: SessionOwner;
  readonly #client: LayoutClient;
  #model: GraphModel | undefined;
  #open: Openness | undefined;
  #scene: Scene | undefined;
  #revision = 0;

  constructor(owner: SessionOwner, makeWorker: MakeWorker) {
    this.#owner = owner;
    this.#client = new LayoutClient(makeWorker);
  }

  get scene(): Scene | undefined {
    return this.#scene;
  }

  get openness(): Openness | undefined {
    return this.#open;
  }

  /** Shows a model. One of the same structure (types became known, say) keeps the drawing as it is. */
  show(model: GraphModel, saved: unknown): void {
    const before = this.#model;
    if (model === before) return;
    const scene = this.#scene;
    this.#model = model;
    if (before !== undefined && scene !== undefined && sameStructure(before, model)) {
      this.#client.open(model);
      this.#setScene(new Scene(model, scene.drawing), scene);
      return;
    }
    this.#client.open(model);
    // A model exported anew keeps what was open, by path.
    this.#open = loadOpenness(saved, model) ?? initialOpenness(model);
    this.#scene = undefined;
    void this.#layOut();
  }

  /** Changes what is open; the box of scope `anchor` keeps its corner. */
  change(open: Openness, anchor?: number): void {
    this.#open = open;
    void this.#layOut(anchor);
  }

  /** Ends the running layout and shows the model collapsed. */
  stop(): void {
    this.#revision++;
    this.#client.stop();
    this.#owner.onBusy(0);
    if (this.#open !== undefined) this.change({ ...this.#open, expanded: new Set() });
  }

  dispose(): void {
    this.#revision++;
    this.#client.stop();
  }

  async #layOut(anchor?: number): Promise<void> {
    const model = this.#model;
    const open = this.#open;
    if (model === undefined || open === undefined) return;
    const revision = ++this.#revision;
    const current = (): boolean => revision === this.#revision;
    this.#owner.onBusy(performance.now());
    const before = this.#scene;
    const box = anchor === undefined ? -1 : (before?.ownBoxOfScope(anchor) ?? -1);
    const rect = box < 0 ? undefined : before?.rect(box);
    try {
      const { expanded, foldRepeats, foldPlumbing, repeatShown } = open;
      const drawing = await this.#client.layout({
        expanded,
        foldRepeats,
        foldPlumbing,
        repeatShown,
        ...(anchor === undefined || rect === undefined
          ? {}
          : { anchor: { scope: anchor, x: rect.x, y: rect.y } }),
      });
      if (current()) this.#setScene(new Scene(model, drawing), before);
    } catch (error) {
      if (current() && !isCancelled(error)) this.#owner.onTrouble(describe(error));
    } finally {
      if (current()) this.#owner.onBusy(0);
    }
  }

  #setScene(scene: Scene, before: Scene | undefined): void {
    this.#scene = scene;
    this.#owner.onScene(scene, before);
  }
}

/** Equal wiring, operators, scopes and facts: a drawing of one is a drawing of the other. */
function sameStructure(a: GraphModel, b: GraphModel): boolean {
  return (
    a.nodes.count === b.nodes.count &&
    a.values.count === b.values.count &&
    same(a.edges.from, b.edges.from) &&
    same(a.edges.to, b.edges.to) &&
    same(a.edges.value, b.edges.value) &&
    same(a.nodes.scope, b.nodes.scope) &&
    same(a.scopes.parent, b.scopes.parent) &&
    sameText(a, b, a.nodes.op, b.nodes.op) &&
    sameText(a, b, a.nodes.name, b.nodes.name) &&
    sameText(a, b, a.nodes.detail, b.nodes.detail) &&
    sameText(a, b, a.scopes.path, b.scopes.path)
  );
}

function same(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

function sameText(a: GraphModel, b: GraphModel, x: Int32Array, y: Int32Array): boolean {
  return x.length === y.length && x.every((value, index) => a.strings[value] === b.strings[y[index] ?? -1]);
}
