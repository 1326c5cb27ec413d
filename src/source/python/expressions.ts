/**
 * Reads expressions from a lezer tree into `ast.ts`. Total: every node gives an expression, unreadable ones an `opaque`
 * with their readable parts. Not an evaluator.
 */
import type { SyntaxNode } from '@lezer/common';
import type { Argument, Clause, Expr, Parameter } from './ast';
import { decodeString } from './strings';

const SKIPPED = new Set(['(', ')', '[', ']', '{', '}', ',', 'Comment', 'AssignOp', 'TypeDef', '⚠', ':', ';']);

/** Children that carry meaning, punctuation included (callers look at names). */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const list: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name !== 'Comment') list.push(child);
  }
  return list;
}

/** Expressions nested deeper are not read to their end: no person writes them. */
const DEEPEST = 300;

export class ExpressionReader {
  #depth = 0;

  constructor(readonly text: string) {}

  slice(node: SyntaxNode): string {
    return this.text.slice(node.from, node.to);
  }

  read(node: SyntaxNode): Expr {
    if (this.#depth >= DEEPEST) return { from: node.from, to: node.to, kind: 'opaque', parts: [] };
    this.#depth++;
    try {
      return this.#read(node);
    } finally {
      this.#depth--;
    }
  }

  #read(node: SyntaxNode): Expr {
    const span = { from: node.from, to: node.to };
    const children = childrenOf(node);
    switch (node.name) {
      case 'VariableName':
        return { ...span, kind: 'name', id: this.slice(node) };
      case 'Number':
        return { ...span, kind: 'number', value: Number(this.slice(node).replaceAll('_', '')) };
      case 'Boolean':
        return { ...span, kind: 'constant', value: this.slice(node) === 'True' };
      case 'None':
        return { ...span, kind: 'constant', value: null };
      case 'Ellipsis':
        return { ...span, kind: 'constant', value: '...' };
      case 'String':
      case 'FormatString':
      case 'ContinuedString':
        return this.string(node);
      case 'ParenthesizedExpression':
      case 'NamedExpression':
        return node.name === 'NamedExpression' ? this.named(node, children) : this.inner(node, children);
      case 'MemberExpression':
        return this.member(node, children);
      case 'CallExpression':
        return this.call(node, children);
      case 'BinaryExpression':
        return this.binary(node, children);
      case 'UnaryExpression': {
        const operand = children.at(-1);
        const first = children[0];
        if (operand === undefined || first === undefined || operand === first) return this.opaque(node);
        return { ...span, kind: 'unary', op: this.slice(first), operand: this.read(operand) };
      }
      case 'ConditionalExpression': {
        const [then, test, otherwise] = children.filter(
          (child) => child.name !== 'if' && child.name !== 'else',
        );
        if (then === undefined || test === undefined || otherwise === undefined) return this.opaque(node);
        return {
          ...span,
          kind: 'conditional',
          then: this.read(then),
          test: this.read(test),
          otherwise: this.read(otherwise),
        };
      }
      case 'LambdaExpression': {
        const params = children.find((child) => child.name === 'ParamList');
        const body = children.at(-1);
        if (body === undefined || body === params) return this.opaque(node);
        return {
          ...span,
          kind: 'lambda',
          params: params === undefined ? [] : this.params(params),
          body: this.read(body),
        };
      }
      case 'ArrayExpression':
        return { ...span, kind: 'list', type: 'list', items: this.items(children) };
      case 'TupleExpression':
        return { ...span, kind: 'list', type: 'tuple', items: this.items(children) };
      case 'SetExpression':
        return { ...span, kind: 'list', type: 'set', items: this.items(children) };
      case 'DictionaryExpression':
        return this.dict(node, children);
      case 'ArrayComprehensionExpression':
        return this.comprehension(node, children, 'list');
      case 'SetComprehensionExpression':
        return this.comprehension(node, children, 'set');
      case 'DictionaryComprehensionExpression':
        return this.comprehension(node, children, 'dict');
      case 'ComprehensionExpression':
        return this.comprehension(node, children, 'generator');
      case 'AwaitExpression': {
        const value = children.at(-1);
        return value === undefined || value.name === 'await'
          ? this.opaque(node)
          : { ...span, kind: 'await', value: this.read(value) };
      }
      case 'YieldExpression':
      case 'YieldStatement':
        return this.yield(node, children);
      default:
        return this.opaque(node);
    }
  }

  /** A comma-separated run of nodes as one expression: itself when single, a tuple otherwise. */
  sequence(nodes: readonly SyntaxNode[], fallback: SyntaxNode): Expr {
    const items = this.items(nodes);
    const only = items[0];
    const commas = nodes.some((node) => node.name === ',');
    if (only === undefined) return { from: fallback.from, to: fallback.to, kind: 'opaque', parts: [] };
    if (items.length === 1 && !commas) return only;
    return { from: only.from, to: items.at(-1)?.to ?? only.to, kind: 'list', type: 'tuple', items };
  }

  /** Items of a display or a target list; `*x` becomes a star. */
  items(nodes: readonly SyntaxNode[]): Expr[] {
    const items: Expr[] = [];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      if (node === undefined) continue;
      const starred = nodes[i + 1];
      if ((node.name === '*' || node.name === '**') && starred !== undefined) {
        items.push({ from: node.from, to: starred.to, kind: 'star', value: this.read(starred) });
        i++;
      } else if (!SKIPPED.has(node.name)) items.push(this.read(node));
    }
    return items;
  }

  args(list: SyntaxNode): Argument[] {
    const nodes = childrenOf(list);
    if (nodes.some((node) => node.name === 'for')) {
      return [{ value: this.comprehension(list, nodes, 'generator'), name: null, stars: 0 }];
    }
    const args: Argument[] = [];
    let stars: 0 | 1 | 2 = 0;
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      if (node === undefined) continue;
      if (node.name === '*') stars = 1;
      else if (node.name === '**') stars = 2;
      else if (!SKIPPED.has(node.name)) {
        const value = nodes[i + 2];
        if (
          nodes[i + 1]?.name === 'AssignOp' &&
          value !== undefined &&
          this.slice(nodes[i + 1] ?? node) === '='
        ) {
          args.push({ value: this.read(value), name: this.slice(node), stars: 0 });
          i += 2;
        } else args.push({ value: this.read(node), name: null, stars });
        stars = 0;
      }
    }
    return args;
  }

  params(list: SyntaxNode): Parameter[] {
    const params: Parameter[] = [];
    let stars: 0 | 1 | 2 = 0;
    let keywordOnly = false;
    const nodes = childrenOf(list);
    nodes.forEach((node, i) => {
      if (node.name === '*') {
        if (nodes[i + 1]?.name === ',') keywordOnly = true;
        else stars = 1;
      } else if (node.name === '**') stars = 2;
      else if (node.name === 'VariableName' && nodes[i - 1]?.name !== 'AssignOp') {
        let next = i + 1;
        const typed = nodes[next]?.name === 'TypeDef' ? nodes[next++] : undefined;
        const value = nodes[next]?.name === 'AssignOp' ? nodes[next + 1] : undefined;
        params.push({
          name: this.slice(node),
          fallback: value === undefined ? null : this.read(value),
          annotation: typed === undefined ? null : this.read(childrenOf(typed).at(-1) ?? typed),
          stars,
          keywordOnly,
        });
        if (stars === 1) keywordOnly = true;
        stars = 0;
      }
    });
    return params;
  }

  private inner(node: SyntaxNode, children: readonly SyntaxNode[]): Expr {
    const inner = children.find((child) => !SKIPPED.has(child.name));
    return inner === undefined ? this.opaque(node) : this.read(inner);
  }

  private named(node: SyntaxNode, children: readonly SyntaxNode[]): Expr {
    const [target, , value] = children;
    if (target === undefined || value === undefined) return this.opaque(node);
    return {
      from: node.from,
      to: node.to,
      kind: 'named',
      target: this.read(target),
      value: this.read(value),
    };
  }

  private string(node: SyntaxNode): Expr {
    const span = { from: node.from, to: node.to };
    const pieces = node.name === 'ContinuedString' ? childrenOf(node) : [node];
    const parts: (string | Expr)[] = [];
    for (const piece of pieces) {
      if (piece.name !== 'FormatString') {
        parts.push(decodeString(this.slice(piece)));
        continue;
      }
      let at = piece.from + (/^[a-zA-Z]*(?:'''|"""|'|")/.exec(this.slice(piece))?.[0].length ?? 0);
      for (const replacement of childrenOf(piece).filter((child) => child.name === 'FormatReplacement')) {
        parts.push(this.text.slice(at, replacement.from));
        const value = childrenOf(replacement).find((child) => child.name !== '{');
        parts.push(value === undefined ? '' : this.read(value));
        at = replacement.to;
      }
      parts.push(this.text.slice(at, piece.to).replace(/(?:'''|"""|'|")$/, ''));
    }
    const plain = parts.every((part) => typeof part === 'string');
    return { ...span, kind: 'string', value: plain ? parts.join('') : null, parts: plain ? [] : parts };
  }

  private member(node: SyntaxNode, children: readonly SyntaxNode[]): Expr {
    const span = { from: node.from, to: node.to };
    const [object, mark, ...rest] = children;
    if (object === undefined || mark === undefined) return this.opaque(node);
    const property = rest[0];
    if (mark.name === '.' && property?.name === 'PropertyName') {
      return {
        ...span,
        kind: 'attribute',
        object: this.read(object),
        name: this.slice(property),
        nameFrom: property.from,
      };
    }
    if (mark.name !== '[') return this.opaque(node);
    return { ...span, kind: 'subscript', object: this.read(object), index: this.index(node, rest) };
  }

  private index(node: SyntaxNode, nodes: readonly SyntaxNode[]): Expr {
    const items: Expr[] = [];
    let group: SyntaxNode[] = [];
    let commas = 0;
    const flush = (): void => {
      if (group.length === 0) return;
      const first = group[0] ?? node;
      const last = group.at(-1) ?? node;
      if (group.some((part) => part.name === ':')) {
        const parts: (Expr | null)[] = [null];
        for (const part of group) {
          if (part.name === ':') parts.push(null);
          else parts[parts.length - 1] = this.read(part);
        }
        items.push({ from: first.from, to: last.to, kind: 'slice', parts });
      } else items.push(...this.items(group));
      group = [];
    };
    for (const part of nodes) {
      if (part.name === ',') {
        commas++;
        flush();
      } else if (part.name !== ']') group.push(part);
    }
    flush();
    const only = items[0];
    if (only !== undefined && commas === 0) return only;
    return {
      from: only?.from ?? node.from,
      to: items.at(-1)?.to ?? node.to,
      kind: 'list',
      type: 'tuple',
      items,
    };
  }

  private call(node: SyntaxNode, children: readonly SyntaxNode[]): Expr {
    const callee = children[0];
    const list = children.find((child) => child.name === 'ArgList');
    if (callee === undefined || list === undefined) return this.opaque(node);
    return { from: node.from, to: node.to, kind: 'call', callee: this.read(callee), args: this.args(list) };
  }

  private binary(node: SyntaxNode, children: readonly SyntaxNode[]): Expr {
    const span = { from: node.from, to: node.to };
    const left = children[0];
    const right = children.at(-1);
    if (left === undefined || right === undefined || children.length < 3) return this.opaque(node);
    const op = children
      .slice(1, -1)
      .map((part) => this.slice(part))
      .join(' ')
      .trim();
    const sides = { left: this.read(left), right: this.read(right) };
    if (op === 'and' || op === 'or') return { ...span, kind: 'logical', op, ...sides };
    if (/^(?:[<>]=?|==|!=|<>|is|is not|in|not in)$/.test(op))
      return { ...span, kind: 'compare', op, ...sides };
    return { ...span, kind: 'binary', op, ...sides };
  }

  private dict(node: SyntaxNode, children: readonly SyntaxNode[]): Expr {
    const entries: { key: Expr | null; value: Expr }[] = [];
    for (let i = 0; i < children.length; i++) {
      const child = children[i];
      if (child === undefined) continue;
      const next = children[i + 1];
      const value = children[i + 2];
      if (child.name === '**' && next !== undefined) {
        entries.push({ key: null, value: this.read(next) });
        i++;
      } else if (next?.name === ':' && value !== undefined) {
        entries.push({ key: this.read(child), value: this.read(value) });
        i += 2;
      }
    }
    return { from: node.from, to: node.to, kind: 'dict', entries };
  }

  private comprehension(
    node: SyntaxNode,
    children: readonly SyntaxNode[],
    type: 'list' | 'set' | 'dict' | 'generator',
  ): Expr {
    const first = children.findIndex((child) => child.name === 'for' || child.name === 'async');
    if (first < 0) return this.opaque(node);
    const head = children.slice(0, first).filter((child) => !/^[[({]$/.test(child.name));
    const colon = type === 'dict' ? head.findIndex((child) => child.name === ':') : -1;
    const clauses: { target: Expr; iter: Expr; conditions: Expr[] }[] = [];
    let mode: 'target' | 'iter' | 'if' = 'target';
    let target: SyntaxNode[] = [];
    for (const child of children.slice(first)) {
      if (child.name === 'for') {
        mode = 'target';
        target = [];
      } else if (child.name === 'in' && mode === 'target') mode = 'iter';
      else if (child.name === 'if') mode = 'if';
      else if (SKIPPED.has(child.name) && !(mode === 'target' && child.name === ',')) continue;
      else if (mode === 'target') target.push(child);
      else if (mode === 'iter')
        clauses.push({ target: this.sequence(target, node), iter: this.read(child), conditions: [] });
      else clauses.at(-1)?.conditions.push(this.read(child));
    }
    const element = this.sequence(colon >= 0 ? head.slice(colon + 1) : head, node);
    const key = colon > 0 ? this.sequence(head.slice(0, colon), node) : null;
    return {
      from: node.from,
      to: node.to,
      kind: 'comprehension',
      type,
      key,
      element,
      clauses: clauses satisfies Clause[],
    };
  }

  private yield(node: SyntaxNode, children: readonly SyntaxNode[]): Expr {
    const rest = children.filter((child) => child.name !== 'yield' && child.name !== 'from');
    const value = rest.length === 0 ? null : this.sequence(rest, node);
    return {
      from: node.from,
      to: node.to,
      kind: 'yield',
      value,
      delegate: children.some((child) => child.name === 'from'),
    };
  }

  private opaque(node: SyntaxNode): Expr {
    const parts = childrenOf(node)
      .filter((child) => /Expression$|^VariableName$|String$/.test(child.name))
      .map((child) => this.read(child));
    return { from: node.from, to: node.to, kind: 'opaque', parts };
  }
}
