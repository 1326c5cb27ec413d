/**
 * From a selection to the lines of the inspector: facts, attributes, values, weights, and where it comes from. Reads
 * what is in memory only; statistics of weights are read when someone asks for them.
 */
import { l10n } from 'vscode';
import type { Fact, Inspection, Selection, ValueFact, WeightFact } from '../contract/hostApi';
import type { LinkTable } from '../contract/link';
import type { Scope } from '../contract/scopes';
import type { GraphPath, Node, WeightRef } from '../contract/skeleton';
import type { TensorSummary } from '../contract/tensor';
import { printStamp } from '../study/runs';
import { frameText, libraryFrames } from '../source/libraryFiles';
import { formatBytes, formatCount } from '../tensor/format';
import { attributeFact } from './attributeText';
import type { OpenModel } from './openModel';
import { typeText } from './valueTypes';
import { siteText, type ValueIndex } from './valueIndex';

/** What a run recorded of a value; the host keeps these in memory. */
export interface Recorded {
  /** Of the version that ran. */
  readonly type: string;
  /** True when the model's files have changed since. */
  readonly stale: boolean;
  readonly summary: TensorSummary | null;
}

export interface RecordedValues {
  shown(value: string): Recorded | undefined;
  other(value: string): Recorded | undefined;
  /** What pictures of values take from elsewhere, as a text that changes with it. */
  readonly drawnWith: string;
  weight(ref: WeightRef): TensorSummary | undefined;
  /** The shown run is of another version of the model: nothing can be added to it. */
  readonly stale: boolean;
}

const PLACE_LIMIT = 12;
const PEER_LIMIT = 40;

/** What the inspector shows of a selection; the model as a whole when nothing is selected. */
export function inspect(model: OpenModel, selection: Selection, recorded: RecordedValues): Inspection {
  const context = new Context(model, recorded);
  switch (selection.kind) {
    case 'node':
      return selection.id < 0 ? context.port(selection.id) : context.node(selection.id);
    case 'scope':
      return context.scope(selection.path);
    case 'value':
      return context.value(selection.name);
    case 'none':
      return context.model();
  }
}

class Context {
  constructor(
    private readonly open: OpenModel,
    private readonly recorded: RecordedValues,
  ) {}

  model(): Inspection {
    const { skeleton } = this.#content;
    const opsets = skeleton.opsets.map(
      ({ domain, version }) => `${domain === '' ? 'ai.onnx' : domain} ${String(version)}`,
    );
    const facts: Fact[] = [
      { label: l10n.t('Nodes'), text: formatCount(skeleton.nodes.length) },
      {
        label: l10n.t('Parameters'),
        text: formatCount(skeleton.parameters),
        full: String(skeleton.parameters),
      },
      {
        label: l10n.t('Weights'),
        text: formatBytes(skeleton.weightBytes),
        full: `${String(skeleton.weightBytes)} B`,
      },
      { label: l10n.t('Opsets'), text: opsets.length === 0 ? l10n.t('none stated') : opsets.join(', ') },
      { label: l10n.t('IR version'), text: String(skeleton.irVersion) },
    ];
    const producer = `${skeleton.producer} ${skeleton.producerVersion}`.trim();
    if (producer !== '') facts.push({ label: l10n.t('Exporter'), text: producer });
    const { links } = this.open;
    if (links !== undefined) {
      const { exact, inferred, none } = links.counts;
      facts.push({
        label: l10n.t('Links to source'),
        text: l10n.t('{0} exact, {1} inferred, {2} none', exact, inferred, none),
      });
    }
    const metadata = Object.entries(skeleton.metadata).map(([label, text]) => ({ label, text }));
    return {
      ...EMPTY,
      selection: { kind: 'none' },
      title: this.open.name,
      subtitle: l10n.t('Model'),
      facts,
      attributes: metadata,
      inputs: skeleton.graph.inputs.map(({ name }) => this.#value(name)),
      outputs: skeleton.graph.outputs.map(({ name }) => this.#value(name)),
      unlinked: links === undefined ? null : unlinkedReason(links),
    };
  }

  node(id: number): Inspection {
    const { skeleton, scopes } = this.#content;
    const node = skeleton.nodes[id];
    if (node === undefined) return this.model();
    const scope = scopes.scopes[scopes.scopeOf[id] ?? 0];
    const facts: Fact[] = [
      { label: l10n.t('Operator'), text: node.domain === '' ? node.op : `${node.domain}.${node.op}` },
      { label: l10n.t('Name'), text: node.name === '' ? l10n.t('(none)') : node.name },
    ];
    if (scope !== undefined && scope.id !== 0) facts.push(scopeFact(scope));
    if (node.graph !== '') facts.push({ label: l10n.t('In'), text: node.graph });
    if (node.doc !== '') facts.push({ label: l10n.t('Doc'), text: node.doc });
    const weights = node.inputs
      .map((name) => this.#names.weight(node, name))
      .filter((ref) => ref !== undefined);
    return {
      ...EMPTY,
      selection: { kind: 'node', id },
      title: node.op,
      subtitle: node.name,
      facts,
      attributes: node.attributes.map(attributeFact),
      inputs: node.inputs
        .filter((name) => name !== '' && this.#names.weight(node, name) === undefined)
        .map((name) => this.#value(name, node.graph)),
      outputs: node.outputs.filter((name) => name !== '').map((name) => this.#value(name, node.graph)),
      weights: weights.map((ref) => this.#weight(ref)),
      link: this.open.links?.links[id] ?? null,
      frames: libraryFrames(node).map(frameText),
    };
  }

  /** A graph input or output, by the row id the graph gives it. */
  port(id: number): Inspection {
    const { graph } = this.#content.skeleton;
    const info = id <= -1_000_001 ? graph.outputs[-1_000_001 - id] : graph.inputs[-1 - id];
    if (info === undefined) return this.model();
    const inspection = this.value(info.name);
    return {
      ...inspection,
      selection: { kind: 'node', id },
      subtitle: id <= -1_000_001 ? l10n.t('Output of the model') : l10n.t('Input of the model'),
    };
  }

  value(name: string): Inspection {
    const fact = this.#value(name);
    return {
      ...EMPTY,
      selection: { kind: 'value', name },
      title: name,
      subtitle: l10n.t('Value'),
      facts: fact.type === '' ? [] : [{ label: l10n.t('Type'), text: fact.type }],
      outputs: [fact],
      link: this.#linkOf(this.#names.producer(name)),
    };
  }

  scope(path: string): Inspection {
    const { scopes, skeleton } = this.#content;
    const scope = scopes.scopes.find((candidate) => candidate.path === path);
    if (scope === undefined || scope.id === 0) return this.model();
    const facts: Fact[] = [
      { label: l10n.t('Path'), text: scope.path },
      { label: l10n.t('Nodes'), text: formatCount(scope.nodeCount) },
      { label: l10n.t('Parameters'), text: formatCount(scope.parameters), full: String(scope.parameters) },
    ];
    if (scope.className !== null) facts.unshift({ label: l10n.t('Class'), text: scope.className });
    facts.push({ label: l10n.t('Known from'), text: evidenceText(scope) });
    const inside = this.#names.within(scopes, scope);
    const { inputs, outputs } = this.#names.crossing(inside);
    const seen = new Set<WeightRef>();
    const weights: WeightFact[] = [];
    for (const id of inside) {
      const node = skeleton.nodes[id];
      for (const name of node?.inputs ?? []) {
        const ref = node === undefined ? undefined : this.#names.weight(node, name);
        if (ref === undefined || seen.has(ref)) continue;
        seen.add(ref);
        weights.push(this.#weight(ref));
      }
    }
    return {
      ...EMPTY,
      selection: { kind: 'scope', path },
      title: scope.name,
      subtitle: scope.className ?? scope.kind,
      facts,
      inputs: inputs.map(({ name, graph }) => this.#value(name, graph)),
      outputs: outputs.map(({ name, graph }) => this.#value(name, graph)),
      weights,
      places: this.#places(inside),
    };
  }

  get #content(): NonNullable<OpenModel['content']> {
    const { content } = this.open;
    if (content === undefined) throw new Error('A model that was not read cannot be inspected.');
    return content;
  }

  get #names(): ValueIndex {
    return this.#content.names;
  }

  /** A value as it is named inside `graph`. Runs record those of the main graph, and others one by one when asked to. */
  #value(name: string, graph: GraphPath = ''): ValueFact {
    const home = this.#names.home(name, graph);
    const top = home === '';
    const site = siteText({ name, graph: home });
    const shown = this.recorded.shown(site);
    const other = this.recorded.other(site);
    const producer = this.#names.producer(name, graph);
    const known = top ? this.#content.types.text(name) : '';
    const peers = [
      ...(producer === undefined ? [] : [producer]),
      ...this.#names.consumers(name, graph).slice(0, PEER_LIMIT),
    ].map((node) => ({
      label: `${node === producer ? '↑' : '↓'} ${node.op}`,
      selection: { kind: 'node', id: node.id } as const,
    }));
    return {
      name,
      site,
      type: shown === undefined || shown.stale ? known : shown.type,
      summary: shown?.summary ?? null,
      texts: shown?.summary === null && shown.type.startsWith('string'),
      unrecordable: this.#unrecordable(top && this.#content.types.isOther(name)),
      drivable: top && producer !== undefined,
      stale: shown?.stale ?? false,
      drawnWith: this.recorded.drawnWith,
      other: other?.summary ?? null,
      peers,
    };
  }

  #unrecordable(other: boolean): string | null {
    if (other) return l10n.t('Only tensors are recorded, and this is none: look at what it is made from.');
    return this.recorded.stale
      ? l10n.t('The shown run is of another version of the model: run it again to see this value.')
      : null;
  }

  #weight(ref: WeightRef): WeightFact {
    return {
      name: ref.name,
      key: this.#names.keyOf(ref),
      version: printStamp(this.#content.stamp),
      dtype: ref.dtype,
      dims: ref.dims,
      bytes: ref.byteLength,
      where: whereText(ref),
      summary: this.recorded.weight(ref) ?? null,
      problem: ref.where.kind === 'missing' ? ref.where.reason : null,
    };
  }

  #linkOf(node: Node | undefined): Inspection['link'] {
    return node === undefined ? null : (this.open.links?.links[node.id] ?? null);
  }

  #places(nodes: readonly number[]): Inspection['places'] {
    const counted = new Map<
      string,
      { place: NonNullable<Inspection['places'][number]>['place']; nodes: number }
    >();
    for (const id of nodes) {
      const claim = this.open.links?.links[id]?.call;
      if (claim === null || claim === undefined) continue;
      const key = `${claim.place.file}:${String(claim.place.line)}`;
      const entry = counted.get(key);
      if (entry === undefined) counted.set(key, { place: claim.place, nodes: 1 });
      else entry.nodes++;
    }
    return [...counted.values()]
      .sort((a, b) => b.nodes - a.nodes)
      .slice(0, PLACE_LIMIT)
      .map((entry) => ({ ...entry, text: `${entry.place.file}:${String(entry.place.line)}` }));
  }
}

const EMPTY = {
  facts: [],
  attributes: [],
  inputs: [],
  outputs: [],
  weights: [],
  link: null,
  frames: [],
  places: [],
  unlinked: null,
};

/** Why no node leads to source, by the reason most nodes give; null where some do. */
function unlinkedReason({ links, counts }: LinkTable): string | null {
  if (counts.exact + counts.inferred > 0 || links.length === 0) return null;
  const reasons = new Map<string, number>();
  for (const { evidence } of links)
    for (const why of evidence.slice(0, 1)) reasons.set(why, (reasons.get(why) ?? 0) + 1);
  return (
    [...reasons].sort((a, b) => b[1] - a[1])[0]?.[0] ?? l10n.t('No line of Python was found for its nodes.')
  );
}

function scopeFact(scope: Scope): Fact {
  return {
    label: l10n.t('Module'),
    text: scope.className === null ? scope.path : `${scope.path} (${scope.className})`,
    full: scope.path,
  };
}

/** What a scope was read from, and whether that is an inference. */
export function evidenceText(scope: Scope): string {
  switch (scope.evidence) {
    case 'metadata':
      return l10n.t('the exporter’s metadata');
    case 'slash-names':
      return l10n.t('inferred from node names');
    case 'initializers':
      return l10n.t('inferred from weight names');
    case 'function':
      return l10n.t('a function of the model');
    case 'body':
      return l10n.t('a body of a control-flow node');
    case 'repeats':
      return l10n.t('inferred from repeated structure');
    case 'none':
      return l10n.t('nothing');
  }
}

function whereText(ref: WeightRef): string {
  switch (ref.where.kind) {
    case 'file':
      return ref.where.file ?? l10n.t('in the model file');
    case 'packed':
    case 'inline':
    case 'strings':
      return l10n.t('in the model file');
    case 'missing':
      return l10n.t('missing');
  }
}

/** `float32 64×3×3×3`. */
export function weightType(ref: WeightRef): string {
  return typeText(ref.dtype, ref.dims);
}
