/** What each command does, apart from search: a table over the parts of the graph. */
import type { Emphasis } from './emphasis';
import type { Command } from './keys';
import type { Navigation } from './navigation';
import { withAll } from './openness';
import type { Scene } from './scene';
import type { Stage } from './stage';
import { outOf, walk, type Step } from './walk';

export interface Parts {
  readonly scene: Scene;
  readonly stage: Stage;
  readonly navigation: Navigation;
  readonly emphasis: Emphasis;
  activate(box: number): void;
  trace(downstream: boolean): void;
  toggleOutline(): void;
  copy(): void;
  menu(): void;
  /** What the page around does. */
  tell(name: 'pc-table' | 'pc-neurons' | 'pc-overlays' | 'pc-clamp'): void;
  bookmark(): void;
  show(part: 'bookmarks' | 'save' | 'keys' | 'scale'): void;
  search(): void;
  clear(): void;
  step(step: 1 | -1): void;
}

const panBy = 80;

export function actionsOf(parts: Parts): Readonly<Record<Command, () => void>> {
  const { scene, stage, navigation, emphasis } = parts;
  const pan = (dx: number, dy: number) => (): void => {
    stage.look({ ...stage.camera, x: stage.camera.x + dx, y: stage.camera.y + dy });
  };
  const go = (box: number): void => {
    if (box >= 0) navigation.goTo(scene.refOf(box), false);
  };
  const move = (step: Step) => (): void => go(walk(scene, emphasis.selected, step));
  return {
    up: move('up'),
    down: move('down'),
    left: move('left'),
    right: move('right'),
    panUp: pan(0, panBy),
    panDown: pan(0, -panBy),
    panLeft: pan(panBy, 0),
    panRight: pan(-panBy, 0),
    activate: () => parts.activate(emphasis.selected),
    out: () => go(emphasis.selected < 0 ? -1 : outOf(scene, emphasis.selected)),
    clear: () => parts.clear(),
    zoomIn: () => stage.zoom(1.4),
    zoomOut: () => stage.zoom(1 / 1.4),
    fit: () => stage.fit(scene.bounds),
    center: () => {
      if (emphasis.selected >= 0) stage.center(scene.rect(emphasis.selected));
    },
    expandAll: () => navigation.change((open, model) => withAll(open, model, true)),
    collapseAll: () => navigation.change((open, model) => withAll(open, model, false)),
    repeats: () => navigation.change((open) => ({ ...open, foldRepeats: !open.foldRepeats })),
    plumbing: () => navigation.change((open) => ({ ...open, foldPlumbing: !open.foldPlumbing })),
    search: () => parts.search(),
    next: () => parts.step(1),
    previous: () => parts.step(-1),
    back: () => navigation.travel(-1),
    forward: () => navigation.travel(1),
    outline: () => parts.toggleOutline(),
    upstream: () => parts.trace(false),
    downstream: () => parts.trace(true),
    copy: () => parts.copy(),
    table: () => parts.tell('pc-table'),
    bookmark: () => parts.bookmark(),
    neurons: () => parts.tell('pc-neurons'),
    clamp: () => parts.tell('pc-clamp'),
    overlay: () => parts.tell('pc-overlays'),
    bookmarks: () => parts.show('bookmarks'),
    save: () => parts.show('save'),
    scale: () => parts.show('scale'),
    keys: () => parts.show('keys'),
    menu: () => parts.menu(),
  };
}
