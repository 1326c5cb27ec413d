/**
 * Follows calls: into the person's own functions and constructors, up to the edge of libraries, and no further where the
 * callee is not known. What runs there is recorded as one operation; functions handed to a library are followed too.
 */
import { yields } from '../python/visit';
import { callBuiltin } from './builtins';
import { dataMethod } from './dataMethods';
import { plainNumbers } from './evaluate';
import type { CallSite, Machine } from './machine';
import { initLibrary, moduleMethod } from './modules';
import {
  Env,
  Instance,
  library,
  list,
  NO_ARGS,
  NONE,
  NUMBER,
  optionsOf,
  TENSOR,
  union,
  UNKNOWN,
  type CallArgs,
  type ClassRef,
  type FunctionValue,
  type Value,
} from './values';

const DEEPEST = 60;
const MOST_RECURSION = 3;

export function callValue(machine: Machine, callee: Value, args: CallArgs, site: CallSite): Value {
  machine.step();
  switch (callee.kind) {
    case 'union':
      return eachOption(machine, callee.options, (option) => callValue(machine, option, args, site));
    case 'function':
      if (callee.role === 'script' && machine.runs.length > 0) {
        machine.emit('call', callee.name, site, { skip: 1 });
        return TENSOR;
      }
      return runFunction(machine, callee, args, site);
    case 'class':
      return construct(machine, callee, args, site);
    case 'instance':
      return callInstance(machine, callee, args, site);
    case 'partial':
      return callValue(machine, callee.callee, joinArgs(callee.args, args), site);
    case 'library':
      return callLibrary(machine, callee.path, args, site);
    case 'method':
      return callMethod(machine, callee.object, callee.name, args, site);
    case 'unknown':
      if (machine.flow === null) return construct(machine, callee, args, site);
      machine.emit('opaque', '', site, { blind: true, reaches: true, skip: 0.5 });
      followCallbacks(machine, args, site);
      return UNKNOWN;
    default:
      return UNKNOWN;
  }
}

/** Each option from the same point, then joined. */
function eachOption(machine: Machine, options: readonly Value[], work: (option: Value) => Value): Value {
  const { flow } = machine;
  const start = flow?.current ?? -1;
  const ends: number[] = [];
  const values = options.map((option) => {
    if (flow !== null) flow.current = start;
    const value = work(option);
    if (flow !== null) ends.push(flow.current);
    return value;
  });
  if (flow !== null) flow.current = flow.join(ends);
  return union(values);
}

export function joinArgs(first: CallArgs, then: CallArgs): CallArgs {
  return {
    positional: [...first.positional, ...then.positional],
    named: new Map([...first.named, ...then.named]),
    open: first.open || then.open,
  };
}

export function runFunction(machine: Machine, fn: FunctionValue, args: CallArgs, site: CallSite): Value {
  const same = machine.runs.filter((run) => run.fn.node === fn.node).length;
  if (machine.runs.length >= DEEPEST || same >= MOST_RECURSION) {
    machine.emit('opaque', fn.name, site, { blind: true, reaches: true, skip: 0.5 });
    return UNKNOWN;
  }
  const env = new Env(fn.env, fn.env.file, 'function', fn.owner);
  bindParameters(machine, fn, args, env);
  const run = { fn, returns: [] as Value[], exits: [] as number[], yields: [] as Value[], open: false };
  const { body } = fn;
  machine.runs.push(run);
  const loops = machine.loops.splice(0);
  try {
    const lazy = isGenerator(fn);
    const resume = lazy ? (machine.flow?.header() ?? -1) : -1;
    return machine.inFrame(fn.name, fn.env.file, site, lazy, () => {
      if ('expression' in body) return machine.evaluate(body.expression, env);
      const ended = machine.execute(body.statements(), env);
      if (machine.flow !== null)
        machine.flow.current = machine.flow.join([...run.exits, machine.flow.current]);
      if (lazy) return Object.assign(list(run.yields, 'tuple', run.open), { resume });
      if (ended === 'normal') run.returns.push(NONE);
      const last = run.returns.filter((value) => run.returns.length === 1 || value !== NONE);
      return union(last.length > 0 ? last : run.returns);
    });
  } finally {
    machine.runs.pop();
    machine.loops.splice(0, machine.loops.length, ...loops);
  }
}

const generators = new WeakMap<object, boolean>();

function isGenerator({ node, body }: FunctionValue): boolean {
  const known = generators.get(node);
  if (known !== undefined) return known;
  const answer = 'statements' in body && yields(body.statements());
  generators.set(node, answer);
  return answer;
}

function bindParameters(machine: Machine, fn: FunctionValue, args: CallArgs, env: Env): void {
  const positional =
    fn.self === null || fn.role === 'static' ? [...args.positional] : [fn.self, ...args.positional];
  const named = new Map(args.named);
  for (const param of fn.params) {
    if (param.stars === 1) {
      env.vars.set(param.name, list(positional.splice(0), 'tuple', args.open));
    } else if (param.stars === 2) {
      const entries = new Map<string | number | boolean | null, Value>(named);
      named.clear();
      env.vars.set(param.name, { kind: 'dict', entries, open: args.open });
    } else {
      const given = named.get(param.name) ?? (param.keywordOnly ? undefined : positional.shift());
      named.delete(param.name);
      if (given !== undefined) env.vars.set(param.name, given);
      else if (args.open || param.fallback === null) env.vars.set(param.name, UNKNOWN);
      else
        env.vars.set(
          param.name,
          quietly(machine, () => machine.evaluate(param.fallback ?? NOTHING, fn.env)),
        );
    }
  }
}

const NOTHING = { kind: 'constant', value: null, from: 0, to: 0 } as const;

function quietly<T>(machine: Machine, work: () => T): T {
  const { flow } = machine;
  machine.flow = null;
  try {
    return work();
  } finally {
    machine.flow = flow;
  }
}

/** An object made here. A person's own class is filled when first looked into. */
export function construct(machine: Machine, callee: Value, args: CallArgs, site: CallSite): Instance {
  const ref: ClassRef =
    callee.kind === 'class'
      ? { kind: 'user', cls: callee }
      : callee.kind === 'library'
        ? { kind: 'library', path: callee.path }
        : { kind: 'unknown' };
  const made = new Instance(ref, site.spot, args);
  machine.onConstruct?.(made);
  if (ref.kind === 'library') {
    made.constructed = 'yes';
    initLibrary(machine, made, ref.path, args, site);
  }
  return made;
}

function callInstance(machine: Machine, object: Instance, args: CallArgs, site: CallSite): Value {
  const { ref } = object;
  const own = ref.kind === 'user' ? machine.classAttribute(ref.cls, '__call__') : undefined;
  if (own?.kind === 'function') return runFunction(machine, { ...own, self: object }, args, site);
  const name =
    ref.kind === 'user' ? ref.cls.name : ref.kind === 'library' ? (ref.path.split('.').at(-1) ?? '') : '';
  if (machine.flow === null) return UNKNOWN;
  machine.fill(object);
  const replaced = object.attributes.get('forward');
  if (replaced !== undefined) return inScope(machine, object, () => callValue(machine, replaced, args, site));
  runHooks(machine, object, 'before', args, site);
  machine.emit('module', name, site, {
    module: object,
    skip: skipOf(machine, object, name),
    blind: ref.kind === 'unknown' && !object.ghost,
    reaches: object.ghost,
  });
  followCallbacks(machine, args, site);
  runHooks(machine, object, 'after', args, site);
  return ref.kind === 'library' && object.items === null ? TENSOR : UNKNOWN;
}

function runHooks(
  machine: Machine,
  object: Instance,
  when: 'before' | 'after',
  args: CallArgs,
  site: CallSite,
): void {
  for (const hook of object.hooks) {
    if (hook.when !== when) continue;
    const given = [
      object,
      list([...args.positional], 'tuple', args.open),
      ...(when === 'after' ? [TENSOR] : []),
    ];
    inScope(machine, object, () =>
      callValue(machine, hook.run, { positional: given, named: new Map(), open: false }, site),
    );
  }
}

/** What `work` does happens in the module's scope, although it is no `forward` of its class. */
function inScope<T>(machine: Machine, object: Instance, work: () => T): T {
  const { within } = machine;
  machine.within = object;
  try {
    return work();
  } finally {
    machine.within = within;
  }
}

/** `super().__call__(…)`: what `nn.Module` does when a module is called. */
function callForward(machine: Machine, self: Instance, args: CallArgs, site: CallSite): Value {
  const forward =
    self.attributes.get('forward') ??
    (self.ref.kind === 'user' ? machine.classAttribute(self.ref.cls, 'forward') : undefined);
  if (forward?.kind === 'function')
    return runFunction(machine, { ...forward, self: forward.self ?? self }, args, site);
  machine.emit('call', 'forward', site, { reaches: true, inherited: true, skip: 1 });
  return UNKNOWN;
}

/** A module of the person's own has a flow of its own, and one the model never names made nothing. */
function skipOf(machine: Machine, object: Instance, name: string): number {
  if (object.ref.kind === 'user' && machine.classAttribute(object.ref.cls, 'forward')?.kind === 'function')
    return 0;
  return object.paths.length === 0 || /^(?:Dropout\w*|Identity|DropPath)$/.test(name) ? 0.1 : 1;
}

/** What the decorator `@script()` of ONNX Script stands for. */
const ONNX_SCRIPT = 'onnxscript.script()';

/** Paths whose calls compute nothing on tensors. */
const SILENT =
  /^(?:math|os|sys|re|warnings|logging|time|random|typing|dataclasses|enum|abc|string|json|numbers|inspect)\.|^torch\.(?:jit|compiler|_assert|is_tensor|is_grad_enabled|no_grad|inference_mode|autocast|set_grad_enabled|device|dtype|Size|onnx|get_default_dtype|finfo|iinfo|manual_seed|_check\w*|is_floating_point|overrides|backends|cuda|distributed)\b/;
const FACTORY =
  /^(?:timm\.create_model|torchvision\.models\.\w+|torch\.hub\.load|.*\.from_(?:pretrained|config))$/;

/** Calls that usually leave no node behind. */
const QUIET =
  /^(?:contiguous|detach|clone|to|type|type_as|float|half|bfloat16|double|long|int|bool|cpu|cuda|requires_grad_|(?:\w*_)?dropout\d?d?|expand|expand_as|arange|zeros|ones|full|empty|tensor|\w+_like|new_\w+|checkpoint)$/;

function callLibrary(machine: Machine, path: string, args: CallArgs, site: CallSite): Value {
  const known = callBuiltin(machine, path, args, site);
  if (known !== undefined) return known;
  const name = path.split('.').at(-1) ?? path;
  if (/^onnxscript\b/.test(path)) {
    if (name === 'script') return library(ONNX_SCRIPT);
    machine.emit('call', name, site, { skip: 1 });
    return TENSOR;
  }
  if (SILENT.test(path)) return path.startsWith('math.') ? NUMBER : UNKNOWN;
  if (/^[A-Z]/.test(name) && !/^torch\.(?:Tensor|\w+Tensor)$/.test(path)) {
    if (/Parameter$|^Buffer$/.test(name)) return TENSOR;
    if (/^torch\.nn\.|\.nn\.|Layer|Module|Model|Block|Norm|Conv|Linear/.test(path) || machine.flow === null) {
      return construct(machine, library(path), args, site);
    }
  }
  if (machine.flow === null) {
    if (/^(?:torch\.nn\.utils\.|.*\.(?:weight_norm|spectral_norm|parametrizations\.\w+)$)/.test(path))
      return args.positional[0] ?? UNKNOWN;
    if (/^torch\.compile$|^torch\.jit\.script$/.test(path)) return args.positional[0] ?? UNKNOWN;
    if (FACTORY.test(path))
      return Object.assign(new Instance({ kind: 'library', path }, null, NO_ARGS), {
        open: true,
        constructed: 'yes',
      });
    return path.startsWith('torch.') ? TENSOR : UNKNOWN;
  }
  const tensors = [...args.positional, ...args.named.values()].some((value) =>
    optionsOf(value).some((option) => option.kind === 'tensor'),
  );
  const numbers = plainNumbers(args.positional);
  const mutates = args.named.has('inplace') || args.named.has('out');
  machine.emit('call', name, site, { skip: QUIET.test(name) ? 0.05 : tensors ? 1 : 0.5, numbers, mutates });
  followCallbacks(machine, args, site);
  return path.startsWith('torch.') ? TENSOR : UNKNOWN;
}

function callMethod(machine: Machine, object: Value, name: string, args: CallArgs, site: CallSite): Value {
  if (object.kind === 'super') {
    const self = object.self;
    if (name === '__init__' && self.kind === 'instance') {
      const bases = self.ref.kind === 'user' ? machine.mro(self.ref.cls) : [];
      initLibrary(
        machine,
        self,
        bases.find((base) => typeof base === 'string') ?? 'builtins.object',
        args,
        site,
      );
      return NONE;
    }
    if (name === '__call__' && self.kind === 'instance') return callForward(machine, self, args, site);
    if (name.startsWith('__')) return UNKNOWN;
    if (self.kind === 'instance') {
      const handled = moduleMethod(machine, self, name, args, site);
      if (handled !== undefined) return handled;
    }
    machine.emit('call', name, site, { reaches: true, inherited: name === 'forward', skip: 1 });
    return UNKNOWN;
  }
  if (object.kind === 'instance') {
    machine.fill(object);
    const handled = moduleMethod(machine, object, name, args, site);
    if (handled !== undefined) return handled;
    if (name === 'forward' && object.ref.kind !== 'unknown') {
      machine.emit(
        'module',
        object.ref.kind === 'library' ? (object.ref.path.split('.').at(-1) ?? '') : name,
        site,
        { module: object, reaches: true, skip: 1 },
      );
      return UNKNOWN;
    }
    const inherited = object.open || object.ref.kind !== 'user';
    machine.emit('opaque', name, site, { reaches: true, blind: !inherited, skip: 0.3 });
    followCallbacks(machine, args, site);
    return UNKNOWN;
  }
  if (object.kind === 'class') return UNKNOWN;
  const data = dataMethod(machine, object, name, args, site);
  if (data !== undefined) return data;
  if (machine.flow === null) return UNKNOWN;
  if (name === 'size') {
    machine.emit('access', name, site, { skip: 0 });
    return args.positional.length > 0 ? NUMBER : list([], 'tuple', true);
  }
  const own = object.kind === 'unknown' ? machine.methodsNamed(name) : [];
  const asTensor = (): Value => {
    const skip = QUIET.test(name) ? 0.05 : object.kind === 'tensor' ? 1 : 0.5;
    machine.emit('call', name, site, { skip, numbers: plainNumbers(args.positional) });
    followCallbacks(machine, args, site);
    return object.kind === 'tensor' ? TENSOR : UNKNOWN;
  };
  if (own.length === 0 || own.length > 4) {
    if (own.length > 4) machine.emit('opaque', name, site, { blind: true, skip: 0 });
    return asTensor();
  }
  return eachOption(machine, [UNKNOWN, ...own], (option) =>
    option.kind === 'function' ? runFunction(machine, { ...option, self: UNKNOWN }, args, site) : asTensor(),
  );
}

/** Functions and modules handed to a library may be called by it, any number of times. */
export function followCallbacks(machine: Machine, args: CallArgs, site: CallSite): void {
  const { flow } = machine;
  if (flow === null) return;
  const callable = [...args.positional, ...args.named.values()].flatMap(optionsOf).filter(isCallable);
  if (callable.length === 0) return;
  const header = flow.header();
  for (const value of callable) {
    if (flow.current < 0) return;
    callValue(machine, value, { positional: [], named: new Map(), open: true }, site);
  }
  flow.link(flow.current, header);
  flow.current = flow.join([header, flow.current]);
}

function isCallable(value: Value): boolean {
  if (value.kind === 'function' || value.kind === 'partial') return true;
  if (value.kind !== 'instance' || value.ref.kind === 'unknown') return false;
  return !(value.ref.kind === 'library' && /(?:List|Dict)$/.test(value.ref.path));
}
