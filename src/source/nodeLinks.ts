/**
 * Makes the links of one model's nodes from all that was found: calls with their proof, definitions, and for nodes that
 * say nothing of themselves the nearest evidence around them. Every claim carries the sentences that make it so.
 */
import type { FurtherPlace, NodeLink, PlaceClaim, SourcePlace } from '../contract/link';
import type { Node } from '../contract/skeleton';
import type { CallFound } from './calls';
import { isNotebookFile } from './cells';
import type { NodeEvidence } from './evidence';
import type { Unsure } from './hazards';
import type { Item, Work } from './nodeWork';
import { linePlace, placeOf } from './places';
import { isOneToOne } from './rules';
import type { Sources } from './sources';
import type { Traced } from './traced';
import type { ModuleTree } from './tree';
import type { Instance } from './interpret/values';

/** Said of an exact line whose marked part is not. */
export const SEVERAL = 'Several calls of this line fit; which of them it was is inferred.';

/** Claims of one node before they become a link. */
export interface NodeClaims {
  call: PlaceClaim | null;
  definition: PlaceClaim | null;
  /** A module's own constructor call could not be found although it has one in the workspace. */
  undefinedModule: boolean;
  outside: NodeLink['outside'];
  also?: readonly FurtherPlace[];
}

export class ClaimMaker {
  constructor(
    private readonly sources: Sources,
    private readonly tree: ModuleTree | null,
    /** Parts of paths at which code outside a constructor may have put another module. */
    private readonly unsure: Unsure,
  ) {}

  /** The claims for an item whose call was found, or not. */
  claims(work: Work, item: Item, found: CallFound | null, trace: Traced): NodeClaims {
    const call = found === null ? this.traced(trace) : this.#call(item, found, trace);
    const functional = item.module === work.instance || (found !== null && found.operation.within !== null);
    const module = found?.operation.module ?? null;
    const inherited = found?.operation.inherited === true ? work.instance : null;
    const owner = module ?? inherited;
    const definition = functional
      ? owner === null
        ? null
        : this.#definition(owner, null, false)
      : this.#definitionAt(item, found);
    const outside =
      call === null && trace.outside !== null ? { file: trace.outside.file, line: trace.outside.line } : null;
    return {
      call,
      definition,
      undefinedModule: definition === null && this.#missing(item, found, functional),
      outside,
      also: this.#also(item, found),
    };
  }

  /** Calls whose own operation a rewrite made part of this node. */
  #also({ evidence }: Item, found: CallFound | null): FurtherPlace[] {
    return (found?.joined ?? []).flatMap(({ spot, module }) => {
      const place = placeOf(this.sources, spot);
      if (place === null) return [];
      const why = [`The rewrite rule ${evidence.rule ?? ''} joined what this call made to the node.`];
      const call = { place, confidence: 'inferred', evidence: why, moved: false } as const;
      return [{ call, definition: module === null ? null : this.#definition(module, null, false) }];
    });
  }

  /** A module's own code ran, and where it was made is not known although it may stand in the workspace. */
  #missing(item: Item, found: CallFound | null, functional: boolean): boolean {
    if (!functional) return this.tree?.insideLibrary(item.leaf) !== true;
    return found !== null && (found.operation.inherited || found.operation.module !== null);
  }

  /** The innermost traced line as it stands, for what could not be followed. */
  traced(trace: Traced): PlaceClaim | null {
    const innermost = trace.own.at(-1);
    if (innermost === undefined || innermost.line === null) return null;
    const place = linePlace(this.sources, innermost.file, innermost.line);
    if (place === null) return null;
    const evidence = [`The trace names line ${String(innermost.frame.line)} of ${innermost.frame.file}.`];
    if (!trace.complete)
      evidence.push('Helper functions leave no trace in this export, and this line could not be followed.');
    return { place, confidence: 'inferred', evidence, moved: innermost.moved };
  }

  #call(item: Item, found: CallFound, trace: Traced): PlaceClaim | null {
    const { operation } = found;
    const innermost = trace.own.at(-1);
    const evidence: string[] = [];
    if (innermost !== undefined) {
      evidence.push(
        `The trace names line ${String(innermost.frame.line)} of ${innermost.frame.file}${innermost.moved ? change(innermost.file) : ''}.`,
      );
    }
    let place: SourcePlace | null = placeOf(this.sources, operation.spot);
    const line = innermost?.line ?? null;
    const onLine = place !== null && innermost?.file === place.file && line !== null;
    if (onLine && place !== null && place.line !== line && (trace.complete || found.proved)) {
      place =
        operation.frames.at(-1)?.lines.includes(line) === true
          ? linePlace(this.sources, place.file, line)
          : place;
    }
    if (
      trace.complete &&
      innermost !== undefined &&
      line !== null &&
      (place === null || place.file !== innermost.file || place.line !== line)
    ) {
      place = linePlace(this.sources, innermost.file, line);
    }
    if (place === null) return null;
    if (found.proved) {
      evidence.push(
        trace.complete
          ? 'The trace leaves no frame out.'
          : found.placed
            ? 'In every order in which this code can run, the operation is made here.'
            : 'Nothing else that this line calls is code of the workspace.',
      );
      // The line is proved; of several calls that fit, order and names chose the one that is marked on it.
      if (found.rivals > 1 && !found.placed) evidence.push(SEVERAL);
      return { place, confidence: 'exact', evidence, moved: false };
    }
    if (innermost !== undefined && (place.file !== innermost.file || place.line !== line)) {
      evidence.push(`Followed from there into ${operation.frames.at(-1)?.func ?? 'a function'}.`);
    }
    if (innermost === undefined)
      evidence.push(
        `${nameOf(item)} follows the order of calls in ${operation.frames[0]?.func ?? 'forward'}.`,
      );
    if (found.rivals > 1) evidence.push(`${String(found.rivals)} calls fit; order and names chose.`);
    if (item.evidence.rule !== null)
      evidence.push(`Made by the rewrite rule ${item.evidence.rule}: other lines may have a part in it.`);
    return { place, confidence: 'inferred', evidence, moved: innermost?.moved ?? false };
  }

  #definitionAt(item: Item, by: CallFound | null): PlaceClaim | null {
    const found = this.tree?.find(item.leaf) ?? null;
    if (found === null || this.tree === null) return null;
    // An exporter that names no classes leaves the module that the traced line calls.
    const named =
      item.evidence.modulesFrom === 'metadata'
        ? this.tree.confirmed(found.instance, item.leaf)
        : by?.proved === true && by.operation.module === found.instance;
    const replaced = item.leaf.split('.').some((part) => this.unsure.has(part));
    const called = by?.suits === true && by.operation.kind === 'module';
    const sure = found.certain && named && called && !replaced && isOneToOne(item.evidence.rule);
    return this.#definition(found.instance, item.leaf, sure);
  }

  /** The definition of the module at a path that only the model's own structure gives. */
  definitionOf(path: string): PlaceClaim | null {
    const found = this.tree?.find(path) ?? null;
    return found === null ? null : this.#definition(found.instance, path, false);
  }

  #definition(instance: Instance, path: string | null, sure: boolean): PlaceClaim | null {
    const spot = this.tree?.spotOf(instance) ?? null;
    const place = spot === null ? null : placeOf(this.sources, spot);
    if (place === null) return null;
    const name =
      instance.ref.kind === 'user'
        ? instance.ref.cls.name
        : instance.ref.kind === 'library'
          ? instance.ref.path
          : 'a module';
    const evidence = [
      path === null
        ? `${name} is constructed here.`
        : `The model names module ${path}, which the source constructs here as ${name}.`,
    ];
    if (!sure) evidence.push('The name, not a traced line, leads here.');
    return { place, confidence: sure ? 'exact' : 'inferred', evidence, moved: false };
  }
}

function change(file: string): string {
  return isNotebookFile(file) ? ', whose text was found in a cell' : ', which has changed since the export';
}

function nameOf(item: Item): string {
  const node = item.nodes[0];
  return node === undefined ? 'The node' : node.name === '' ? `The ${node.op} node` : node.name;
}

/** A link from its claims. It is exact when its call is, and its definition is or there is none to find. */
export function linkOf(node: Node, claims: NodeClaims, why: string): NodeLink {
  const { call, definition, outside, undefinedModule } = claims;
  const also = claims.also === undefined || claims.also.length === 0 ? {} : { also: claims.also };
  const evidence = [...(call?.evidence ?? []), ...(definition?.evidence ?? [])];
  if (call === null && definition === null) {
    return { node: node.id, call: null, definition: null, confidence: 'none', evidence: [why], outside };
  }
  const exact =
    call?.confidence === 'exact' &&
    (definition === null ? !undefinedModule : definition.confidence === 'exact');
  const confidence = exact ? 'exact' : 'inferred';
  return { node: node.id, call, definition, confidence, evidence, ...also, outside };
}

/** Why a node has no link, in one sentence. */
export function reasonOf(evidence: NodeEvidence, trace: Traced): string {
  if (trace.outside !== null) return `The trace leads outside the workspace, to ${trace.outside.file}.`;
  if (trace.innermost !== null) return `The trace leads into a library, to ${trace.innermost.file}.`;
  if (evidence.modules !== null) return 'The module it names is not in the source.';
  return 'The export left no trace and no name that leads to the source.';
}
