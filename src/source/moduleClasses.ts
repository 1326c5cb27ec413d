/**
 * The classes of a file that are modules of PyTorch, as far as the file itself says: by their bases' names, by bases in
 * the same file, by a `forward` of their own. Pure over one outline; cheap enough for a CodeLens.
 */
import type { ClassNode, Expr } from './python/ast';
import type { Definition, Outline } from './python/outline';
import { visitCalls } from './python/visit';

export interface ModuleClass {
  /** Dotted name in its file: `Net`, `Outer.Inner`. */
  readonly name: string;
  /** From 1: the line of `class`. */
  readonly line: number;
  /** Column of `class`, from 0. */
  readonly column: number;
  /** Its last line. */
  readonly endLine: number;
  /** False for a class that another module of the file constructs: a part and not a model. */
  readonly outermost: boolean;
}

const BASES =
  /^(?:Module|Sequential|ModuleList|LightningModule|PreTrainedModel|ScriptModule|GraphModule|.+(?:PreTrainedModel|ForCausalLM|ForSequenceClassification|ForImageClassification))$/;

/** Classes at the top of a file, or inside such classes, that are modules. Those inside functions cannot be imported. */
export function moduleClasses(outline: Outline): ModuleClass[] {
  const definitions = outline.definitions().filter(isImportable);
  const known = new Map(definitions.map((definition) => [definition.node.name, definition]));
  const memo = new Map<string, boolean>();
  const borrowed = libraryNames(outline);
  const modules = definitions.filter((definition) => isModule(definition, known, borrowed, memo));
  const names = new Set(modules.map(({ node }) => node.name));
  const parts = new Set<string>();
  for (const { node } of modules) {
    visitCalls(classOf(node).body(), ({ callee }) => {
      if (callee.kind === 'name' && names.has(callee.id) && callee.id !== node.name) parts.add(callee.id);
    });
    for (const { value } of classOf(node).bases)
      if (value.kind === 'name' && names.has(value.id)) parts.delete(value.id);
  }
  return modules.map(({ name, node }) => {
    const text = outline.lines.text.slice(node.from, node.to);
    const at = node.from + Math.max(0, text.search(/^[ \t]*class\b/m));
    const line = outline.lines.lineAt(at);
    const indent = outline.lines.textOf(line).search(/\S/);
    const endLine = outline.lines.lineAt(Math.max(at, node.to - 1));
    return { name, line, column: Math.max(0, indent), endLine, outermost: !parts.has(node.name) };
  });
}

function isImportable(definition: Definition): boolean {
  for (let at: Definition | null = definition; at !== null; at = at.parent)
    if (at.node.kind !== 'class') return false;
  return true;
}

function isModule(
  { node }: Definition,
  known: ReadonlyMap<string, Definition>,
  borrowed: ReadonlySet<string>,
  memo: Map<string, boolean>,
): boolean {
  const earlier = memo.get(node.name);
  if (earlier !== undefined) return earlier;
  memo.set(node.name, false);
  const cls = classOf(node);
  const bases = cls.bases.filter(({ name }) => name === null).map(({ value }) => lastName(value));
  const answer = bases.some((base) => {
    const own = known.get(base);
    if (own !== undefined && own.node !== node) return isModule(own, known, borrowed, memo);
    return BASES.test(base) || borrowed.has(base) || (base !== '' && base !== 'object' && hasForward(cls));
  });
  memo.set(node.name, answer);
  return answer;
}

/** Names of models that a file takes from libraries of models: what is derived from them is a module. */
function libraryNames({ body }: Outline): Set<string> {
  const names = new Set<string>();
  for (const statement of body) {
    if (
      statement.kind !== 'from' ||
      !/^(?:timm|transformers|torchvision\.models|diffusers)\b/.test(statement.module)
    )
      continue;
    for (const { as } of statement.names) if (/^[A-Z]/.test(as) && !/Config$|Output$/.test(as)) names.add(as);
  }
  return names;
}

function hasForward(node: ClassNode): boolean {
  return node.body().some((statement) => statement.kind === 'function' && statement.name === 'forward');
}

function lastName(expr: Expr): string {
  if (expr.kind === 'name') return expr.id;
  if (expr.kind === 'attribute') return expr.name;
  return expr.kind === 'subscript' ? lastName(expr.object) : '';
}

function classOf(node: Definition['node']): ClassNode {
  if (node.kind !== 'class') throw new TypeError('Not a class.');
  return node;
}
