/**
 * What one Python file does to modules from outside their constructors: layers replaced, added, deleted or put under
 * names that only running the code would tell. Read from the text alone, so it says "perhaps" where nothing is done;
 * it never says "no" for one of the forms it knows. Does not follow code.
 */
import { argumentsOf, clean, statementsOf, targetsOf, type Statement } from './statements';

/** What is not sure any more. */
export interface Surgery {
  /** Names, as attributes or as parts of a module's path. */
  readonly names: ReadonlySet<string>;
  /** Elements of containers: parts of a path that are numbers. */
  readonly items: boolean;
  /** Which module stands at any path. */
  readonly modules: boolean;
  /** Any attribute, methods among them. */
  readonly members: boolean;
}

const CALLS =
  /(?:([\w.\])'"]*)\.)?\b(setattr|delattr|__setattr__|__delattr__|set_submodule|add_module|register_module|insert|pop|popitem|extend|update|setdefault|clear|__setitem__|__delitem__)\s*\(/g;
const CONTAINER = /^(?:insert|pop|popitem|extend|update|setdefault|clear|__setitem__|__delitem__)$/;
const MADE =
  /^\s*(?:[[{(]|(?:dict|list|set|tuple|bytearray|defaultdict|OrderedDict|Counter|range|sorted|torch|np|numpy|math|json|collections)\b)/;
const LITERAL = /^[rRbBuU]?(['"])([\w.]*)\1$/;
const PLAIN =
  /^[-+\d.]+$|^(?:True|False|None)$|^[rRbBuUfF]{0,2}(['"]).*\1$|^(?!lambda)[a-z_][\w.]*\s*[-+*/%<>]/;
const MODULE = /\bnn\.|\b[A-Z]\w*\s*\(|\bmake_|\bbuild_/;

/** Searches one file's text. */
export function surgeryIn(source: string): Surgery {
  const text = clean(source);
  return surgeryOf(text, statementsOf(text));
}

/** The same of a cleaned text whose statements are at hand. */
export function surgeryOf(text: string, statements: readonly Statement[]): Surgery {
  return new Search(text, statements).run();
}

class Search {
  readonly #names = new Set<string>();
  #items = false;
  #modules = false;
  #members = false;
  readonly #bound = new Map<string, string[]>();
  readonly #handles: boolean;
  /** Methods that the file's own classes call; made when it is first asked for. */
  #ownCalls: ReadonlySet<string> | null = null;

  constructor(
    private readonly text: string,
    private readonly statements: readonly Statement[],
  ) {
    this.#handles =
      /\b(?:named_)?(?:children|modules)\s*\(|\bget_submodule\b|\bnn\.(?:Sequential|Module)/.test(text);
  }

  run(): Surgery {
    for (const { text } of this.statements) {
      const { targets, value } = targetsOf(text);
      for (const target of targets) {
        if (/^\w+$/.test(target)) this.#bound.set(target, [...(this.#bound.get(target) ?? []), value]);
      }
    }
    for (const statement of this.statements) this.#look(statement);
    return { names: this.#names, items: this.#items, modules: this.#modules, members: this.#members };
  }

  #look(statement: Statement): void {
    const { text } = statement;
    const own = statement.scope === '__init__' || this.#calledByOwn(statement.scope);
    const { targets, value } = targetsOf(text);
    for (const target of targets) this.#set(target, value, own && statement.method);
    const deleted = /^(?:.*:\s*)?del\s+(.*)$/.exec(text)?.[1];
    if (deleted !== undefined)
      for (const target of deleted.split(',')) this.#set(target.trim(), 'nn.', false);
    for (const match of text.matchAll(CALLS)) {
      const [whole, holder = '', name = ''] = match;
      this.#called(holder, name, argumentsOf(text, match.index + whole.length), own && statement.method);
    }
    // The function itself handed on: partial(setattr, ...).
    if (/(?<!\.)\b(?:setattr|delattr)\b(?!\s*\()/.test(text)) this.#members = true;
    this.#dictionaries(text, targets, value);
  }

  /** A method that its own class calls is followed from the constructor. */
  #calledByOwn(scope: string): boolean {
    if (scope === '') return false;
    this.#ownCalls ??= new Set(
      [...this.text.matchAll(/\b(?:self|cls|super\(\))\.(\w+)\s*\(/g)].map(([, name = '']) => name),
    );
    return this.#ownCalls.has(scope);
  }

  #set(target: string, value: string, own: boolean): void {
    if (target.endsWith(']')) {
      this.#setItem(target, value, own);
      return;
    }
    const name = /\.\s*(\w+)$/.exec(target)?.[1];
    if (name === undefined) return;
    if (name === '__class__' || name === '__bases__' || name === '__dict__') this.#members = true;
    if (name === '_modules') this.#modules = true;
    if (own && /^(?:self|cls)\.\w+$/.test(target)) return;
    this.#names.add(name);
  }

  #setItem(target: string, value: string, own: boolean): void {
    const base = target.slice(0, openingOf(target)).trim();
    const key = LITERAL.exec(target.slice(openingOf(target) + 1, -1).trim())?.[2];
    if (/(?<!\w)(?:_modules|__dict__)$|\bvars\([^)]*\)$/.test(base)) {
      const anywhere = !base.endsWith('_modules');
      if (key !== undefined) this.#names.add(key);
      else if (anywhere) this.#members = true;
      else this.#modules = true;
      return;
    }
    if (/_modules['"]\]$/.test(base)) {
      if (key !== undefined) this.#names.add(key);
      else this.#modules = true;
      return;
    }
    if (own && /^self\.\w+$/.test(base)) return;
    const name = /\.(\w+)$/.exec(base)?.[1];
    if (name !== undefined) this.#names.add(name);
    else if (/^\w+$/.test(base)) this.#setIn(base, key, value);
    else if (!PLAIN.test(value)) this.#any(key);
  }

  /** An element of what a local name stands for. */
  #setIn(base: string, key: string | undefined, value: string): void {
    const bound = this.#bound.get(base) ?? [];
    for (const from of bound) {
      const name =
        /\.(\w+)(?:\[[^\]]*\])*$/.exec(from)?.[1] ?? /^getattr\(.*,\s*['"](\w+)['"]/.exec(from)?.[1];
      if (name !== undefined) this.#names.add(name);
      if (/(?<!\w)(?:_modules|__dict__)$|\bvars\([^)]*\)$/.test(from)) this.#members = true;
    }
    if (bound.length > 0 && bound.every((from) => MADE.test(from))) return;
    if (!PLAIN.test(value) && (MODULE.test(value) || this.#handles)) this.#any(key);
  }

  #any(key: string | undefined): void {
    if (key !== undefined) this.#names.add(key);
    else this.#items = true;
  }

  #called(holder: string, name: string, args: readonly string[], own: boolean): void {
    if (CONTAINER.test(name)) {
      const part = /(?:^|\.)(\w+)$/.exec(holder)?.[1];
      if (part === undefined || part === 'self') return;
      if (part === '__dict__') {
        // A class whose attributes are its keys is no module; where modules are defined it may be one.
        if (!/^self\./.test(holder) || /\bModule\b/.test(this.text)) this.#members = true;
      } else if (part === '_modules') this.#modules = true;
      else if (holder.includes('.')) {
        if (!(own && /^self\.\w+$/.test(holder))) this.#names.add(part);
      } else if (name === 'insert' || name === '__setitem__') this.#setIn(part, undefined, args.join(', '));
      else for (const from of this.#bound.get(part) ?? []) this.#aliased(from);
      return;
    }
    const patch = /^(?:monkeypatch|mocker|mp)$/.test(holder);
    const bare = holder === '' || patch || holder === 'object' || /(?:^|\.)builtins$/.test(holder);
    const named = bare || /^(?:set|del)attr$/.test(name) ? args[1] : args[0];
    const target = bare ? (args[0] ?? '') : holder;
    if (own && /^(?:self|cls|super\(\))$/.test(target)) return;
    if (name === '__setattr__' && /^(?:self|super\(\))$|\)$/.test(target) && !/\bModule\b/.test(this.text))
      return;
    const literal = LITERAL.exec(named?.replace(/^\w+\s*=\s*/, '') ?? '')?.[2];
    if (literal !== undefined) {
      this.#names.add(literal.split('.').at(-1) ?? literal);
      if (name === 'set_submodule' && literal === '') this.#modules = true;
      return;
    }
    if (patch) return;
    if (name === 'set_submodule') this.#modules = true;
    else if (name === 'add_module' || name === 'register_module') {
      // A container that is being filled gains what it did not have.
      const bound = this.#bound.get(holder) ?? [];
      const filled =
        bound.length > 0 &&
        bound.every((from) => /^(?:[\w.]*\.)?(?:Sequential|ModuleList|ModuleDict)\(/.test(from));
      const part = /^self\.(\w+)$/.exec(holder)?.[1];
      if (own && part !== undefined) return;
      if (!filled) this.#modules = true;
    } else if (args[2] === undefined || !/^[-+\d.]+$|^(?:True|False)$/.test(args[2])) this.#members = true;
  }

  #aliased(from: string): void {
    const name = /\.(\w+)$/.exec(from)?.[1];
    if (name !== undefined) this.#names.add(name);
    if (/(?<!\w)(?:_modules|__dict__)$|\bvars\([^)]*\)$/.test(from)) this.#members = true;
  }

  /** `_modules` and `__dict__` under another name, or changed in ways that name no key. */
  #dictionaries(text: string, targets: readonly string[], value: string): void {
    if (
      /\bvars\([^()]*(?:\([^()]*\)[^()]*)*\)\.(?:update|setdefault|pop|popitem|clear|__setitem__)\b/.test(
        text,
      )
    )
      this.#members = true;
    if (/\bvars\([^()]*\)\s*\|=|__dict__\s*\|=/.test(text)) this.#members = true;
    if (/(?<!\w)_modules\s*\|=/.test(text)) this.#modules = true;
    if (targets.length > 0 && /(?:__dict__|\bvars\([^()]+\))$/.test(value)) this.#members ||= this.#handles;
    if (targets.length > 0 && /(?<!\w)_modules(?:['"]\]?\)?)?$/.test(value)) this.#modules = true;
  }
}

/** Where the last pair of brackets of `a[b][c[d]]` opens. */
function openingOf(target: string): number {
  let depth = 0;
  for (let at = target.length - 1; at >= 0; at--) {
    if (target[at] === ']') depth++;
    else if (target[at] === '[' && --depth === 0) return at;
  }
  return 0;
}
