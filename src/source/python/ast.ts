/**
 * A small syntax tree of Python: what links need to know of a file and no more. Types only.
 * Positions are offsets into the file's text; `lines.ts` turns them into lines and columns. What the parser could not
 * read is an `opaque` node that keeps its readable parts, so broken files still give what parses.
 */

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Argument {
  readonly value: Expr;
  /** Keyword, or null for a positional one. */
  readonly name: string | null;
  /** 1 for `*x`, 2 for `**x`. */
  readonly stars: 0 | 1 | 2;
}

export interface Parameter {
  readonly name: string;
  readonly fallback: Expr | null;
  readonly annotation: Expr | null;
  readonly stars: 0 | 1 | 2;
  /** After a bare `*` or `*args`. */
  readonly keywordOnly: boolean;
}

export interface Clause {
  readonly target: Expr;
  readonly iter: Expr;
  readonly conditions: readonly Expr[];
}

export type Expr = Span &
  (
    | { readonly kind: 'name'; readonly id: string }
    | { readonly kind: 'attribute'; readonly object: Expr; readonly name: string; readonly nameFrom: number }
    | { readonly kind: 'call'; readonly callee: Expr; readonly args: readonly Argument[] }
    | { readonly kind: 'subscript'; readonly object: Expr; readonly index: Expr }
    | { readonly kind: 'slice'; readonly parts: readonly (Expr | null)[] }
    | { readonly kind: 'binary'; readonly op: string; readonly left: Expr; readonly right: Expr }
    | { readonly kind: 'unary'; readonly op: string; readonly operand: Expr }
    /** `and`, `or`. */
    | { readonly kind: 'logical'; readonly op: 'and' | 'or'; readonly left: Expr; readonly right: Expr }
    | { readonly kind: 'compare'; readonly op: string; readonly left: Expr; readonly right: Expr }
    | { readonly kind: 'conditional'; readonly test: Expr; readonly then: Expr; readonly otherwise: Expr }
    | { readonly kind: 'lambda'; readonly params: readonly Parameter[]; readonly body: Expr }
    | { readonly kind: 'list'; readonly type: 'list' | 'tuple' | 'set'; readonly items: readonly Expr[] }
    | {
        readonly kind: 'dict';
        readonly entries: readonly { readonly key: Expr | null; readonly value: Expr }[];
      }
    | {
        readonly kind: 'comprehension';
        readonly type: 'list' | 'set' | 'dict' | 'generator';
        readonly key: Expr | null;
        readonly element: Expr;
        readonly clauses: readonly Clause[];
      }
    /** `value` is null for a format string with replacements; its parts follow. */
    | { readonly kind: 'string'; readonly value: string | null; readonly parts: readonly (string | Expr)[] }
    | { readonly kind: 'number'; readonly value: number }
    | { readonly kind: 'constant'; readonly value: boolean | null | '...' }
    | { readonly kind: 'star'; readonly value: Expr }
    | { readonly kind: 'await'; readonly value: Expr }
    | { readonly kind: 'yield'; readonly value: Expr | null; readonly delegate: boolean }
    | { readonly kind: 'named'; readonly target: Expr; readonly value: Expr }
    | { readonly kind: 'opaque'; readonly parts: readonly Expr[] }
  );

export interface FunctionNode extends Span {
  readonly kind: 'function';
  readonly name: string;
  readonly params: readonly Parameter[];
  readonly decorators: readonly Expr[];
  /** Offset of `def`. */
  readonly defFrom: number;
  /** Read on first use. */
  readonly body: () => readonly Stmt[];
}

export interface ClassNode extends Span {
  readonly kind: 'class';
  readonly name: string;
  readonly bases: readonly Argument[];
  readonly decorators: readonly Expr[];
  readonly body: () => readonly Stmt[];
}

export interface ImportedName {
  readonly name: string;
  readonly as: string;
}

export type Stmt =
  | FunctionNode
  | ClassNode
  | (Span &
      (
        | { readonly kind: 'expression'; readonly value: Expr }
        | {
            readonly kind: 'assign';
            readonly targets: readonly Expr[];
            readonly value: Expr | null;
            readonly annotation: Expr | null;
          }
        | { readonly kind: 'update'; readonly target: Expr; readonly op: string; readonly value: Expr }
        | { readonly kind: 'return'; readonly value: Expr | null }
        | {
            readonly kind: 'if';
            readonly test: Expr;
            readonly then: readonly Stmt[];
            readonly otherwise: readonly Stmt[];
          }
        | {
            readonly kind: 'for';
            readonly target: Expr;
            readonly iter: Expr;
            readonly body: readonly Stmt[];
            readonly otherwise: readonly Stmt[];
          }
        | {
            readonly kind: 'while';
            readonly test: Expr;
            readonly body: readonly Stmt[];
            readonly otherwise: readonly Stmt[];
          }
        | {
            readonly kind: 'with';
            readonly items: readonly { readonly value: Expr; readonly target: Expr | null }[];
            readonly body: readonly Stmt[];
          }
        | {
            readonly kind: 'try';
            readonly body: readonly Stmt[];
            readonly handlers: readonly (readonly Stmt[])[];
            readonly otherwise: readonly Stmt[];
            readonly finally: readonly Stmt[];
          }
        | { readonly kind: 'match'; readonly subject: Expr; readonly cases: readonly (readonly Stmt[])[] }
        /** `import a.b as c`. `as` is null for a plain `import a.b`, which binds `a`. */
        | {
            readonly kind: 'import';
            readonly modules: readonly { readonly module: string; readonly as: string | null }[];
          }
        /** `from ..a import b as c`; `level` counts the dots. `*` is a name. */
        | {
            readonly kind: 'from';
            readonly level: number;
            readonly module: string;
            readonly names: readonly ImportedName[];
          }
        | {
            readonly kind: 'raise' | 'assert' | 'delete' | 'scope';
            readonly parts: readonly Expr[];
            readonly names: readonly string[];
          }
        | { readonly kind: 'break' | 'continue' | 'pass' }
        | { readonly kind: 'opaque'; readonly parts: readonly Stmt[] }
      ));
