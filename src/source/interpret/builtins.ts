/**
 * Python's own functions and the few of its library that shape which module is called: `range`, `zip`, `getattr`,
 * `partial`, `deepcopy`, `OrderedDict`, … Gives undefined for what is none of these.
 */
import { elementOf } from './elements';
import { accessAttribute } from './evaluate';
import type { CallSite, Machine } from './machine';
import {
  constant,
  Instance,
  list,
  NONE,
  NUMBER,
  optionsOf,
  TENSOR,
  truth,
  union,
  UNKNOWN,
  type CallArgs,
  type Constant,
  type DictValue,
  type Value,
} from './values';

type Builtin = (machine: Machine, args: CallArgs, site: CallSite) => Value;

const LONGEST = 4096;

export function callBuiltin(
  machine: Machine,
  path: string,
  args: CallArgs,
  site: CallSite,
): Value | undefined {
  const name = path.replace(
    /^(?:builtins|types|functools|itertools|copy|collections|dataclasses|operator)\./,
    '',
  );
  if (name === path) return undefined;
  const builtin = Object.hasOwn(TABLE, name) ? TABLE[name] : undefined;
  if (builtin !== undefined) return builtin(machine, args, site);
  return path.startsWith('builtins.') ? UNKNOWN : undefined;
}

const first = (args: CallArgs): Value => args.positional[0] ?? UNKNOWN;

const listing =
  (type: 'list' | 'tuple' | 'set'): Builtin =>
  (machine, args, site) => {
    const source = args.positional[0];
    if (source === undefined) return list([], type);
    const items = machine.iterate(source, site);
    if (items !== null)
      return list([...items], type, (source.kind === 'list' || source.kind === 'dict') && source.open);
    return source.kind === 'tensor' ? TENSOR : list([], type, true);
  };

const extreme =
  (name: string): Builtin =>
  (machine, args, site) => {
    const values = args.positional.flatMap((value) =>
      args.positional.length === 1 ? (machine.iterate(value, site) ?? [value]) : [value],
    );
    const numbers = values.map((value) =>
      value.kind === 'constant' && typeof value.value === 'number' ? value.value : undefined,
    );
    const known = numbers.filter((value) => value !== undefined);
    if (known.length === values.length && known.length > 0 && name !== 'abs')
      return constant(name === 'max' ? Math.max(...known) : Math.min(...known));
    if (values.every((value) => value.kind === 'constant' || value.kind === 'number')) return NUMBER;
    machine.emit('call', name, site, { skip: 0.4 });
    return values.some((value) => value.kind === 'tensor') ? TENSOR : UNKNOWN;
  };

const mapping: Builtin = (machine, args, site) => {
  const entries = new Map<Constant, Value>();
  const source = args.positional[0];
  let open = args.open;
  for (const option of source === undefined ? [] : [source]) {
    if (option.kind === 'dict') for (const [key, value] of option.entries) entries.set(key, value);
    else {
      for (const pair of machine.iterate(option, site) ?? []) {
        const [key, value] = pair.kind === 'list' ? pair.items : [];
        if (key?.kind === 'constant' && value !== undefined) entries.set(key.value, value);
        else open = true;
      }
      if (machine.iterate(option, site) === null) open = true;
    }
  }
  for (const [key, value] of args.named) entries.set(key, value);
  return { kind: 'dict', entries, open } satisfies DictValue;
};

const TABLE: Readonly<Record<string, Builtin>> = {
  range(_machine, args) {
    const numbers = args.positional.map((value) =>
      value.kind === 'constant' && typeof value.value === 'number' ? value.value : undefined,
    );
    const [from, to, step] =
      numbers.length === 1
        ? [0, numbers[0], 1]
        : [numbers[0], numbers[1], numbers.length > 2 ? numbers[2] : 1];
    if (
      from === undefined ||
      to === undefined ||
      step === undefined ||
      step === 0 ||
      Math.abs(to - from) > LONGEST
    ) {
      return from === 0 && (step ?? 0) === 1 ? { kind: 'method', object: UNKNOWN, name: '<range>' } : UNKNOWN;
    }
    const items: Value[] = [];
    for (let i = from; step > 0 ? i < to : i > to; i += step) items.push(constant(i));
    return list(items);
  },
  len(machine, args, site) {
    const value = first(args);
    const known =
      value.kind === 'list' || value.kind === 'dict' || value.kind === 'instance'
        ? machine.iterate(value, site)
        : null;
    if (known === null || ((value.kind === 'list' || value.kind === 'dict') && value.open)) return NUMBER;
    return constant(known.length);
  },
  enumerate(machine, args, site) {
    const source = first(args);
    const start = args.positional[1] ?? args.named.get('start');
    const offset = start?.kind === 'constant' ? Number(start.value) : start === undefined ? 0 : undefined;
    const items = machine.iterate(source, site);
    if (items === null) return { kind: 'method', object: source, name: '<enumerate>' };
    const pairs = items.map((item, i) =>
      list([offset === undefined ? NUMBER : constant(i + offset), item], 'tuple'),
    );
    return list(pairs, 'list', source.kind === 'list' && source.open);
  },
  zip(machine, args, site) {
    const columns = args.positional.map((value) => machine.iterate(value, site));
    const known = columns.filter((column) => column !== null);
    if (known.length === 0 || args.open) return UNKNOWN;
    const length = Math.min(...known.map((column) => column.length));
    const rows = Array.from({ length }, (_, i) =>
      list(
        args.positional.map((value, c) => columns[c]?.[i] ?? elementOf(value, i)),
        'tuple',
      ),
    );
    return list(
      rows,
      'list',
      args.positional.some((value) => value.kind === 'list' && value.open),
    );
  },
  reversed(machine, args, site) {
    const items = machine.iterate(first(args), site);
    return items === null ? UNKNOWN : list([...items].reverse());
  },
  sorted(machine, args, site) {
    const items = machine.iterate(first(args), site);
    return items === null ? UNKNOWN : list([...items]);
  },
  list: listing('list'),
  tuple: listing('tuple'),
  set: listing('set'),
  frozenset: listing('set'),
  iter: listing('list'),
  chain(machine, args, site) {
    const parts = args.positional.map((value) => machine.iterate(value, site));
    return list(
      parts.flatMap((part) => part ?? []),
      'list',
      parts.includes(null),
    );
  },
  next(machine, args, site) {
    const items = machine.iterate(first(args), site);
    return items === null || items.length === 0 ? UNKNOWN : union(items);
  },
  map(machine, args, site) {
    const [fn = UNKNOWN, ...sources] = args.positional;
    const columns = sources.map((source) => machine.iterate(source, site));
    const known = columns.filter((column) => column !== null);
    const call = (row: readonly Value[]): Value =>
      machine.call(fn, { positional: row, named: new Map(), open: false }, site);
    if (known.length === 0) {
      const { flow } = machine;
      const header = flow?.header() ?? -1;
      const value = call(sources.map((source) => elementOf(source, undefined)));
      if (flow !== null) {
        flow.link(flow.current, header);
        flow.current = flow.join([header, flow.current]);
      }
      return list([value], 'list', true);
    }
    const length = Math.min(...known.map((column) => column.length));
    return list(
      Array.from({ length }, (_, i) =>
        call(sources.map((source, c) => columns[c]?.[i] ?? elementOf(source, i))),
      ),
    );
  },
  filter(machine, args, site) {
    const items = machine.iterate(args.positional[1] ?? UNKNOWN, site);
    return items === null ? UNKNOWN : list([...items], 'list', true);
  },
  reduce(machine, args, site) {
    const [fn = UNKNOWN, source = UNKNOWN, start] = args.positional;
    const items = [
      ...(start === undefined ? [] : [start]),
      ...(machine.iterate(source, site) ?? [UNKNOWN, UNKNOWN]),
    ];
    return items
      .slice(1)
      .reduce(
        (left, right) => machine.call(fn, { positional: [left, right], named: new Map(), open: false }, site),
        items[0] ?? UNKNOWN,
      );
  },
  sum(machine, args, site) {
    const items = machine.iterate(first(args), site);
    if (items?.every((item) => item.kind === 'number' || item.kind === 'constant') === true) return NUMBER;
    const { flow } = machine;
    const header = flow?.header() ?? -1;
    machine.emit('call', '+', site, { skip: 0.4 });
    if (flow !== null) {
      flow.link(flow.current, header);
      flow.current = flow.join([header, flow.current]);
    }
    return items?.some((item) => item.kind === 'tensor') === true ? TENSOR : UNKNOWN;
  },
  max: extreme('max'),
  min: extreme('min'),
  abs: extreme('abs'),
  round: extreme('round'),
  pow: extreme('pow'),
  getattr(machine, args, site) {
    const [object = UNKNOWN, name, fallback] = args.positional;
    if (name?.kind !== 'constant' || typeof name.value !== 'string') return UNKNOWN;
    const value = accessAttribute(machine, object, name.value, site);
    if (value.kind === 'method' && value.object.kind === 'instance' && fallback !== undefined)
      return union([value, fallback]);
    return value;
  },
  setattr(machine, args) {
    const [object = UNKNOWN, name, value = UNKNOWN] = args.positional;
    if (name?.kind === 'constant' && typeof name.value === 'string')
      machine.setAttribute(object, name.value, value);
    else if (object.kind === 'instance') object.open = true;
    return NONE;
  },
  hasattr(machine, args) {
    const [object = UNKNOWN, name] = args.positional;
    if (object.kind !== 'instance' || name?.kind !== 'constant') return UNKNOWN;
    machine.fill(object);
    const key = String(name.value);
    if (
      object.attributes.has(key) ||
      (object.ref.kind === 'user' && machine.classAttribute(object.ref.cls, key) !== undefined)
    )
      return constant(true);
    return object.open || object.ref.kind !== 'user' ? UNKNOWN : constant(false);
  },
  isinstance(machine, args) {
    const [object = UNKNOWN, cls = UNKNOWN] = args.positional;
    const classes = cls.kind === 'list' ? cls.items : [cls];
    const answers = classes.map((one) => isInstance(machine, object, one));
    if (answers.includes(true)) return constant(true);
    return answers.includes(undefined) ? UNKNOWN : constant(false);
  },
  callable: (_machine, args) =>
    /^(?:function|class|library|partial|method)$/.test(first(args).kind) ? constant(true) : UNKNOWN,
  type: (_machine, args) => {
    const value = first(args);
    const asked = args.positional.length === 1;
    return asked && value.kind === 'instance' && value.ref.kind === 'user' ? value.ref.cls : UNKNOWN;
  },
  MethodType: (_machine, { positional: [fn = UNKNOWN, self = UNKNOWN] }) =>
    fn.kind === 'function' ? { ...fn, self } : UNKNOWN,
  int: (_machine, args) => numeric(first(args), Math.trunc),
  float: (_machine, args) => numeric(first(args), (value) => value),
  bool: (_machine, args) => {
    const known = truth(first(args));
    return known === undefined ? UNKNOWN : constant(known);
  },
  str: (_machine, args) => {
    const value = first(args);
    return value.kind === 'constant' ? constant(String(value.value)) : UNKNOWN;
  },
  dict: mapping,
  OrderedDict: mapping,
  defaultdict: () => ({ kind: 'dict', entries: new Map(), open: true }),
  partial(_machine, args) {
    const [callee = UNKNOWN, ...rest] = args.positional;
    return { kind: 'partial', callee, args: { positional: rest, named: args.named, open: args.open } };
  },
  deepcopy: (machine, args) => union(optionsOf(first(args)).map((value) => copyOf(machine, value))),
  copy: (machine, args) => union(optionsOf(first(args)).map((value) => copyOf(machine, value))),
  field(machine, args, site) {
    const made = args.named.get('default_factory');
    return (
      args.named.get('default') ??
      (made === undefined
        ? UNKNOWN
        : machine.call(made, { positional: [], named: new Map(), open: false }, site))
    );
  },
  wraps: () => UNKNOWN,
  lru_cache: () => UNKNOWN,
  cache: () => UNKNOWN,
  itemgetter: () => UNKNOWN,
  attrgetter: () => UNKNOWN,
};

function numeric(value: Value, map: (value: number) => number): Value {
  if (value.kind !== 'constant') return NUMBER;
  const number = map(Number(value.value));
  return Number.isFinite(number) ? constant(number) : NUMBER;
}

function isInstance(machine: Machine, object: Value, cls: Value): boolean | undefined {
  if (object.kind === 'instance') {
    if (cls.kind === 'class') {
      if (object.ref.kind === 'unknown') return undefined;
      return (
        object.ref.kind === 'user' &&
        machine.mro(object.ref.cls).some((base) => typeof base !== 'string' && base.node === cls.node)
      );
    }
    if (cls.kind === 'library' && object.ref.kind === 'library') {
      return object.ref.path.split('.').at(-1) === cls.path.split('.').at(-1)
        ? true
        : cls.path.endsWith('.Module')
          ? true
          : undefined;
    }
    if (cls.kind === 'library' && /^builtins\.(?:int|str|list|tuple|dict|float|bool)$/.test(cls.path))
      return false;
    return undefined;
  }
  if (cls.kind !== 'library')
    return object.kind === 'tensor' || object.kind === 'constant' || object.kind === 'list'
      ? false
      : undefined;
  const type = cls.path.replace(/^builtins\./, '');
  if (object.kind === 'tensor')
    return type === 'torch.Tensor' || type === 'torch.FloatTensor'
      ? true
      : /^(?:int|str|list|tuple|dict|float|bool)$/.test(type)
        ? false
        : undefined;
  if (object.kind === 'list')
    return type === object.type
      ? true
      : /^(?:int|str|list|tuple|dict|float|bool|set)$/.test(type)
        ? false
        : undefined;
  if (object.kind === 'dict') return type === 'dict' ? true : undefined;
  if (object.kind === 'constant') {
    if (typeof object.value === 'string') return type === 'str';
    if (typeof object.value === 'boolean') return type === 'bool' || type === 'int';
    if (typeof object.value === 'number')
      return type === 'int'
        ? Number.isInteger(object.value)
        : type === 'float'
          ? !Number.isInteger(object.value) || undefined
          : false;
    return /^(?:int|str|list|tuple|dict|float|bool|torch\.Tensor)$/.test(type) ? false : undefined;
  }
  return undefined;
}

/** A copy made of the same constructor calls: PyTorch's way to repeat a block. */
function copyOf(machine: Machine, value: Value): Value {
  if (value.kind === 'list')
    return list(
      value.items.map((item) => copyOf(machine, item)),
      value.type,
      value.open,
    );
  if (value.kind !== 'instance') return value;
  const copy = new Instance(value.ref, value.spot, value.args);
  if (value.constructed !== 'no') {
    machine.fill(value);
    for (const [name, held] of value.attributes)
      copy.attributes.set(name, held.kind === 'instance' ? copyOf(machine, held) : held);
    copy.items = value.items?.map((item) => copyOf(machine, item)) ?? null;
    copy.entries =
      value.entries === null
        ? null
        : new Map([...value.entries].map(([name, held]) => [name, copyOf(machine, held)]));
    copy.open = value.open;
    copy.constructed = 'yes';
  }
  return copy;
}
