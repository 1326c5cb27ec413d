/**
 * Moving about: opening and closing, going to something wherever it is hidden, back and forward. Keeps what was clicked
 * where it is. Holds the session and the journey; the stage shows what comes of it.
 */
import type { GraphModel } from '../../src/contract/graphModel';
import type { Selection } from '../../src/contract/hostApi';
import { visible } from './camera';
import type { Emphasis } from './emphasis';
import { Journey, type Place } from './journey';
import { withAncestors, withOpen, type Openness } from './openness';
import type { Scene } from './scene';
import { boxOfRef, refOf, scopeAround, selectionOfRef } from './selecting';
import type { GraphSession } from './session';
import type { Stage } from './stage';
import { outOf } from './walk';

export interface NavigationOwner {
  readonly stage: Stage;
  readonly session: GraphSession;
  readonly emphasis: Emphasis;
  /** A person selected something. */
  onSelect(selection: Selection): void;
  /** What is open changed: worth keeping. */
  onOpenness(): void;
}

export class Navigation {
  readonly #owner: NavigationOwner;
  readonly #journey = new Journey();
  /** What to bring into view once it is drawn. */
  #waitingFor: number | null = null;
  #returningTo: Place | undefined;

  constructor(owner: NavigationOwner) {
    this.#owner = owner;
  }

  get canGoBack(): boolean {
    return this.#journey.canGoBack;
  }

  get canGoForward(): boolean {
    return this.#journey.canGoForward;
  }

  /** A new drawing is there. */
  arriveAt(scene: Scene, first: boolean): void {
    const { stage } = this.#owner;
    if (first) {
      stage.firstLook(scene.bounds);
      this.#journey.clear();
      this.#arrive();
    }
    if (this.#returningTo !== undefined) {
      stage.look(this.#returningTo.camera);
      this.#returningTo = undefined;
    }
    if (this.#waitingFor !== null) {
      const box = boxOfRef(scene, this.#waitingFor);
      this.#waitingFor = null;
      if (box >= 0) stage.reveal(scene.rect(box));
      this.#refresh();
    }
  }

  /** Selects as a person does. */
  select(ref: number | null): void {
    const { emphasis, stage } = this.#owner;
    const { scene } = this.#owner.session;
    if (scene === undefined) return;
    emphasis.select(ref);
    this.#owner.onSelect(ref === null ? { kind: 'none' } : selectionOfRef(scene.model, ref));
    stage.schedule();
  }

  /** Selects a ref and brings it into view; with `open`, opens what hides it. */
  goTo(ref: number, open: boolean): void {
    const { stage } = this.#owner;
    const { scene } = this.#owner.session;
    if (scene === undefined) return;
    this.#refresh();
    this.select(ref);
    const box = boxOfRef(scene, ref);
    if (open && (box < 0 || scene.refOf(box) !== ref)) {
      this.#waitingFor = ref;
      const scope = scopeAround(scene.model, ref);
      this.change(
        (state, model) => withAncestors(state, model, scope),
        box < 0 ? undefined : scene.scopeOf(box),
      );
      return;
    }
    if (box >= 0) stage.reveal(scene.rect(box));
    this.#arrive();
  }

  /** Someone else selected: shown where it is not in view; nothing opens by itself. */
  follow(selection: Selection): void {
    const { emphasis, stage } = this.#owner;
    const { scene } = this.#owner.session;
    if (scene === undefined) return;
    const ref = refOf(scene.model, selection);
    if (ref === emphasis.ref) return;
    emphasis.select(ref);
    if (emphasis.selected >= 0) stage.reveal(scene.rect(emphasis.selected));
  }

  toggle(scope: number): void {
    const isOpen = this.#owner.session.openness?.expanded.has(scope) === true;
    this.change((open) => withOpen(open, scope, !isOpen), scope);
  }

  /** Changes what is open. Without an anchor, the outermost module at the selection or in view stays where it is. */
  change(change: (open: Openness, model: GraphModel) => Openness, anchor?: number): void {
    const { session, stage } = this.#owner;
    const { openness, scene } = session;
    if (openness === undefined || scene === undefined) return;
    this.#refresh();
    const next = change(openness, scene.model);
    stage.keep();
    session.change(next, anchor ?? this.#steady(scene));
    this.#owner.onOpenness();
    this.#arrive();
  }

  travel(step: -1 | 1): void {
    const { session, stage } = this.#owner;
    const { scene } = session;
    if (scene === undefined) return;
    this.#refresh();
    const place = this.#journey.go(step);
    if (place === undefined) return;
    this.#owner.emphasis.select(refOf(scene.model, place.selection));
    this.#owner.onSelect(place.selection);
    if (place.open === session.openness) {
      stage.glide(place.camera);
      return;
    }
    this.#returningTo = place;
    session.change(place.open);
    this.#owner.onOpenness();
  }

  /** The scope whose box should not move when much opens or closes at once. */
  #steady(scene: Scene): number | undefined {
    const { stage, emphasis } = this.#owner;
    const view = visible(stage.camera, stage.width, stage.height);
    let box =
      emphasis.selected >= 0 ? emphasis.selected : scene.boxAt(view.x + view.w / 2, view.y + view.h / 3);
    // The outermost module around it is there whatever opens or closes.
    while (box >= 0 && outOf(scene, box) >= 0) box = outOf(scene, box);
    if (box >= 0 && scene.scopeOf(box) >= 0) return scene.scopeOf(box);
    const inView = (candidate: number): boolean => {
      const rect = scene.rect(candidate);
      return rect.y + rect.h > view.y && rect.y < view.y + view.h;
    };
    const { boxes } = scene.result;
    for (let other = 0; other < boxes.count; other++) {
      if (boxes.parent[other] === -1 && scene.scopeOf(other) >= 0 && inView(other))
        return scene.scopeOf(other);
    }
    return undefined;
  }

  #place(): Place | undefined {
    const { stage, session, emphasis } = this.#owner;
    const { openness: open, scene } = session;
    if (open === undefined || scene === undefined) return undefined;
    const selection: Selection =
      emphasis.ref === null ? { kind: 'none' } : selectionOfRef(scene.model, emphasis.ref);
    return { open, camera: stage.camera, selection };
  }

  #arrive(): void {
    const place = this.#place();
    if (place !== undefined) this.#journey.arrive(place);
  }

  #refresh(): void {
    const place = this.#place();
    if (place !== undefined) this.#journey.refresh(place);
  }
}
