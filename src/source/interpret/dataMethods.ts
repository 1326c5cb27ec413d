/** Methods of plain Python data: lists, dictionaries and strings. Gives undefined for what is none of these. */
import type { CallSite, Machine } from './machine';
import {
  constant,
  extend,
  list,
  LONGEST,
  NONE,
  NUMBER,
  union,
  UNKNOWN,
  type CallArgs,
  type DictValue,
  type ListValue,
  type Value,
} from './values';

export function dataMethod(
  machine: Machine,
  object: Value,
  name: string,
  args: CallArgs,
  site: CallSite,
): Value | undefined {
  if (object.kind === 'list') return listMethod(machine, object, name, args, site);
  if (object.kind === 'dict') return dictMethod(object, name, args);
  if (object.kind === 'constant') return textMethod(object.value, name, args);
  if (object.kind === 'number') return NUMBER;
  if (object.kind === 'tensor' || object.kind === 'unknown') return tensorFact(object, name);
  return undefined;
}

/** Questions about a tensor that make no tensor. */
function tensorFact(object: Value, name: string): Value | undefined {
  if (
    /^(?:dim|ndimension|numel|item|tolist|is_floating_point|is_contiguous|element_size|get_device|data_ptr|stride)$/.test(
      name,
    )
  )
    return object.kind === 'tensor' ? NUMBER : undefined;
  return /^(?:keys|values|items|get|append|extend|startswith|format|split_|join|lower|upper)$/.test(name) &&
    object.kind === 'unknown'
    ? UNKNOWN
    : undefined;
}

function listMethod(
  machine: Machine,
  object: ListValue,
  name: string,
  args: CallArgs,
  site: CallSite,
): Value {
  const [first = UNKNOWN, second = UNKNOWN] = args.positional;
  switch (name) {
    case 'append':
    case 'add':
      extend(object, [first]);
      return NONE;
    case 'extend':
    case 'update': {
      const items = machine.iterate(first, site);
      extend(object, items ?? [], items === null || (first.kind === 'list' && first.open));
      return NONE;
    }
    case 'insert':
      if (first.kind === 'constant' && typeof first.value === 'number')
        object.items.splice(first.value, 0, second);
      else object.open = true;
      return NONE;
    case 'pop': {
      if (object.items.length === 0) return UNKNOWN;
      if (args.positional.length === 0) return object.items.pop() ?? UNKNOWN;
      if (first.kind === 'constant' && typeof first.value === 'number')
        return object.items.splice(first.value, 1)[0] ?? UNKNOWN;
      return union(object.items);
    }
    case 'reverse':
      object.items.reverse();
      return NONE;
    case 'clear':
      object.items.length = 0;
      return NONE;
    case 'copy':
      return list([...object.items], object.type, object.open);
    case 'numel':
    case 'index':
    case 'count':
      return NUMBER;
    default:
      return UNKNOWN;
  }
}

function dictMethod(object: DictValue, name: string, args: CallArgs): Value {
  const [key, fallback] = args.positional;
  switch (name) {
    case 'items':
      return list(
        [...object.entries].map(([entry, value]) => list([constant(entry), value], 'tuple')),
        'list',
        object.open,
      );
    case 'keys':
      return list([...object.entries.keys()].map(constant), 'list', object.open);
    case 'values':
      return list([...object.entries.values()], 'list', object.open);
    case 'get':
    case 'pop':
    case 'setdefault': {
      if (key?.kind === 'constant') {
        const found = object.entries.get(key.value);
        if (found === undefined && name === 'setdefault' && fallback !== undefined)
          object.entries.set(key.value, fallback);
        return found ?? (object.open ? UNKNOWN : (fallback ?? NONE));
      }
      return object.open
        ? UNKNOWN
        : union([...object.entries.values(), ...(fallback === undefined ? [] : [fallback])]);
    }
    case 'update': {
      if (key?.kind === 'dict') for (const [entry, value] of key.entries) object.entries.set(entry, value);
      else if (key !== undefined) object.open = true;
      for (const [entry, value] of args.named) object.entries.set(entry, value);
      return NONE;
    }
    case 'copy':
      return { kind: 'dict', entries: new Map(object.entries), open: object.open };
    default:
      return UNKNOWN;
  }
}

function textMethod(text: string | number | boolean | null, name: string, args: CallArgs): Value {
  if (typeof text !== 'string') return UNKNOWN;
  const known = args.positional.map((value) => (value.kind === 'constant' ? value.value : undefined));
  const [first] = known;
  switch (name) {
    case 'lower':
      return constant(text.toLowerCase());
    case 'upper':
      return constant(text.toUpperCase());
    case 'strip':
      return constant(text.trim());
    case 'startswith':
      return typeof first === 'string' ? constant(text.startsWith(first)) : UNKNOWN;
    case 'endswith':
      return typeof first === 'string' ? constant(text.endsWith(first)) : UNKNOWN;
    case 'format': {
      if (known.includes(undefined) || args.named.size > 0 || args.open) return UNKNOWN;
      let next = 0;
      return constant(
        text.replace(/\{(\d*)\}/g, (_, index: string) =>
          String(known[index === '' ? next++ : Number(index)]),
        ),
      );
    }
    case 'join': {
      const parts = args.positional[0];
      if (parts?.kind !== 'list' || parts.open) return UNKNOWN;
      const words = parts.items.map((item) => (item.kind === 'constant' ? String(item.value) : undefined));
      return words.includes(undefined) || words.length * (text.length + 64) > LONGEST * 16
        ? UNKNOWN
        : short(words.join(text));
    }
    case 'split':
      return first === undefined
        ? list(text.split(/\s+/).map(constant))
        : list(text.split(String(first)).map(constant));
    case 'replace':
      return typeof first === 'string' && typeof known[1] === 'string'
        ? short(text.replaceAll(first, known[1]))
        : UNKNOWN;
    default:
      return UNKNOWN;
  }
}

function short(text: string): Value {
  return text.length > LONGEST ? UNKNOWN : constant(text);
}
