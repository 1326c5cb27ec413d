/**
 * One Python file as links see it: its syntax, its classes and functions by qualified name, and its lines.
 * Tolerant: lezer repairs what does not parse, and the rest of the file is still read. Pure; knows one file only.
 */
import { parser } from '@lezer/python';
import type { ClassNode, FunctionNode, Stmt } from './ast';
import { Lines } from './lines';
import { StatementReader } from './statements';

/** A class or function with its dotted name inside the file (`Net.forward`, `make.<locals>.inner`). */
export interface Definition {
  readonly name: string;
  readonly node: ClassNode | FunctionNode;
  readonly parent: Definition | null;
}

export interface Outline {
  readonly file: string;
  readonly lines: Lines;
  readonly body: readonly Stmt[];
  /** True when some part could not be parsed. */
  readonly broken: boolean;
  /** Every class and function, nested ones included, in file order. Read on first use. */
  readonly definitions: () => readonly Definition[];
}

/** Reads a file. Never throws: an unreadable file is an outline without definitions. */
export function readOutline(file: string, text: string): Outline {
  const steps = outlineSteps(file, text);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * The same in steps of a millisecond or so, for a file so long that reading it at once would be noticed. With `whole`, its
 * definitions are read too.
 */
export function* outlineSteps(file: string, text: string, whole = false): Generator<undefined, Outline> {
  if (nestsTooDeep(text))
    return { file, lines: new Lines(text), body: [], broken: true, definitions: () => [] };
  const parse = parser.startParse(text);
  let tree = parse.advance();
  for (let i = 0; tree === null; i++) {
    if (i % 64 === 63) yield;
    tree = parse.advance();
  }
  const body = yield* new StatementReader(text).steps(tree.topNode);
  let definitions: Definition[] | undefined;
  if (whole) {
    definitions = [];
    for (const statement of body) {
      definitions.push(...collect([statement], null, ''));
      yield;
    }
  }
  return {
    file,
    lines: new Lines(text),
    body,
    broken: hasErrors(tree.cursor()),
    definitions: () => (definitions ??= collect(body, null, '')),
  };
}

/** Brackets open inside each other beyond this make the parser crawl; no person writes them. */
const DEEPEST_BRACKETS = 1000;

function nestsTooDeep(text: string): boolean {
  let depth = 0;
  for (const match of text.matchAll(/[([{]|[)\]}]/g)) {
    depth = '([{'.includes(match[0]) ? depth + 1 : Math.max(0, depth - 1);
    if (depth > DEEPEST_BRACKETS) return true;
  }
  return false;
}

function hasErrors(cursor: { next(): boolean; readonly type: { readonly isError: boolean } }): boolean {
  do {
    if (cursor.type.isError) return true;
  } while (cursor.next());
  return false;
}

function collect(body: readonly Stmt[], parent: Definition | null, prefix: string): Definition[] {
  const found: Definition[] = [];
  const visit = (statements: readonly Stmt[]): void => {
    for (const statement of statements) {
      if (statement.kind === 'class' || statement.kind === 'function') {
        const definition = { name: prefix + statement.name, node: statement, parent };
        const inner = statement.kind === 'class' ? '.' : '.<locals>.';
        found.push(definition, ...collect(statement.body(), definition, definition.name + inner));
      } else for (const block of blocksOf(statement)) visit(block);
    }
  };
  visit(body);
  return found;
}

/** The statement lists directly inside a compound statement that is not a definition. */
export function blocksOf(statement: Stmt): readonly (readonly Stmt[])[] {
  switch (statement.kind) {
    case 'if':
      return [statement.then, statement.otherwise];
    case 'for':
    case 'while':
      return [statement.body, statement.otherwise];
    case 'with':
      return [statement.body];
    case 'try':
      return [statement.body, ...statement.handlers, statement.otherwise, statement.finally];
    case 'match':
      return statement.cases;
    case 'opaque':
      return [statement.parts];
    default:
      return [];
  }
}

/** The innermost function or class whose text covers an offset. */
export function definitionAt(outline: Outline, offset: number): Definition | undefined {
  let best: Definition | undefined;
  for (const definition of outline.definitions()) {
    if (definition.node.from <= offset && offset < definition.node.to) best = definition;
  }
  return best;
}
