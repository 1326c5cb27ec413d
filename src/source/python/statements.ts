/**
 * Reads statements from a lezer tree into `ast.ts`. Bodies of functions and classes are read when first asked for, so a
 * file of 50,000 lines costs its parse and its outline. Total: what cannot be read becomes `opaque` or is left out.
 */
import type { SyntaxNode } from '@lezer/common';
import type { Expr, ImportedName, Stmt } from './ast';
import { childrenOf, ExpressionReader } from './expressions';

export class StatementReader {
  readonly #expressions: ExpressionReader;

  constructor(text: string) {
    this.#expressions = new ExpressionReader(text);
  }

  /** Statements directly inside a `Script`, a `Body` or a statement group. */
  block(node: SyntaxNode): Stmt[] {
    return childrenOf(node).flatMap((child) => this.#read(child));
  }

  /** The same, a few statements at a time. */
  *steps(node: SyntaxNode): Generator<undefined, Stmt[]> {
    const statements: Stmt[] = [];
    for (const [i, child] of childrenOf(node).entries()) {
      statements.push(...this.#read(child));
      if (i % 64 === 63) yield;
    }
    return statements;
  }

  #read(node: SyntaxNode, decorators: readonly Expr[] = [], from = node.from): Stmt[] {
    const span = { from, to: node.to };
    const children = childrenOf(node);
    const reader = this.#expressions;
    const expressions = (): Expr[] =>
      reader.items(
        children.filter((child) => /Expression$|Name$|String$|^Number$|^None$|^Boolean$/.test(child.name)),
      );
    switch (node.name) {
      case 'StatementGroup':
        return this.block(node);
      case 'DecoratedStatement':
        return this.#decorated(node, children);
      case 'FunctionDefinition': {
        const name = children.find((child) => child.name === 'VariableName');
        const params = children.find((child) => child.name === 'ParamList');
        const body = children.find((child) => child.name === 'Body');
        if (name === undefined) return [];
        return [
          {
            ...span,
            kind: 'function',
            name: reader.slice(name),
            params: params === undefined ? [] : reader.params(params),
            decorators,
            defFrom: node.from,
            body: this.#lazy(body),
          },
        ];
      }
      case 'ClassDefinition': {
        const name = children.find((child) => child.name === 'VariableName');
        const bases = children.find((child) => child.name === 'ArgList');
        const body = children.find((child) => child.name === 'Body');
        if (name === undefined) return [];
        const list = bases === undefined ? [] : reader.args(bases);
        return [
          {
            ...span,
            kind: 'class',
            name: reader.slice(name),
            bases: list,
            decorators,
            body: this.#lazy(body),
          },
        ];
      }
      case 'ExpressionStatement':
      case 'PrintStatement':
        return [
          {
            ...span,
            kind: 'expression',
            value: reader.sequence(
              children.filter((child) => child.name !== 'print'),
              node,
            ),
          },
        ];
      case 'YieldStatement':
        return [{ ...span, kind: 'expression', value: reader.read(node) }];
      case 'AssignStatement':
        return [this.#assign(node, children)];
      case 'UpdateStatement': {
        const at = children.findIndex((child) => child.name === 'UpdateOp');
        const op = children[at];
        if (op === undefined) return [];
        return [
          {
            ...span,
            kind: 'update',
            target: reader.sequence(children.slice(0, at), node),
            op: reader.slice(op).replace(/=$/, ''),
            value: reader.sequence(children.slice(at + 1), node),
          },
        ];
      }
      case 'ReturnStatement': {
        const rest = children.filter((child) => child.name !== 'return');
        return [{ ...span, kind: 'return', value: rest.length === 0 ? null : reader.sequence(rest, node) }];
      }
      case 'IfStatement':
        return [this.#if(node, children, 0)].filter((statement) => statement !== null);
      case 'ForStatement': {
        const at = children.findIndex((child) => child.name === 'in');
        const bodyAt = children.findIndex((child) => child.name === 'Body');
        const first = children.findIndex((child) => child.name === 'for');
        if (at < 0) return [];
        const end = bodyAt < 0 ? children.length : bodyAt;
        return [
          {
            ...span,
            kind: 'for',
            target: reader.sequence(children.slice(first + 1, at), node),
            iter: reader.sequence(children.slice(at + 1, end), node),
            ...this.#bodies(children),
          },
        ];
      }
      case 'WhileStatement': {
        const test = children[1];
        if (test === undefined) return [];
        return [{ ...span, kind: 'while', test: reader.read(test), ...this.#bodies(children) }];
      }
      case 'WithStatement':
        return [this.#with(node, children)];
      case 'TryStatement':
        return [this.#try(node, children)];
      case 'MatchStatement':
        return [this.#match(node, children)];
      case 'ImportStatement':
        return this.#import(node, children);
      case 'RaiseStatement':
        return [{ ...span, kind: 'raise', parts: expressions(), names: [] }];
      case 'AssertStatement':
        return [{ ...span, kind: 'assert', parts: expressions(), names: [] }];
      case 'DeleteStatement':
        return [{ ...span, kind: 'delete', parts: expressions(), names: [] }];
      case 'ScopeStatement': {
        const names = children
          .filter((child) => child.name === 'VariableName')
          .map((child) => reader.slice(child));
        return [{ ...span, kind: 'scope', parts: [], names }];
      }
      case 'BreakStatement':
        return [{ ...span, kind: 'break' }];
      case 'ContinueStatement':
        return [{ ...span, kind: 'continue' }];
      case 'PassStatement':
        return [{ ...span, kind: 'pass' }];
      default:
        return children.length > 0 && node.name !== 'TypeDefinition'
          ? [{ ...span, kind: 'opaque', parts: this.block(node) }]
          : [];
    }
  }

  #lazy(body: SyntaxNode | undefined): () => readonly Stmt[] {
    let read: readonly Stmt[] | undefined;
    return () => (read ??= body === undefined ? [] : this.block(body));
  }

  #body(node: SyntaxNode | undefined): Stmt[] {
    return node === undefined ? [] : this.block(node);
  }

  /** First body and the one after `else`. */
  #bodies(children: readonly SyntaxNode[]): { body: Stmt[]; otherwise: Stmt[] } {
    const [body, otherwise] = children.filter((child) => child.name === 'Body');
    return { body: this.#body(body), otherwise: this.#body(otherwise) };
  }

  #decorated(node: SyntaxNode, children: readonly SyntaxNode[]): Stmt[] {
    const decorators: Expr[] = [];
    for (const child of children) {
      if (child.name !== 'Decorator') return this.#read(child, decorators, node.from);
      const parts = childrenOf(child).filter((part) => part.name !== 'At');
      decorators.push(this.#decorator(child, parts));
    }
    return [];
  }

  /** Lezer keeps a decorator flat: names, dots and an argument list. */
  #decorator(node: SyntaxNode, parts: readonly SyntaxNode[]): Expr {
    const reader = this.#expressions;
    let value: Expr | null = null;
    for (const part of parts) {
      if (part.name === '.') continue;
      if (part.name === 'ArgList' && value !== null) {
        value = { from: value.from, to: part.to, kind: 'call', callee: value, args: reader.args(part) };
      } else if (value === null) value = reader.read(part);
      else {
        value = {
          from: value.from,
          to: part.to,
          kind: 'attribute',
          object: value,
          name: reader.slice(part),
          nameFrom: part.from,
        };
      }
    }
    return value ?? { from: node.from, to: node.to, kind: 'opaque', parts: [] };
  }

  #assign(node: SyntaxNode, children: readonly SyntaxNode[]): Stmt {
    const reader = this.#expressions;
    const groups: SyntaxNode[][] = [[]];
    let annotation: Expr | null = null;
    for (const child of children) {
      if (child.name === 'AssignOp') groups.push([]);
      else if (child.name === 'TypeDef') {
        const type = childrenOf(child).find((part) => part.name !== ':');
        annotation = type === undefined ? null : reader.read(type);
      } else groups.at(-1)?.push(child);
    }
    const value = groups.length > 1 ? groups.pop() : undefined;
    return {
      from: node.from,
      to: node.to,
      kind: 'assign',
      targets: groups.map((group) => reader.sequence(group, node)),
      value: value === undefined ? null : reader.sequence(value, node),
      annotation,
    };
  }

  #if(node: SyntaxNode, children: readonly SyntaxNode[], at: number): Stmt | null {
    const test = children[at + 1];
    if (test === undefined) return null;
    const bodyAt = children.findIndex((child, i) => i > at && child.name === 'Body');
    const next = bodyAt < 0 ? undefined : children[bodyAt + 1];
    let otherwise: Stmt[] = [];
    if (next?.name === 'elif')
      otherwise = [this.#if(node, children, bodyAt + 1)].filter((statement) => statement !== null);
    else if (next?.name === 'else')
      otherwise = this.#body(children.slice(bodyAt + 1).find((child) => child.name === 'Body'));
    const from = children[at]?.from ?? node.from;
    return {
      from,
      to: node.to,
      kind: 'if',
      test: this.#expressions.read(test),
      then: bodyAt < 0 ? [] : this.#body(children[bodyAt]),
      otherwise,
    };
  }

  #with(node: SyntaxNode, children: readonly SyntaxNode[]): Stmt {
    const reader = this.#expressions;
    const items: { value: Expr; target: Expr | null }[] = [];
    let named = false;
    for (const child of children) {
      if (child.name === 'Body') break;
      if (/^(?:with|async|,|\(|\))$/.test(child.name)) continue;
      const last = items.at(-1);
      if (child.name === 'as') named = true;
      else if (named && last !== undefined) {
        items[items.length - 1] = { value: last.value, target: reader.read(child) };
        named = false;
      } else items.push({ value: reader.read(child), target: null });
    }
    return { from: node.from, to: node.to, kind: 'with', items, body: this.#bodies(children).body };
  }

  #try(node: SyntaxNode, children: readonly SyntaxNode[]): Stmt {
    const handlers: Stmt[][] = [];
    const parts: Record<'try' | 'else' | 'finally', Stmt[]> = { try: [], else: [], finally: [] };
    let section = 'try';
    for (const child of children) {
      if (/^(?:try|except|else|finally)$/.test(child.name)) section = child.name;
      else if (child.name === 'Body') {
        if (section === 'except') handlers.push(this.#body(child));
        else if (section === 'try' || section === 'else' || section === 'finally')
          parts[section] = this.#body(child);
      }
    }
    const { from, to } = node;
    return {
      from,
      to,
      kind: 'try',
      body: parts.try,
      handlers,
      otherwise: parts.else,
      finally: parts.finally,
    };
  }

  #match(node: SyntaxNode, children: readonly SyntaxNode[]): Stmt {
    const at = children.findIndex((child) => child.name === 'MatchBody');
    const clauses = childrenOf(children[at] ?? node).filter((child) => child.name === 'MatchClause');
    const subject = this.#expressions.sequence(children.slice(1, at < 0 ? undefined : at), node);
    const cases = clauses.map((clause) =>
      this.#body(childrenOf(clause).find((child) => child.name === 'Body')),
    );
    return { from: node.from, to: node.to, kind: 'match', subject, cases };
  }

  #import(node: SyntaxNode, children: readonly SyntaxNode[]): Stmt[] {
    const span = { from: node.from, to: node.to };
    const words = children.map((child) => this.#expressions.slice(child));
    const list = (tokens: readonly string[]): ImportedName[] =>
      splitAt(tokens.filter((token) => token !== '(' && token !== ')')).map((group) => {
        const as = group.indexOf('as');
        const name = (as < 0 ? group : group.slice(0, as)).join('');
        return { name, as: as < 0 ? '' : (group[as + 1] ?? '') };
      });
    if (words[0] !== 'from') {
      const modules = list(words.slice(1)).map(({ name, as }) => ({
        module: name,
        as: as === '' ? null : as,
      }));
      return [{ ...span, kind: 'import', modules }];
    }
    const at = words.indexOf('import');
    const source = words.slice(1, at < 0 ? undefined : at).join('');
    const level = /^\.*/.exec(source)?.[0].length ?? 0;
    const names =
      at < 0 ? [] : list(words.slice(at + 1)).map(({ name, as }) => ({ name, as: as === '' ? name : as }));
    return [{ ...span, kind: 'from', level, module: source.slice(level), names }];
  }
}

function splitAt(tokens: readonly string[]): string[][] {
  const groups: string[][] = [[]];
  for (const token of tokens) {
    if (token === ',') groups.push([]);
    else groups.at(-1)?.push(token);
  }
  return groups.filter((group) => group.length > 0);
}
