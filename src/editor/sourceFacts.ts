/**
 * What there is to say about a line of Python: for each known model, the modules its nodes belong to, with shapes,
 * weights and what the shown run recorded. Reads memory only; hover, CodeLens and inlay hints are three ways to show it.
 */
import type { TextDocument } from 'vscode';
import type { Scope, ScopeTree } from '../contract/scopes';
import type { Node, WeightRef } from '../contract/skeleton';
import type { TensorSummary } from '../contract/tensor';
import type { Recorded, RecordedValues } from './inspect';
import type { LineEntry } from './lineIndex';
import type { Models } from './models';
import type { OpenModel } from './openModel';
import type { Standing } from './sourceRoot';

/** Open models beyond these are told as a number. */
const MOST_OPEN = 3;

export interface ModuleFact {
  /** null for nodes outside every module. */
  readonly scope: Scope | null;
  readonly nodes: readonly Node[];
  readonly parameters: number;
  readonly weights: readonly WeightRef[];
  readonly outputs: readonly OutputFact[];
}

export interface OutputFact {
  readonly name: string;
  /** `float32 1×8×28×28`, or ''. */
  readonly type: string;
  readonly dims: string;
  readonly summary: TensorSummary | null;
  /** True when `summary` is of a version of the model that is no more. */
  readonly stale: boolean;
  /** True when the type is what a run recorded. */
  readonly recorded: boolean;
}

export interface LineFact {
  readonly model: OpenModel;
  readonly entry: LineEntry;
  readonly modules: readonly ModuleFact[];
}

export interface LinkedModel extends Standing {
  readonly model: OpenModel;
}

/**
 * The models a document speaks of: those in editors that link there; else the one nearest to the workspace's root, so
 * that twenty checkpoints beside a source do not all speak at once. `others` counts the rest.
 */
export function modelsOf(
  models: Models,
  document: TextDocument,
): { readonly shown: readonly LinkedModel[]; readonly others: number } {
  const found = linkedModels(models, document);
  const open = found.filter(({ model }) => model.editors > 0).slice(0, MOST_OPEN);
  const depth = ({ model }: LinkedModel): number =>
    model.uri.path.split('/').length * 1000 + model.uri.path.length;
  const nearest = [...found].sort((a, b) => depth(a) - depth(b)).slice(0, 1);
  const shown = open.length > 0 ? open : nearest;
  return { shown, others: found.length - shown.length };
}

/** Every known model that links to a document, with where the document stands in its source; those in editors first. */
export function linkedModels(models: Models, document: TextDocument): LinkedModel[] {
  const standings = new Map<string, Standing | undefined>();
  return models.all.flatMap((model) => {
    const key = model.root.folder.toString();
    if (!standings.has(key)) standings.set(key, model.root.standing(document));
    const standing = standings.get(key);
    return standing !== undefined && model.index.inFile(standing.file).length > 0
      ? [{ model, ...standing }]
      : [];
  });
}

/** The facts of one entry. */
export function lineFact(model: OpenModel, entry: LineEntry, recorded: RecordedValues): LineFact | undefined {
  const { content } = model;
  if (content === undefined) return undefined;
  const { skeleton, scopes, names } = content;
  const groups = new Map<number, Node[]>();
  const holders = scopes.scopes.filter(({ path }) => entry.modules.includes(path));
  for (const id of entry.nodes) {
    const node = skeleton.nodes[id];
    if (node === undefined) continue;
    const scope = holderOf(scopes, id, holders) ?? scopes.scopeOf[id] ?? 0;
    const group = groups.get(scope);
    if (group === undefined) groups.set(scope, [node]);
    else group.push(node);
  }
  const modules = [...groups].map(([id, nodes]): ModuleFact => {
    const weights = new Map<string, WeightRef>();
    for (const node of nodes) {
      for (const name of node.inputs) {
        const ref = names.weight(node, name);
        if (ref !== undefined && (ref.count > 1 || ref.origin !== 'attribute')) weights.set(name, ref);
      }
    }
    const { outputs } = names.boundary(nodes.map((node) => node.id));
    return {
      scope: id === 0 ? null : (scopes.scopes[id] ?? null),
      nodes,
      parameters: [...weights.values()].reduce((sum, ref) => sum + ref.count, 0),
      weights: [...weights.values()],
      outputs: outputs.map((name) => outputFact(model, name, recorded.shown(name))),
    };
  });
  return { model, entry, modules };
}

/** Which of these modules a node lies in, however deep. */
function holderOf(scopes: ScopeTree, node: number, holders: readonly Scope[]): number | undefined {
  if (holders.length === 0) return undefined;
  for (let at = scopes.scopeOf[node] ?? 0; at > 0; at = scopes.scopes[at]?.parent ?? -1) {
    if (holders.some(({ id }) => id === at)) return at;
  }
  return undefined;
}

function outputFact(model: OpenModel, name: string, recorded: Recorded | undefined): OutputFact {
  // A type recorded of another version says nothing of this one.
  const current = recorded === undefined || recorded.stale ? undefined : recorded;
  const type = current?.type ?? model.content?.types.text(name) ?? '';
  return {
    name,
    type,
    dims: type.slice(type.indexOf(' ') + 1),
    summary: recorded?.summary ?? null,
    stale: recorded?.stale ?? false,
    recorded: current !== undefined,
  };
}
