/** The pieces of markup around the canvas: toolbar, breadcrumbs, scrubber of folded blocks, tooltip. */
import { html, nothing } from 'lit';
import type { GraphModel } from '../../src/contract/graphModel';
import type { Bookmark } from '../../src/contract/hostApi';
import type { FactLines } from './facts';
import { icons } from './icons';
import { keyList } from './keyList';
import type { Command } from './keys';
import './menu';
import type { Openness } from './openness';
import type { FixedScale, GraphOverlay } from './overlay';
import './scaleLegend';
import './searchBox';
import type { Searching } from './searching';
import type { Saving } from './sharing';
import { phrase, type GraphWord } from './words';

type Words = Readonly<Record<string, string>>;

export interface BarState {
  readonly words: Words;
  readonly open: Openness | undefined;
  readonly canGoBack: boolean;
  readonly canGoForward: boolean;
  readonly outlined: boolean;
  run(command: Command): void;
  save(saving: Saving): void;
  readonly bookmarks: readonly Bookmark[];
  mark(): void;
  goTo(bookmark: Bookmark): void;
  forget(bookmark: Bookmark): void;
  /** What it stands for is in this version of the model no more. */
  isGone(bookmark: Bookmark): boolean;
}

export function renderBar(state: BarState): unknown {
  const button = (
    key: GraphWord,
    icon: unknown,
    command: Command,
    pressed?: boolean,
    enabled = true,
  ): unknown => {
    const word = phrase(state.words, key);
    return html`<button
      title=${word}
      aria-label=${word}
      aria-pressed=${pressed === undefined ? nothing : String(pressed)}
      ?disabled=${!enabled}
      @click=${() => {
        state.run(command);
      }}
    >
      ${icon}
    </button>`;
  };
  const { open } = state;
  return html`<div class="bar" role="toolbar" aria-label=${phrase(state.words, 'graph')}>
    ${button('showOutline', icons.outline, 'outline', state.outlined)}
    ${button('find', icons.search, 'search')}
    <span class="gap"></span>
    ${button('back', icons.back, 'back', undefined, state.canGoBack)}
    ${button('forward', icons.forward, 'forward', undefined, state.canGoForward)}
    <span class="gap"></span>
    ${button('expandAll', icons.expandAll, 'expandAll')}
    ${button('collapseAll', icons.collapseAll, 'collapseAll')}
    ${button('repeats', icons.repeats, 'repeats', open?.foldRepeats ?? true)}
    ${button('plumbing', icons.plumbing, 'plumbing', open?.foldPlumbing === false)}
    <span class="gap"></span>
    ${button('zoomOut', icons.zoomOut, 'zoomOut')} ${button('zoomIn', icons.zoomIn, 'zoomIn')}
    ${button('fit', icons.fit, 'fit')}
    <span class="gap"></span>
    ${button('table', icons.table, 'table')} ${button('neurons', icons.neurons, 'neurons')}
    ${renderBookmarks(state)} ${renderSave(state)} ${renderKeys(state)}
  </div>`;
}

const savings: Readonly<Record<string, Saving>> = {
  svgWhole: { kind: 'svg', area: 'whole' },
  svgView: { kind: 'svg', area: 'view' },
  pngWhole: { kind: 'png', area: 'whole' },
  pngView: { kind: 'png', area: 'view' },
};

function renderSave(state: BarState): unknown {
  return html`<pc-graph-menu
    class="save shows-save"
    .label=${phrase(state.words, 'save')}
    .icon=${icons.save}
    .items=${(['svgWhole', 'svgView', 'pngWhole', 'pngView'] as const).map((key) => ({ key, label: phrase(state.words, key) }))}
    @menu-choose=${({ detail }: CustomEvent<string>) => {
      const saving = savings[detail];
      if (saving !== undefined) state.save(saving);
    }}
  ></pc-graph-menu>`;
}

/** Every command with its key; choosing one does it. */
function renderKeys(state: BarState): unknown {
  return html`<pc-graph-menu
    class="shows-keys"
    .label=${phrase(state.words, 'keys')}
    .icon=${icons.keys}
    .items=${keyList.map(([command, word]) => ({ key: command, label: phrase(state.words, word) }))}
    @menu-choose=${({ detail, currentTarget }: CustomEvent<string>) => {
      // The list is gone, and with it the focus: what is chosen works on the drawing, or takes the focus itself.
      const root = currentTarget instanceof Node ? currentTarget.getRootNode() : null;
      if (root instanceof ShadowRoot && root.host instanceof HTMLElement) root.host.focus();
      const chosen = keyList.find(([command]) => command === detail);
      if (chosen !== undefined) state.run(chosen[0]);
    }}
  ></pc-graph-menu>`;
}

function renderBookmarks(state: BarState): unknown {
  const { words, bookmarks } = state;
  const hintOf = (index: number): { hint?: string } => {
    const bookmark = bookmarks[index];
    if (bookmark !== undefined && state.isGone(bookmark)) return { hint: phrase(words, 'bookmarkGone') };
    return index === 0 ? { hint: phrase(words, 'bookmarkKeys') } : {};
  };
  const kept = bookmarks.map(({ label }, index) => ({
    key: String(index),
    label,
    removable: true,
    ...hintOf(index),
  }));
  return html`<pc-graph-menu
    class="bookmarks shows-bookmarks"
    .label=${phrase(words, 'bookmarks')}
    .icon=${icons.bookmark}
    .items=${[...kept, { key: 'mark', label: phrase(words, 'bookmark') }]}
    @menu-choose=${({ detail }: CustomEvent<string>) => {
      const bookmark = bookmarks[Number(detail)];
      if (bookmark === undefined) state.mark();
      else state.goTo(bookmark);
    }}
    @menu-remove=${({ detail }: CustomEvent<string>) => {
      const bookmark = bookmarks[Number(detail)];
      if (bookmark !== undefined) state.forget(bookmark);
    }}
  ></pc-graph-menu>`;
}

/** The search line while a search is open. */
export function renderSearch(
  searching: Searching,
  words: Words,
  on: { text(text: string): void; step(step: 1 | -1): void; close(): void },
): unknown {
  if (!searching.open) return nothing;
  return html`<pc-graph-search
    .words=${words}
    .text=${searching.text}
    .status=${searching.status(words)}
    .invalid=${searching.invalid}
    @search-text=${({ detail }: CustomEvent<string>) => {
      on.text(detail);
    }}
    @search-step=${({ detail }: CustomEvent<1 | -1>) => {
      on.step(detail);
    }}
    @search-close=${() => {
      on.close();
    }}
  ></pc-graph-search>`;
}

/** Where the selection lies: the model, then each module around it, then itself. */
export function renderCrumbs(
  model: GraphModel,
  ref: number | null,
  words: Words,
  choose: (ref: number | null) => void,
): unknown {
  if (ref === null) return nothing;
  const { scopes, nodes, strings } = model;
  const chain: { ref: number | null; name: string }[] = [];
  for (
    let scope = ref < 0 ? -1 - ref : (nodes.scope[ref] ?? 0);
    scope > 0;
    scope = scopes.parent[scope] ?? 0
  ) {
    chain.unshift({ ref: -1 - scope, name: strings[scopes.name[scope] ?? 0] ?? '' });
  }
  chain.unshift({ ref: null, name: phrase(words, 'model') });
  if (ref >= 0) chain.push({ ref, name: strings[nodes.op[ref] ?? 0] ?? '' });
  const shown = chain.length > 12 ? [...chain.slice(0, 2), ...chain.slice(-9)] : chain;
  return html`<nav class="crumbs" aria-label=${phrase(words, 'graph')}>
    ${shown.map(
      (crumb, index) =>
        html`${index === 0 ? nothing : html`<span aria-hidden="true">›</span>`}<button
            @click=${() => {
              choose(crumb.ref);
            }}
          >
            ${clip(crumb.name)}
          </button>`,
    )}
  </nav>`;
}

/** What the colours mean, while there are any. */
export function renderLegend(
  overlay: GraphOverlay | null,
  fixed: FixedScale | null,
  words: Words,
  fix: (fixed: FixedScale | null) => void,
): unknown {
  if (overlay === null) return nothing;
  return html`<pc-graph-legend
    class="shows-scale"
    .overlay=${overlay}
    .fixed=${fixed}
    .words=${words}
    @scale-fix=${({ detail }: CustomEvent<FixedScale | null>) => {
      fix(detail);
    }}
  ></pc-graph-legend>`;
}

/** Steps through the blocks of a folded run. */
export function renderScrubber(
  run: readonly number[],
  shown: number,
  name: string,
  words: Words,
  show: (index: number) => void,
): unknown {
  const label = phrase(words, 'repeatOf', shown + 1, run.length);
  return html`<div class="scrub">
    <span>${clip(name)}</span>
    <input
      type="range"
      min="0"
      max=${run.length - 1}
      .value=${String(shown)}
      aria-label=${label}
      aria-valuetext=${label}
      @change=${(event: Event) => {
        show(Number((event.target as HTMLInputElement).value));
      }}
    />
    <span>${label}</span>
  </div>`;
}

/** While a layout takes its time: a bar, then a word and a way out. */
export function renderBusy(busy: number, nodes: number, words: Words, stop: () => void): unknown {
  if (busy === 0) return nothing;
  const note = html`<div class="note" role="status">
    ${phrase(words, 'laying', nodes)}
    <button class="plain" @click=${stop}>${phrase(words, 'stop')}</button>
  </div>`;
  return html`<div class="progress"></div>
    ${busy > 1 ? note : nothing}`;
}

export function renderTip(
  tip: (FactLines & { readonly x: number; readonly y: number }) | null,
  width: number,
  height: number,
): unknown {
  if (tip === null) return nothing;
  const lines = [tip.title, ...tip.lines];
  const left = Math.max(4, Math.min(tip.x + 14, width - 300));
  const below = tip.y + 18 + lines.length * 17 + 10 < height;
  const place = below ? `top:${String(tip.y + 18)}px` : `bottom:${String(height - tip.y + 10)}px`;
  return html`<div
    class="tip"
    role="tooltip"
    aria-label=${tip.title}
    .style=${`left:${String(left)}px;${place}`}
  >
    ${lines.map((line) => html`<div>${clip(line, 160)}</div>`)}
  </div>`;
}

function clip(text: string, most = 60): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
