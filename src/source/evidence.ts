/**
 * What a model itself says about where each node comes from: traces, module scopes, classes, the traced operation.
 * Facts only, as the exporter wrote them; nothing here looks at Python. Strings are shared between nodes, so each
 * distinct one is parsed once.
 */
import type { Node } from '../contract/skeleton';
import { parseDocTrace, parseList, parseStackTrace, type TraceFrame } from './trace';

export interface NodeEvidence {
  /** Outermost first; empty when the exporter left none. */
  readonly frames: readonly TraceFrame[];
  /** `stack`: metadata of the torch.export-based exporter; `doc`: a verbose TorchScript doc string. */
  readonly traceKind: 'stack' | 'doc' | 'none';
  /** Dotted module paths from the root ('') inwards, without the operation; null when there are none. */
  readonly modules: readonly string[] | null;
  /** Where `modules` was read from. */
  readonly modulesFrom: 'metadata' | 'slash-names' | 'initializers' | 'none';
  /** Class of each module in `modules`, as the exporter wrote it; empty where only names are known. */
  readonly classes: readonly string[];
  /** `aten.linear.default`, or null. */
  readonly target: string | null;
  /** Plain numbers among the traced operation's arguments, or null where they are not told. */
  readonly numbers: readonly number[] | null;
  /** Name of the traced operation; nodes that share it were made from one operation. */
  readonly operation: string | null;
  /** The module whose weight the node uses, by that weight's dotted name; only where metadata says nothing. */
  readonly weightModule: string | null;
  /** The rewrite rule that made the node, or null. */
  readonly rule: string | null;
}

const PREFIX = 'pkg.torch.onnx.';
/** A traced operation's own line is shorter. */
const LONGEST = 20_000;
const NOTHING: NodeEvidence = {
  frames: [],
  traceKind: 'none',
  modules: null,
  modulesFrom: 'none',
  classes: [],
  target: null,
  numbers: null,
  operation: null,
  weightModule: null,
  rule: null,
};

/** Parses each distinct string once. */
export class EvidenceReader {
  readonly #traces = new Map<string, readonly TraceFrame[]>();
  readonly #lists = new Map<string, readonly string[] | null>();

  read(node: Node): NodeEvidence {
    const metadata = node.metadata;
    const trace = metadata[`${PREFIX}stack_trace`] ?? '';
    const scopes = this.#list(metadata[`${PREFIX}name_scopes`]);
    const classes = this.#list(metadata[`${PREFIX}class_hierarchy`]);
    const rule = metadata['pkg.onnxscript.rewriter.rule_name'] ?? null;
    const stack = trace === '' ? [] : this.#trace(trace, parseStackTrace);
    const doc = stack.length > 0 || node.doc === '' ? [] : this.#trace(node.doc, parseDocTrace);
    const usable =
      scopes !== null && classes !== null && scopes.length === classes.length && scopes.length > 0;
    if (!usable) {
      const named = this.#named(node);
      if (stack.length === 0 && doc.length === 0 && rule === null) return named;
      const frames = stack.length > 0 ? stack : doc;
      return {
        ...named,
        rule,
        frames,
        traceKind: stack.length > 0 ? 'stack' : doc.length > 0 ? 'doc' : 'none',
      };
    }
    return {
      frames: stack.length > 0 ? stack : doc,
      traceKind: stack.length > 0 ? 'stack' : doc.length > 0 ? 'doc' : 'none',
      modules: scopes.slice(0, -1),
      modulesFrom: 'metadata',
      classes: classes.slice(0, -1),
      target: classes.at(-1) ?? null,
      numbers: numbersOf(metadata[`${PREFIX}fx_node`]),
      operation: scopes.at(-1) ?? null,
      weightModule: null,
      rule,
    };
  }

  /** What names alone say: `/blocks.0/fc/MatMul`, else the initializers the node uses. */
  #named(node: Node): NodeEvidence {
    const slash = /^\/(?:.*\/)?[^/]*$/.test(node.name) ? this.#slashes(node.name) : null;
    const weight = node.inputs.map((input) => moduleOfWeight(input)).find((path) => path !== null) ?? null;
    if (slash !== null)
      return { ...NOTHING, modules: slash, modulesFrom: 'slash-names', weightModule: weight };
    if (weight === null) return NOTHING;
    return { ...NOTHING, modules: ['', weight], modulesFrom: 'initializers', weightModule: weight };
  }

  #slashes(name: string): readonly string[] {
    const path = name.slice(0, name.lastIndexOf('/'));
    const known = this.#lists.get(path);
    if (known !== undefined && known !== null) return known;
    const modules = [''];
    let previous = '';
    for (const part of path.split('/').filter((piece) => piece !== '')) {
      // A `Sequential` child repeats its parent's name: `/head/head.0`.
      const own = previous !== '' && part.startsWith(`${previous}.`) ? part.slice(previous.length + 1) : part;
      const parent = modules.at(-1) ?? '';
      modules.push(parent === '' ? own : `${parent}.${own}`);
      previous = part;
    }
    this.#lists.set(path, modules);
    return modules;
  }

  #trace(text: string, parse: (text: string) => TraceFrame[]): readonly TraceFrame[] {
    const known = this.#traces.get(text);
    if (known !== undefined) return known;
    const frames = parse(text);
    this.#traces.set(text, frames);
    return frames;
  }

  #list(text: string | undefined): readonly string[] | null {
    if (text === undefined) return null;
    const known = this.#lists.get(text);
    if (known !== undefined) return known;
    const list = parseList(text);
    this.#lists.set(text, list);
    return list;
  }
}

/** `%mul : … = call_function[target=…](args = (%x, 0.25), kwargs = {})` -> [0.25]; null where the text does not tell. */
function numbersOf(text: string | undefined): readonly number[] | null {
  const args = text === undefined || text.length > LONGEST ? null : /\]\(args = (.*)\)$/s.exec(text);
  // A number may have become a tensor of its own on the way.
  if (args === null || /%(?:scalar_tensor|lift_fresh|full|_tensor_constant)/.test(args[1] ?? '')) return null;
  return [...(args[1] ?? '').matchAll(/(?<![%\w.])-?\d+(?:\.\d*)?(?:e[+-]?\d+)?(?!\w)/g)].map(([number]) =>
    Number(number),
  );
}

/** `blocks.0.fc.weight` -> `blocks.0.fc`; null for a name that is no parameter's. */
function moduleOfWeight(name: string): string | null {
  const match =
    /^([A-Za-z_]\w*(?:\.\w+)*)\.(?:weight|bias|running_mean|running_var|gamma|beta|\w*weight\w*|\w*bias\w*)$/.exec(
      name,
    );
  return match?.[1] ?? null;
}
