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
  /** Class of each module in `modules`, as the exporter wrote it. */
  readonly classes: readonly string[];
  /** `aten.linear.default`, or null. */
  readonly target: string | null;
  /** Name of the traced operation; nodes that share it were made from one operation. */
  readonly operation: string | null;
  /** The rewrite rule that made the node, or null. */
  readonly rule: string | null;
}

const PREFIX = 'pkg.torch.onnx.';
const NOTHING: NodeEvidence = {
  frames: [],
  traceKind: 'none',
  modules: null,
  classes: [],
  target: null,
  operation: null,
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
    if (stack.length === 0 && doc.length === 0 && scopes === null) return rule === null ? NOTHING : { ...NOTHING, rule };
    const usable = scopes !== null && classes !== null && scopes.length === classes.length && scopes.length > 0;
    return {
      frames: stack.length > 0 ? stack : doc,
      traceKind: stack.length > 0 ? 'stack' : doc.length > 0 ? 'doc' : 'none',
      modules: usable ? scopes.slice(0, -1) : null,
      classes: usable ? classes.slice(0, -1) : [],
      target: usable ? (classes.at(-1) ?? null) : null,
      operation: usable ? (scopes.at(-1) ?? null) : null,
      rule,
    };
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
