/**
 * What PyTorch's containers and `nn.Module` itself do with submodules: `Sequential`, `ModuleList`, `ModuleDict`,
 * `add_module`, `children`, `.to(device)`. Other libraries' constructors leave an object open: it may hold anything.
 */
import type { CallSite, Machine } from './machine';
import {
  constant,
  ghostOf,
  list,
  LONGEST,
  NONE,
  TENSOR,
  UNKNOWN,
  type CallArgs,
  type Constant,
  type Instance,
  type Value,
} from './values';

const EMPTY_BASES = new Set(
  'Module object ABC Generic Protocol LightningModule PreTrainedModel ModelOutput Enum IntEnum NamedTuple Function PyTorchModelHubMixin ?'.split(
    ' ',
  ),
);
const RETURNS_SELF = new Set(
  'to cuda cpu half float double eval train bfloat16 requires_grad_ apply type share_memory to_empty compile'.split(
    ' ',
  ),
);

/** What a library's constructor does to `self`. */
export function initLibrary(
  machine: Machine,
  self: Instance,
  path: string,
  args: CallArgs,
  site: CallSite,
): void {
  const name = path.split('.').at(-1) ?? path;
  const [first] = args.positional;
  switch (name) {
    case 'Sequential':
      if (first?.kind === 'dict' && args.positional.length === 1) {
        self.entries = new Map(first.entries);
        self.items = [...first.entries.values()];
      } else self.items = [...args.positional];
      if (args.open) self.open = true;
      return;
    case 'ModuleList': {
      const source = first ?? args.named.get('modules');
      const items = source === undefined ? [] : machine.iterate(source, site);
      self.items = items === null ? [] : [...items];
      if (items === null || (source?.kind === 'list' && source.open)) self.open = true;
      return;
    }
    case 'ModuleDict': {
      const source = first ?? args.named.get('modules');
      self.entries = new Map();
      if (source !== undefined) addEntries(machine, self, source, site);
      return;
    }
    default:
      if (!EMPTY_BASES.has(name)) self.open = true;
  }
}

function addEntries(machine: Machine, self: Instance, source: Value, site: CallSite): void {
  const entries = self.entries ?? new Map<Constant, Value>();
  self.entries = entries;
  if (source.kind === 'dict') {
    for (const [key, value] of source.entries) entries.set(key, value);
    if (source.open) self.open = true;
    return;
  }
  if (source.kind === 'instance' && source.entries !== null) {
    for (const [key, value] of source.entries) entries.set(key, value);
    return;
  }
  const pairs = machine.iterate(source, site);
  if (pairs === null) self.open = true;
  for (const pair of pairs ?? []) {
    const [key, value] = pair.kind === 'list' ? pair.items : [];
    if (key?.kind === 'constant' && value !== undefined) entries.set(key.value, value);
    else self.open = true;
  }
}

const MODULE_METHODS = new Set(
  (
    'add_module register_module register_parameter register_buffer append extend insert update items keys values children ' +
    'named_children modules named_modules get_submodule parameters named_parameters buffers named_buffers state_dict ' +
    'load_state_dict register_forward_hook register_forward_pre_hook register_full_backward_hook zero_grad post_init ' +
    'init_weights save_hyperparameters extra_repr forward get pop setdefault shape size view reshape'
  ).split(' '),
);

/** True for names that every module has from the library. */
export function isModuleMethod(name: string): boolean {
  return name.startsWith('__') || MODULE_METHODS.has(name) || RETURNS_SELF.has(name);
}

/** A method every module has from the library, or undefined. */
export function moduleMethod(
  machine: Machine,
  self: Instance,
  name: string,
  args: CallArgs,
  site: CallSite,
): Value | undefined {
  const [first, second] = args.positional;
  const named = (key: string): Value | undefined => args.named.get(key);
  if (RETURNS_SELF.has(name)) return self;
  switch (name) {
    case 'add_module':
    case 'register_module': {
      const key = first ?? named('name');
      const module = second ?? named('module') ?? UNKNOWN;
      if (key?.kind === 'constant') addChild(self, String(key.value), module);
      else self.open = true;
      return NONE;
    }
    case 'register_parameter':
    case 'register_buffer':
      if (first?.kind === 'constant')
        machine.setAttribute(self, String(first.value), second ?? named('tensor') ?? TENSOR);
      return NONE;
    case 'append':
      if (self.items === null) return undefined;
      self.items.push(first ?? UNKNOWN);
      if (self.entries !== null) self.entries.set(String(self.items.length - 1), first ?? UNKNOWN);
      return self;
    case 'extend': {
      if (self.items === null) return undefined;
      const items = first === undefined ? null : machine.iterate(first, site);
      if (items === null || (first?.kind === 'list' && first.open)) self.open = true;
      self.items = [...self.items, ...(items ?? [])].slice(0, LONGEST);
      return self;
    }
    case 'insert':
      if (self.items === null) return undefined;
      if (first?.kind === 'constant' && typeof first.value === 'number')
        self.items.splice(first.value, 0, second ?? UNKNOWN);
      else self.open = true;
      return NONE;
    case 'update':
      if (self.entries === null) return undefined;
      if (first !== undefined) addEntries(machine, self, first, site);
      return NONE;
    case 'items':
      if (self.entries === null) return undefined;
      return list(
        [...self.entries].map(([key, value]) => list([constant(key), value], 'tuple')),
        'list',
        self.open,
      );
    case 'keys':
      if (self.entries === null) return undefined;
      return list([...self.entries.keys()].map(constant), 'list', self.open);
    case 'values':
      if (self.entries === null) return undefined;
      return list([...self.entries.values()], 'list', self.open);
    case 'children':
      return list(
        childrenOf(self).map(([, child]) => child),
        'list',
        self.open,
      );
    case 'named_children':
      return list(
        childrenOf(self).map(([key, child]) => list([constant(key), child], 'tuple')),
        'list',
        self.open,
      );
    case 'modules':
      return list(descendants(machine, self), 'list', self.open);
    case 'named_modules':
      return list(
        descendants(machine, self).map((child) => list([UNKNOWN, child], 'tuple')),
        'list',
        self.open,
      );
    case 'get_submodule': {
      if (first?.kind !== 'constant') return undefined;
      let value: Value = self;
      for (const part of String(first.value).split('.')) value = childNamed(machine, value, part) ?? UNKNOWN;
      return value;
    }
    case 'parameters':
    case 'named_parameters':
    case 'buffers':
    case 'named_buffers':
    case 'state_dict':
    case 'load_state_dict':
    case 'register_forward_hook':
    case 'register_forward_pre_hook':
    case 'register_full_backward_hook':
    case 'zero_grad':
    case '__init__':
    case 'post_init':
    case 'init_weights':
    case 'save_hyperparameters':
    case 'extra_repr':
    case 'named_parameter':
      if (name.startsWith('register_forward')) {
        self.hooks.push({
          when: name.includes('_pre_') ? 'before' : 'after',
          run: first ?? named('hook') ?? UNKNOWN,
        });
        machine.noteHook(self);
      }
      return UNKNOWN;
    default:
      return undefined;
  }
}

function addChild(self: Instance, name: string, module: Value): void {
  if (self.items !== null) {
    if (self.entries === null && name !== String(self.items.length)) {
      self.entries = new Map(self.items.map((item, i) => [String(i), item]));
    }
    self.items.push(module);
    self.entries?.set(name, module);
  } else if (self.entries !== null) self.entries.set(name, module);
  else self.attributes.set(name, module);
}

/** Submodules in the order they were registered, by name. Options of an undecided one all stand under its name. */
export function childrenOf(self: Instance): [string, Value][] {
  const children: [string, Value][] = [];
  if (self.entries !== null) for (const [key, value] of self.entries) children.push([String(key), value]);
  else self.items?.forEach((item, i) => children.push([String(i), item]));
  for (const [name, value] of self.attributes) if (holdsModule(value)) children.push([name, value]);
  return children;
}

function holdsModule(value: Value): boolean {
  if (value.kind === 'instance') return true;
  return value.kind === 'union' && value.options.some(holdsModule);
}

/** A submodule by name, as `self.name` or as an element. */
export function childNamed(machine: Machine, value: Value, name: string): Value | undefined {
  if (value.kind !== 'instance') return undefined;
  machine.fill(value);
  const entry =
    value.entries?.get(name) ?? (value.entries === null ? undefined : value.entries.get(Number(name)));
  if (entry !== undefined) return entry;
  if (value.items !== null && /^\d+$/.test(name)) return value.items[Number(name)];
  const own = value.attributes.get(name);
  return own ?? (value.open && value.ref.kind !== 'library' ? ghostOf(value, name) : undefined);
}

const MOST_DESCENDANTS = 2000;

function descendants(machine: Machine, self: Instance): Instance[] {
  const found: Instance[] = [];
  const visit = (value: Value): void => {
    if (value.kind !== 'instance' || found.includes(value) || found.length > MOST_DESCENDANTS) return;
    machine.fill(value);
    found.push(value);
    for (const [, child] of childrenOf(value)) visit(child);
  };
  visit(self);
  return found;
}
