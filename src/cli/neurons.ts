/**
 * `patchclamp neurons`: the layers of units in a model and, for a unit, its strongest connections either way: weights,
 * and with feeds weight times activation. Reads the few rows and columns of weights that the question needs.
 */
import { isCancelled } from '../base/cancel';
import type { OpenedModel } from '../contract/engineApi';
import type { NeuronLink, NeuronLinks } from '../contract/neurons';
import type { TensorData } from '../contract/tensor';
import type { EngineClient } from '../engine/client';
import { nearestNames } from '../onnx/nearest';
import { Connections } from '../onnx/neurons/connections';
import type { FoundLayer } from '../onnx/neurons/found';
import { findLayers } from '../onnx/neurons/layers';
import { inlineFunctions } from '../onnx/rewrite/inline';
import { namesOf, sitePrefix } from '../onnx/site';
import { formatNumber, formatShare } from '../tensor/format';
import type { Shape } from '../tensor/shape';
import { Opened } from './compareModel';
import { commandEngine, openModel } from './engine';
import { commandFiles, feedsTold } from './feeds';
import { jsonLine } from './compareValues';
import { parseOptions, usage, type Command, type Io } from './options';

/** A layer, as a line of `--json` without a unit. */
interface LayerRow {
  readonly value: string;
  /** What the address of one of its units begins with: `relu#`. */
  readonly address: string;
  readonly kind: FoundLayer['kind'];
  readonly op: string;
  readonly units: number;
  readonly heads: FoundLayer['heads'];
  readonly measure: FoundLayer['measure'];
  /** Values of the layers it reads, and of those that read it. */
  readonly reads: readonly string[];
  readonly readBy: readonly string[];
}

/** A connection; `site` is the other unit's address. */
interface LinkRow {
  readonly site: string;
  /** null: not linear in single units. */
  readonly weight: number | null;
  /** Weight times activation; null without feeds. */
  readonly contribution: number | null;
}

const MOST = 12;

export const command: Command = {
  name: 'neurons',
  usage:
    'neurons MODEL [UNIT] [--feed NAME=FILE.npy…] [--dim NAME=SIZE]… [--by weight|contribution] [--most N] [--json]',
  summary:
    'List the layers of units in a model; for one unit, such as relu#3, its strongest connections to the layers before ' +
    'and behind: weights, and with feeds weight times activation.',
  async run(args, io) {
    const { positionals, options } = parseOptions(args, {
      feed: 'many',
      dim: 'many',
      by: 'one',
      most: 'one',
      json: 'flag',
    });
    const [file, unit, ...rest] = positionals;
    if (file === undefined || rest.length > 0)
      throw usage('Name one model, and at most one unit.', 'Write patchclamp neurons MODEL.onnx relu#3.');
    const by = options.by ?? (options.feed.length > 0 ? 'contribution' : 'weight');
    if (by !== 'weight' && by !== 'contribution')
      throw usage(`There is no measure "${by}".`, 'Use weight or contribution.');
    if (by === 'contribution' && options.feed.length === 0)
      throw usage('Contributions are of a run, and nothing is fed.', 'Give --feed, or use --by weight.');
    const most = Number(options.most ?? MOST);
    if (!Number.isInteger(most) || most < 1)
      throw usage(`"${options.most ?? ''}" is no number of connections.`, 'Give a whole number from 1.');
    const opened = await Opened.open(file, io);
    const engine = commandEngine(io);
    try {
      const { skeleton } = inlineFunctions(opened.model.skeleton);
      const model = await openModel(engine, file, io);
      const shapes = await shapesOf(engine, model, io.signal);
      const layers = findLayers(skeleton.graph, (name) =>
        shapes.get(name)?.map((dim) => (typeof dim === 'number' ? dim : undefined)),
      );
      const addressOf = (layer: FoundLayer): string =>
        sitePrefix(skeleton, layer.value, layer.axis, shapes.get(layer.value)?.length);
      if (unit === undefined) {
        for (const layer of layers) {
          const op = skeleton.nodes[layer.node]?.op ?? '';
          tellLayer(rowOf(layer, layers, addressOf(layer), op), options.json, io);
        }
        return 0;
      }
      const asked = unitOf(unit, layers, addressOf);
      const feeds = await feedsTold(options.feed, options.dim, model.inputs, commandFiles(file), io);
      const names = namesOf(skeleton);
      const connections = new Connections(layers, {
        readBox: (ref, box, signal) => opened.reader.readBox(ref, box, signal),
        activation: async (value) =>
          options.feed.length === 0
            ? null
            : activation(engine, model.id, feeds, value, (names.find(value)?.path ?? '') !== '', io.signal),
      });
      const links = await connections.links({ layer: asked.layer.id, unit: asked.unit, by, most }, io.signal);
      const activity = await connections.activity(asked.layer.id, io.signal);
      const named = ({ layer, unit: at, weight, contribution }: NeuronLink): LinkRow => {
        const other = layers[layer];
        return {
          site: other === undefined ? '' : `${addressOf(other)}${String(at)}`,
          weight: Number.isNaN(weight) ? null : weight,
          contribution: Number.isNaN(contribution) ? null : contribution,
        };
      };
      const answer = {
        unit,
        activity: activity?.[asked.unit] ?? null,
        ...links,
        incoming: links.incoming.map(named),
        outgoing: links.outgoing.map(named),
      };
      if (options.json) io.out(jsonLine(answer));
      else for (const line of print(answer)) io.out(line);
      return 0;
    } finally {
      engine.dispose();
      await opened.close();
    }
  },
};

/** What is known of every value's shape: as the runtime infers it, of inputs as the model states it. */
async function shapesOf(
  engine: EngineClient,
  { id, inputs }: OpenedModel,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Shape>> {
  const inferred = await engine.infer(id, signal);
  return new Map([...inputs, ...inferred].map(({ name, shape }) => [name, shape]));
}

/** A value of the run, fed or computed; null where it was not computed. */
async function activation(
  engine: EngineClient,
  model: string,
  feeds: Readonly<Record<string, TensorData>>,
  value: string,
  inBody: boolean,
  signal: AbortSignal,
): Promise<TensorData | null> {
  const fed = feeds[value];
  if (fed !== undefined) return fed;
  try {
    const { captures } = await engine.run(model, { feeds, capture: [value], outputs: [] }, signal);
    const [captured] = captures;
    if (captured === undefined || captured.handle === null) return null;
    const tensor = await engine.tensor(captured.handle, undefined, signal);
    engine.release([captured.handle]);
    return tensor;
  } catch (error) {
    if (isCancelled(error)) throw error;
    // A body may let nothing out: its weights are still to be seen.
    if (inBody) return null;
    throw error;
  }
}

function rowOf(layer: FoundLayer, layers: readonly FoundLayer[], address: string, op: string): LayerRow {
  const { value, kind, units, heads, measure, sources, targets } = layer;
  const named = (ids: readonly number[]): string[] => ids.map((id) => layers[id]?.value ?? '');
  return { value, address, kind, op, units, heads, measure, reads: named(sources), readBy: named(targets) };
}

/** `relu#3`: a layer's address and an index. Throws `usage` with the nearest layers, or with what indices there are. */
function unitOf(
  text: string,
  layers: readonly FoundLayer[],
  addressOf: (layer: FoundLayer) => string,
): { readonly layer: FoundLayer; readonly unit: number } {
  const found = layers
    .map((layer) => ({ layer, address: addressOf(layer) }))
    .filter(({ address }) => text.startsWith(address) && /^\d+$/.test(text.slice(address.length)))
    .sort((a, b) => b.address.length - a.address.length)[0];
  if (found === undefined) {
    const first = layers.map((layer) => `${addressOf(layer)}0`);
    const near = nearestNames(text, first);
    throw usage(
      `"${text}" is no unit of a layer.`,
      first.length === 0
        ? 'The model has no layers of units.'
        : `Units are written as ${(near.length === 0 ? first.slice(-3) : near).join(', ')}.`,
    );
  }
  const unit = Number(text.slice(found.address.length));
  if (unit >= found.layer.units)
    throw usage(
      `"${found.layer.value}" has ${String(found.layer.units)} units, so there is no ${text}.`,
      `Use 0 to ${String(found.layer.units - 1)}.`,
    );
  return { layer: found.layer, unit };
}

function tellLayer(row: LayerRow, json: boolean, io: Io): void {
  if (json) io.out(JSON.stringify(row));
  else {
    const heads = row.heads === null ? '' : ` in ${String(row.heads.count)} heads`;
    const reads = row.reads.length === 0 ? '' : `  reads ${row.reads.join(', ')}`;
    io.out(
      `${row.address}0…${String(row.units - 1)}  ${row.kind}${row.op === '' ? '' : ` (${row.op})`}${heads}${reads}`,
    );
  }
}

interface Answer extends Omit<NeuronLinks, 'incoming' | 'outgoing'> {
  readonly unit: string;
  readonly activity: number | null;
  readonly incoming: readonly LinkRow[];
  readonly outgoing: readonly LinkRow[];
}

function print(answer: Answer): string[] {
  const { unit, activity, incoming, outgoing, incomingOf, outgoingOf, incomingShare, outgoingShare } = answer;
  const rows = (links: readonly LinkRow[]): string[] =>
    links.map(({ site, weight, contribution }) => {
      const figures = [weight === null ? 'not linear' : formatNumber(weight)];
      if (contribution !== null) figures.push(`× activation ${formatNumber(contribution)}`);
      return `  ${site}  ${figures.join('  ')}`;
    });
  const head = (what: string, shown: number, of: number, share: number): string =>
    `${what} ${String(shown)} of ${String(of)}, ${formatShare(share)} of the sum of magnitudes`;
  return [
    activity === null ? unit : `${unit}  mean activation ${formatNumber(activity)}`,
    head('Reads most from:', incoming.length, incomingOf, incomingShare),
    ...rows(incoming),
    head('Gives most to:', outgoing.length, outgoingOf, outgoingShare),
    ...rows(outgoing),
  ];
}
