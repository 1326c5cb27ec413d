/**
 * The neuron graph for a page: layers with their titles and lines, what units did in the shown run, and a unit's
 * strongest connections. Reads weights from the file and activations through the engine, both only when asked.
 */
import { isCancelled } from '../base/cancel';
import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/event';
import { Lru } from '../base/lru';
import type { NeuronMap, Selection, ShownLayer } from '../contract/hostApi';
import type { NeuronLinks, NeuronQuestion, UnitActivity } from '../contract/neurons';
import type { TensorData } from '../contract/tensor';
import type { Connections } from '../onnx/neurons/connections';
import type { FoundLayer } from '../onnx/neurons/found';
import type { sitePrefix } from '../onnx/site';
import type { EngineAccess } from './engineAccess';
import type { Content, OpenModel } from './openModel';
import type { RunController } from './runController';
import type { Weights } from './weights';

interface Known {
  readonly content: Content;
  readonly layers: readonly FoundLayer[];
  readonly connections: Connections;
  run: string | undefined;
  /** Values of that run, for who asks twice: what a layer did is also what the next one reads. */
  values: Lru<string, Promise<TensorData | null>>;
}

/** Where a value lies: in the graph itself, in a function written out, or in a body. */
type Place = 'main' | 'call' | 'body';

/** Values kept in memory. */
const KEPT = 6;
const WHOLE = { start: [], size: [] };

export class Neurons implements Disposable {
  readonly #known = new WeakMap<OpenModel, Promise<Known | undefined>>();
  readonly #contents = new WeakMap<OpenModel, Content>();
  /** Asked for by a command while no page was there to hear it. */
  readonly #wanted = new WeakMap<OpenModel, Selection>();
  readonly #asked = new Emitter<{ readonly model: OpenModel; readonly selection: Selection }>();
  readonly onDidAsk = this.#asked.event;

  constructor(
    private readonly engine: EngineAccess,
    private readonly runs: RunController,
    private readonly weights: Weights,
  ) {}

  /** *Open as Neurons*: pages of the model that are there open the view; one that comes asks `wanted`. */
  open(model: OpenModel, selection: Selection): void {
    this.#wanted.set(model, selection);
    this.#asked.fire({ model, selection });
  }

  /** What a command asked for, once. */
  wanted(model: OpenModel): Selection | null {
    const selection = this.#wanted.get(model) ?? null;
    this.#wanted.delete(model);
    return selection;
  }

  async map(model: OpenModel, selection: Selection): Promise<NeuronMap> {
    const known = await this.#of(model);
    this.#wanted.delete(model);
    if (known === undefined) return { revision: model.revision, layers: [], start: -1 };
    const { sitePrefix: prefixOf } = await import('../onnx/site');
    const layers = known.layers.map((layer) => shown(model, known.content, layer, prefixOf));
    return { revision: model.revision, layers, start: startOf(known, selection) };
  }

  async activity(model: OpenModel, layer: number, signal?: AbortSignal): Promise<UnitActivity> {
    const known = await this.#of(model);
    return known === undefined ? null : known.connections.activity(layer, signal);
  }

  async links(model: OpenModel, question: NeuronQuestion, signal?: AbortSignal): Promise<NeuronLinks> {
    const known = await this.#of(model);
    if (known === undefined) throw new Error('A model that was not read has no units.');
    return known.connections.links(question, signal);
  }

  dispose(): void {
    this.#asked.dispose();
  }

  /** Layers are found once for what is known of the model; another shown run forgets what the last one said. */
  async #of(model: OpenModel): Promise<Known | undefined> {
    const { content } = model;
    if (content === undefined) return undefined;
    let found = this.#known.get(model);
    if (found === undefined || this.#contents.get(model) !== content) {
      found = this.#find(model, content);
      this.#known.set(model, found);
      this.#contents.set(model, content);
    }
    const known = await found;
    const run = this.runs.shown(model)?.id;
    if (known !== undefined && known.run !== run) {
      known.run = run;
      known.connections.forgetRun();
      known.values = new Lru(KEPT);
    }
    return known;
  }

  async #find(model: OpenModel, content: Content): Promise<Known> {
    const { findLayers } = await import('../onnx/neurons/layers');
    const { Connections } = await import('../onnx/neurons/connections');
    const { inlineFunctions } = await import('../onnx/rewrite/inline');
    const { skeleton, types } = content;
    // What happens in a function happens in every call of it: each has units of its own.
    const inlined = inlineFunctions(skeleton);
    const called = new Set([...inlined.calls.values()].flat().flatMap(({ names }) => [...names.values()]));
    const { namesOf } = await import('../onnx/site');
    const names = namesOf(inlined.skeleton);
    const placeOf = (value: string): Place =>
      (names.find(value)?.path ?? '') !== '' ? 'body' : called.has(value) ? 'call' : 'main';
    const layers = findLayers(inlined.skeleton.graph, (name) => {
      const shape = types.get(name)?.shape;
      return shape?.map((dim) => (typeof dim === 'number' ? dim : undefined));
    });
    const never = new AbortController().signal;
    const connections = new Connections(layers, {
      readBox: (ref, box, signal) => this.weights.slice(model, ref, box, signal ?? never),
      activation: (value) => {
        const kept = known.values.get(value);
        if (kept !== undefined) return kept;
        // Whoever asked may go; the next one who asks for the same value is served by this run too.
        const asked = this.#activation(model, value, placeOf(value), never);
        const { values } = known;
        values.set(value, asked);
        asked.catch(() => values.delete(value));
        return asked;
      },
    });
    const known: Known = { content, layers, connections, run: undefined, values: new Lru(KEPT) };
    return known;
  }

  /**
   * A value of the shown run, computed again from its inputs; null without a run, or where the model has changed since.
   * Of values in functions and bodies a run keeps no summary; a branch that was not taken has nothing to give.
   */
  async #activation(
    model: OpenModel,
    value: string,
    place: Place,
    signal: AbortSignal,
  ): Promise<TensorData | null> {
    const run = this.runs.shown(model);
    if (run === undefined || this.runs.isStale(model, run)) return null;
    const feeds = await this.runs.feedsOf(model, run, signal);
    const fed = feeds[value];
    if (fed !== undefined) return fed;
    if (place === 'main' && !run.values.some(({ site }) => site === value)) return null;
    try {
      return await this.engine.value(model, feeds, value, WHOLE, signal);
    } catch (error) {
      // Weights are still to be seen where a body lets nothing out, or was not entered.
      if (place !== 'body' || isCancelled(error)) throw error;
      return null;
    }
  }
}

function shown(
  model: OpenModel,
  { skeleton, scopes, types }: Content,
  layer: FoundLayer,
  prefixOf: typeof sitePrefix,
): ShownLayer {
  const { id, kind, node, value, axis, units, heads, measure, sources, targets } = layer;
  const from = skeleton.nodes[node];
  const scope = from === undefined ? undefined : scopes.scopes[scopes.scopeOf[node] ?? 0];
  const place = model.links?.links[node]?.call?.place;
  return {
    id,
    kind,
    node,
    value,
    axis,
    units,
    heads,
    measure,
    sources,
    targets,
    title: scope === undefined || scope.id === 0 ? (from?.op ?? value) : scope.path,
    op: from?.op ?? '',
    selection: node < 0 ? { kind: 'value', name: value } : { kind: 'node', id: node },
    line: place === undefined ? '' : `${place.file}:${String(place.line)}`,
    address: prefixOf(skeleton, value, axis, types.get(value)?.shape?.length),
  };
}

/** The layer of what is selected: its own, the one whose units it holds, or a module's last. */
function startOf({ content, layers }: Pick<Known, 'content' | 'layers'>, selection: Selection): number {
  const weighted = layers.find((layer) => layer.weighted !== null) ?? layers[0];
  const fallback = weighted?.id ?? -1;
  const { skeleton, scopes, names } = content;
  switch (selection.kind) {
    case 'none':
      return fallback;
    case 'value': {
      const at = layers.find(({ value }) => value === selection.name);
      const made = names.producer(selection.name);
      if (at !== undefined || made === undefined) return at?.id ?? fallback;
      return startOf({ content, layers }, { kind: 'node', id: made.id });
    }
    case 'node': {
      const own = layers.find(({ node }) => node === selection.id);
      if (own !== undefined) return own.id;
      const outputs = skeleton.nodes[selection.id]?.outputs ?? [];
      const held = layers.find(({ value }) => outputs.includes(value));
      // The nearest layer before it, else the nearest behind.
      return held?.id ?? layers.findLast(({ node }) => node >= 0 && node <= selection.id)?.id ?? fallback;
    }
    case 'scope': {
      const scope = scopes.scopes.find(({ path }) => path === selection.path);
      if (scope === undefined) return fallback;
      const inside = new Set(names.within(scopes, scope));
      const own = layers.filter(({ node }) => inside.has(node));
      return (own.find((layer) => layer.weighted !== null) ?? own[0])?.id ?? fallback;
    }
  }
}
