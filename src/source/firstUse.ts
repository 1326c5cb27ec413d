/**
 * What the first layer that reads a parameter of `forward` says about it: `self.stem.conv` is `Conv2d(1, 16)`, so the
 * image has one channel. Follows calls of the person's own code by name; knows the layers of PyTorch by their arguments.
 * It runs nothing and is silent where it cannot tell.
 */
import type { Interpreter } from './interpret/interpreter';
import type { CallSite } from './interpret/machine';
import { Env, Instance, optionsOf, UNKNOWN, type FunctionValue, type Value } from './interpret/values';
import type { Expr, Stmt } from './python/ast';
import { blocksOf } from './python/outline';
import { childrenOf, expressionsOf } from './python/visit';

export interface FirstUse {
  /** `self.stem.conv is Conv2d(1, …)`; null when only the rank is known. */
  readonly what: string | null;
  /** null where a size is free. */
  readonly dims: readonly (number | null)[];
  /** For indices: how many there are to choose from; null for numbers. */
  readonly below: number | null;
  /** True for indices, also where nobody knows below what. */
  readonly indices: boolean;
}

const DEEPEST = 12;
/** Leave type and shape as they are, or turn them round in a way an example need not know. */
const SAME =
  /^(?:float|half|double|to|contiguous|clone|detach|type|type_as|cuda|cpu|relu|gelu|silu|sigmoid|tanh|dropout|softplus|leaky_relu|elu|normalize|flatten)$/;
const SAME_LAYERS =
  /^(?:ReLU|GELU|SiLU|Sigmoid|Tanh|Dropout\w*|Identity|Flatten|Hardswish|LeakyReLU|ELU|Softplus|QuantStub)$/;

/** How deep the search is, and the names by which the parameter goes where it is. */
interface Place {
  readonly env: Env;
  readonly aliases: Set<string>;
  readonly path: string;
  readonly depth: number;
}

export class UseFinder {
  /** How many sizes the parameter is unpacked into on the way. */
  #rank: number | null = null;

  constructor(private readonly interpreter: Interpreter) {}

  /** @param entry `forward`, bound to its object */
  find(entry: FunctionValue, param: string): FirstUse | null {
    this.#rank = null;
    const found = this.interpreter.allow(() => this.#inFunction(entry, param, '', 0), null);
    return found ?? this.#unpacked();
  }

  #unpacked(): FirstUse | null {
    if (this.#rank === null) return null;
    return { what: null, dims: new Array<null>(this.#rank).fill(null), below: null, indices: false };
  }

  #inFunction(fn: FunctionValue, param: string, path: string, depth: number): FirstUse | null {
    if (depth > DEEPEST || !('statements' in fn.body)) return null;
    const env = new Env(fn.env, fn.env.file, 'function', fn.owner);
    fn.params.forEach(({ name }, i) => {
      env.vars.set(name, i === 0 && fn.self !== null && fn.role !== 'static' ? fn.self : UNKNOWN);
    });
    return this.#inBlock(fn.body.statements(), { env, aliases: new Set([param]), path, depth });
  }

  #inBlock(statements: readonly Stmt[], place: Place): FirstUse | null {
    for (const statement of statements) {
      if (statement.kind === 'function' || statement.kind === 'class') continue;
      for (const expr of expressionsOf(statement)) {
        const found = this.#inExpression(expr, place);
        if (found !== null) return found;
      }
      if (statement.kind === 'assign' && statement.value !== null) {
        for (const target of statement.targets) this.#assign(target, statement.value, place);
      }
      if (statement.kind === 'for') this.#bindLoop(statement.target, statement.iter, place);
      for (const block of blocksOf(statement)) {
        const found = this.#inBlock(block, place);
        if (found !== null) return found;
      }
    }
    return null;
  }

  #assign(target: Expr, value: Expr, place: Place): void {
    const { aliases, env } = place;
    if (target.kind === 'list' && value.kind === 'list' && target.items.length === value.items.length) {
      target.items.forEach((item, i) => {
        const part = value.items[i];
        if (part !== undefined) this.#assign(item, part, place);
      });
      return;
    }
    if (target.kind === 'list' && this.#isShape(value, place)) this.#rank = target.items.length;
    if (target.kind !== 'name') return;
    if (this.#isAlias(value, place)) aliases.add(target.id);
    else {
      aliases.delete(target.id);
      env.vars.set(target.id, this.#evaluate(value, env));
    }
  }

  /** The first turn of a loop stands for all. */
  #bindLoop(target: Expr, iter: Expr, { env }: Place): void {
    const values = this.interpreter.iterate(this.#evaluate(iter, env), this.#site(iter, env));
    this.interpreter.assign(target, values?.[0] ?? UNKNOWN, env);
  }

  #inExpression(expr: Expr, place: Place): FirstUse | null {
    for (const child of childrenOf(expr)) {
      const found = this.#inExpression(child, place);
      if (found !== null) return found;
    }
    if (expr.kind !== 'call') return null;
    const index = expr.args.findIndex(({ value }) => this.#isAlias(value, place));
    const argument = expr.args[index];
    if (argument === undefined || argument.stars !== 0) return null;
    const callee = this.#evaluate(expr.callee, place.env);
    const name = nameOf(expr.callee);
    for (const option of optionsOf(callee)) {
      const found = this.#inCallee(option, argument.name ?? index, join(place.path, name), place.depth + 1);
      if (found !== null) return found;
    }
    return null;
  }

  #inCallee(callee: Value, argument: string | number, path: string, depth: number): FirstUse | null {
    if (callee.kind === 'function') {
      const params =
        callee.self === null || callee.role === 'static' ? callee.params : callee.params.slice(1);
      const param = typeof argument === 'string' ? argument : params[argument]?.name;
      const own = path.slice(0, Math.max(0, path.lastIndexOf('.')));
      return param === undefined ? null : this.#inFunction(callee, param, own, depth);
    }
    return callee instanceof Instance ? this.#inModule(callee, argument, path, depth) : null;
  }

  #inModule(module: Instance, argument: string | number, path: string, depth: number): FirstUse | null {
    if (depth > DEEPEST) return null;
    this.interpreter.fill(module);
    const { ref } = module;
    if (ref.kind === 'user') {
      const forward = this.interpreter.classAttribute(ref.cls, 'forward');
      if (forward?.kind === 'function')
        return this.#inCallee({ ...forward, self: module }, argument, `${path}.forward`, depth + 1);
    }
    const names = module.entries === null ? null : [...module.entries.keys()];
    for (const [i, item] of (module.items ?? [...(module.entries?.values() ?? [])]).entries()) {
      if (!(item instanceof Instance)) return null;
      const at = join(path, String(names?.[i] ?? i));
      const found = this.#inModule(item, argument, at, depth + 1);
      if (found !== null) return found;
      if (item.ref.kind !== 'library' || !SAME_LAYERS.test(lastOf(item.ref.path))) return null;
    }
    return ref.kind === 'library' ? this.#layer(module, lastOf(ref.path), path) : null;
  }

  /** What a layer of PyTorch takes. */
  #layer(layer: Instance, kind: string, path: string): FirstUse | null {
    const size = (index: number, ...names: string[]): number | null => numberIn(layer, index, names);
    const says = (first: number | null, dims: readonly (number | null)[]): FirstUse | null =>
      first === null
        ? null
        : { what: `${path} is ${kind}(${String(first)}, …)`, dims, below: null, indices: false };
    const conv = /^(?:Lazy)?Conv(?:Transpose)?([123])d$/.exec(kind);
    if (conv !== null) {
      const channels = size(0, 'in_channels');
      return says(channels, [null, channels, ...new Array<null>(Number(conv[1])).fill(null)]);
    }
    const norm = /^(?:Batch|Instance)Norm([123])d$/.exec(kind);
    if (norm !== null) {
      const features = size(0, 'num_features');
      return says(features, [null, features, ...new Array<null>(Number(norm[1])).fill(null)]);
    }
    switch (kind) {
      case 'Linear': {
        const features = size(0, 'in_features');
        const rank = Math.max(2, this.#rank ?? 2);
        return says(features, [...new Array<null>(rank - 1).fill(null), features]);
      }
      case 'Embedding':
      case 'EmbeddingBag': {
        const below = size(0, 'num_embeddings');
        const what = below === null ? `${path} is an ${kind}` : `${path} is ${kind}(${String(below)}, …)`;
        return { what, dims: new Array<null>(this.#rank ?? 2).fill(null), below, indices: true };
      }
      case 'LSTM':
      case 'GRU':
      case 'RNN': {
        const features = size(0, 'input_size');
        return says(features, [null, null, features]);
      }
      case 'LayerNorm':
      case 'RMSNorm': {
        const features = size(0, 'normalized_shape');
        return says(features, [null, null, features]);
      }
      case 'MultiheadAttention':
      case 'TransformerEncoderLayer':
      case 'TransformerDecoderLayer': {
        const width = size(0, 'embed_dim', 'd_model');
        return says(width, [null, null, width]);
      }
      case 'TransformerEncoder':
      case 'TransformerDecoder': {
        const inner = layer.args.positional[0] ?? layer.args.named.get('encoder_layer');
        const width = inner instanceof Instance ? numberIn(inner, 0, ['d_model']) : null;
        return says(width, [null, null, width]);
      }
      default: {
        const pool = /^(?:Adaptive)?(?:Max|Avg)Pool([123])d$/.exec(kind);
        if (pool !== null) this.#rank = Number(pool[1]) + 2;
        return null;
      }
    }
  }

  #isAlias(expr: Expr, place: Place): boolean {
    switch (expr.kind) {
      case 'name':
        return place.aliases.has(expr.id);
      case 'call': {
        if (expr.callee.kind !== 'attribute' || !SAME.test(expr.callee.name)) return false;
        const [first] = expr.args;
        return (
          this.#isAlias(expr.callee.object, place) ||
          (first !== undefined && this.#isAlias(first.value, place) && nameOf(expr.callee.object) !== 'self')
        );
      }
      case 'binary':
        return (
          (this.#isAlias(expr.left, place) && isNumber(expr.right)) ||
          (this.#isAlias(expr.right, place) && isNumber(expr.left))
        );
      default:
        return false;
    }
  }

  /** `x.shape`, `x.size()`. */
  #isShape(expr: Expr, place: Place): boolean {
    const read = expr.kind === 'call' && expr.args.length === 0 ? expr.callee : expr;
    return (
      read.kind === 'attribute' && /^(?:shape|size)$/.test(read.name) && this.#isAlias(read.object, place)
    );
  }

  #evaluate(expr: Expr, env: Env): Value {
    return this.interpreter.evaluate(expr, env);
  }

  #site(expr: Expr, env: Env): CallSite {
    return this.interpreter.siteOf(expr, env);
  }
}

/** A whole number a layer was made with, by position or by name; of a list of one, its element. */
function numberIn(layer: Instance, index: number, names: readonly string[]): number | null {
  const { positional, named } = layer.args;
  const given =
    positional[index] ?? names.map((name) => named.get(name)).find((value) => value !== undefined);
  const value = given?.kind === 'list' && given.items.length === 1 ? given.items[0] : given;
  if (value?.kind !== 'constant' || typeof value.value !== 'number') return null;
  return Number.isInteger(value.value) && value.value > 0 ? value.value : null;
}

function isNumber(expr: Expr): boolean {
  return expr.kind === 'number' || (expr.kind === 'unary' && isNumber(expr.operand));
}

function nameOf(expr: Expr): string {
  if (expr.kind === 'name') return expr.id;
  if (expr.kind === 'attribute') return join(nameOf(expr.object), expr.name);
  if (expr.kind === 'subscript') return nameOf(expr.object);
  return '';
}

function join(path: string, name: string): string {
  const own = name.replace(/^self\b\.?/, '');
  return own === '' ? path : path === '' ? own : `${path}.${own}`;
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
