/**
 * What one node says about the module it belongs to: exporter metadata first, then the slash names of the TorchScript
 * exporter and of TensorFlow, then the dotted names of its initializers. Reads names only.
 */
import type { ScopeEvidence } from '../../contract/scopes';
import type { Graph, Node } from '../../contract/skeleton';

export interface Claim {
  /** Names of the modules from the root inwards, each relative to the one before: `blocks.0`, `mlp`, `fc_in`. */
  readonly parts: readonly string[];
  /** Class of each part, where known. */
  readonly classes: readonly (string | null)[];
  /** Class of the root module, where known. */
  readonly rootClass: string | null;
  readonly evidence: Extract<ScopeEvidence, 'metadata' | 'slash-names' | 'initializers'>;
}

/** Module trees deeper than this are cut: no real model comes near. */
const MAX_PARTS = 48;

const NAME_SCOPES = 'pkg.torch.onnx.name_scopes';
const CLASS_HIERARCHY = 'pkg.torch.onnx.class_hierarchy';

/** Reads claims, remembering what equal metadata gave. One per graph. */
export class ClaimReader {
  readonly #graph: Graph;
  readonly #byMetadata = new Map<string, Claim | null>();
  readonly #bySlash = new Map<string, Claim>();
  readonly #byInitializer = new Map<string, readonly string[] | null>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** The best claim of a node, or null where it says nothing. */
  read(node: Node): Claim | null {
    return this.#fromMetadata(node) ?? this.#fromSlashes(node.name) ?? this.#fromInitializers(node);
  }

  #fromMetadata({ metadata }: Node): Claim | null {
    const scopes = metadata[NAME_SCOPES];
    const namespace = metadata['namespace'];
    if (scopes !== undefined) {
      // The last entry is the node's own: what comes before it is shared by all nodes of the module.
      const key = scopes.slice(0, scopes.lastIndexOf(', '));
      let claim = this.#byMetadata.get(key);
      if (claim === undefined) {
        claim = claimOf(parseList(scopes), parseList(metadata[CLASS_HIERARCHY] ?? ''));
        this.#byMetadata.set(key, claim);
      }
      if (claim !== null) return claim;
    }
    if (namespace === undefined) return null;
    const key = namespace.slice(0, namespace.lastIndexOf('/'));
    let claim = this.#byMetadata.get(key);
    if (claim === undefined) {
      const entries = namespace.split('/').map((entry) => {
        const colon = entry.indexOf(': ');
        return colon < 0 ? [entry, ''] : [entry.slice(0, colon), entry.slice(colon + 2)];
      });
      claim = claimOf(
        entries.map(([scope = '']) => scope),
        entries.map(([, type = '']) => type),
      );
      this.#byMetadata.set(key, claim);
    }
    return claim;
  }

  #fromSlashes(given: string): Claim | null {
    // onnxruntime writes what it fused behind the first node's name, or before it; neither is a module.
    const name = withoutFusions(given).replace(/^fused (?=\/)/, '');
    const last = name.lastIndexOf('/');
    if (last < 0) return null;
    const path = name.slice(0, last);
    let claim = this.#bySlash.get(path);
    if (claim === undefined) {
      const cumulative = path.split('/').filter((part) => part !== '');
      const parts = cumulative.map((part, index) => relativeTo(part, cumulative[index - 1] ?? ''));
      claim = { parts: limit(parts), classes: [], rootClass: null, evidence: 'slash-names' };
      this.#bySlash.set(path, claim);
    }
    return claim;
  }

  #fromInitializers({ op, inputs }: Node): Claim | null {
    // Exporters put equal weights in one place and copy them to where they are read: the name says where they lie.
    if (op === 'Identity') return null;
    let shared: readonly string[] | null = null;
    for (const input of inputs) {
      const parts = this.#moduleOf(input);
      if (parts !== null) shared = shared === null ? parts : commonStart(shared, parts);
    }
    return shared === null ? null : { parts: shared, classes: [], rootClass: null, evidence: 'initializers' };
  }

  /** `blocks.0.mlp.fc_in.weight` -> `blocks.0`, `mlp`, `fc_in`; null for names that are no module's. */
  #moduleOf(name: string): readonly string[] | null {
    const known = this.#byInitializer.get(name);
    if (known !== undefined) return known;
    let parts: readonly string[] | null = null;
    if (/^[A-Za-z_]\w*(\.\w+)+$/.test(name) && this.#graph.initializers.has(name)) {
      parts = limit(joinNumbers(name.split('.').slice(0, -1)));
    }
    this.#byInitializer.set(name, parts);
    return parts;
  }
}

/** `/fc/MatMul` of `/fc/MatMul/MatMulAddFusion/`; in time that grows with the name's length alone. */
function withoutFusions(name: string): string {
  for (let end = name.length; ;) {
    const last = name[end - 1] === '/' ? end - 1 : end;
    const start = name.lastIndexOf('/', last - 1);
    const part = name.slice(start + 1, last);
    if (start < 0 || !part.includes('Fusion') || !/^\w+$/.test(part)) return name.slice(0, end);
    end = start;
  }
}

/** From cumulative names (`''`, `blocks.0`, `blocks.0.mlp`, own name) and their classes. */
function claimOf(names: readonly string[], classes: readonly string[]): Claim | null {
  if (names.length === 0) return null;
  const parts: string[] = [];
  const partClasses: (string | null)[] = [];
  let path = '';
  let rootClass: string | null = null;
  for (const [index, name] of names.slice(0, -1).entries()) {
    const type = classes[index] === undefined || classes[index] === '' ? null : (classes[index] ?? null);
    if (name === '') {
      rootClass ??= type;
      continue;
    }
    parts.push(relativeTo(name, path));
    partClasses.push(type);
    path = name;
  }
  return { parts: limit(parts), classes: partClasses, rootClass, evidence: 'metadata' };
}

/** `blocks.0.mlp` within `blocks.0` is `mlp`; anything else stays as it is. */
function relativeTo(name: string, parent: string): string {
  return parent !== '' && name.startsWith(`${parent}.`) ? name.slice(parent.length + 1) : name;
}

/** An index belongs to the list it counts in: `blocks`, `0`, `mlp` -> `blocks.0`, `mlp`. */
function joinNumbers(parts: readonly string[]): string[] {
  const joined: string[] = [];
  for (const part of parts) {
    const last = joined.length - 1;
    if (/^\d+$/.test(part) && last >= 0) joined[last] = `${joined[last] ?? ''}.${part}`;
    else joined.push(part);
  }
  return joined;
}

function commonStart(a: readonly string[], b: readonly string[]): readonly string[] {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length === a.length ? a : a.slice(0, length);
}

function limit(parts: readonly string[]): readonly string[] {
  return parts.length > MAX_PARTS ? parts.slice(0, MAX_PARTS) : parts;
}

/** The strings in the repr of a Python list; [] for a text that is none. */
export function parseList(text: string): string[] {
  if (!text.startsWith('[') || !text.endsWith(']')) return [];
  const items: string[] = [];
  for (let at = 1; at < text.length - 1;) {
    const quote = text[at];
    if (quote !== "'" && quote !== '"') {
      at++;
      continue;
    }
    let item = '';
    let end = at + 1;
    for (; end < text.length && text[end] !== quote; end++) {
      if (text[end] === '\\' && end + 1 < text.length) end++;
      item += text[end] ?? '';
    }
    items.push(item);
    at = end + 1;
  }
  return items;
}
