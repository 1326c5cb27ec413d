/**
 * Every traced operation that a Python call or operator on tensors can leave in a torch.export program, where all of them
 * are known. `opNames.ts` says what is likely; this table says what is possible, so that the rest can be ruled out. It
 * is held against PyTorch itself (test/reference/links/make_emissions.py). A name that is not listed may leave anything.
 */
import { plainName, targetName } from './opNames';

interface Emission {
  /** Left when the exporter keeps the operation whole. */
  readonly whole: ReadonlySet<string>;
  /** Also left by exporters that take it apart. */
  readonly apart: ReadonlySet<string>;
  /** More than one of the same kind may come from one call. */
  readonly several: boolean;
}

const TABLE = new Map<string, Emission>();

function emits(names: string, whole: string, apart = '', several = false): void {
  const entry = { whole: new Set(whole.split(' ')), apart: new Set(apart.split(' ')), several };
  for (const name of names.split(' ')) TABLE.set(name, entry);
}

emits('+ add iadd radd', 'add');
emits('- sub isub subtract rsub', 'sub rsub', 'neg add mul');
emits('* mul multiply imul rmul', 'mul');
emits('/ div divide true_divide', 'div reciprocal mul', 'true_divide');
emits('// floor_divide', 'floor_divide floordiv', 'div floor');
emits('% remainder fmod', 'remainder fmod mod');
emits('** pow square', 'pow', 'mul sqrt rsqrt reciprocal square ones_like full_like');
emits('neg negative', 'neg');
emits('< lt less', 'lt');
emits('<= le', 'le');
emits('> gt greater', 'gt');
emits('>= ge', 'ge');
emits('== eq', 'eq');
emits('!= ne', 'ne');
emits('bitwise_not logical_not', 'bitwise_not logical_not');
emits(
  '@ matmul mm bmm',
  'matmul mm bmm',
  'mv dot linear addmm expand view _unsafe_view reshape clone unsqueeze squeeze permute transpose t',
);
emits('softmax', 'softmax _softmax');
emits('log_softmax', 'log_softmax _log_softmax');
emits('relu', 'relu');
emits('sigmoid', 'sigmoid');
emits('tanh', 'tanh');
emits('silu', 'silu', 'sigmoid mul');
emits('gelu', 'gelu', 'mul erf add tanh pow');
emits('exp', 'exp');
emits('log', 'log');
emits('sqrt', 'sqrt');
emits('rsqrt', 'rsqrt', 'sqrt reciprocal');
emits('sin', 'sin');
emits('cos', 'cos');
emits('abs absolute', 'abs');
emits('erf', 'erf');
emits('amax', 'amax');
emits('amin', 'amin');
emits('maximum', 'maximum');
emits('minimum', 'minimum');
emits('mean', 'mean', 'sum div');
emits('sum', 'sum');
emits('cumsum', 'cumsum');
emits('cat concat concatenate', 'cat');
emits('transpose swapaxes', 'transpose permute', 'view');
emits('permute', 'permute');
emits('unsqueeze', 'unsqueeze', 'view');
emits('squeeze', 'squeeze', 'view');
emits('view', 'view _unsafe_view');
emits('unflatten', 'view unflatten _unsafe_view');
emits('reshape', 'view _unsafe_view reshape clone alias');
emits('flatten', 'view _unsafe_view reshape flatten clone alias unsqueeze');
emits('chunk', 'split split_with_sizes chunk getitem', '', true);
emits('split', 'split split_with_sizes getitem', '', true);
emits('unbind', 'unbind select split getitem', '', true);
emits('masked_fill', 'masked_fill', 'where full_like full expand');
emits('triu', 'triu');
emits('tril', 'tril');
emits('full', 'full', 'empty fill');
emits('ones', 'ones full', 'empty fill');
emits('zeros', 'zeros full', 'empty fill');
emits('arange', 'arange', 'iota mul add');
emits('embedding', 'embedding', 'index');
emits(
  'getitem',
  'slice select index unsqueeze squeeze getitem alias clone',
  'view nonzero gather expand arange bitwise_and ge le lt gt',
  true,
);
emits('shape size', 'sym_size');
emits('contiguous clone', 'clone');
emits('float to type half bfloat16 double long int bool', '_to_copy', 'convert_element_type');
emits('expand expand_as', 'expand');
emits('T mT t', 'permute t transpose numpy_T');
emits('stack', 'stack cat unsqueeze', '', true);
emits('linear', 'linear', 'addmm mm t permute view matmul add _unsafe_view');
emits('where', 'where', 'full expand');
emits('dropout', 'clone', 'native_dropout getitem bernoulli rand gt mul div empty_like', true);
emits('layer_norm', 'layer_norm native_layer_norm getitem', 'var_mean sub rsqrt mul add mean', true);

/** What conversions and checks may leave beside any operation. */
const BESIDE =
  /^(?:convert_element_type|scalar_tensor|lift_fresh_copy|lift_fresh|alias|detach|_assert_\w+|sym_\w+|_check\w*)$/;

/** The last name of an operation as the exporter wrote it: `aten.mul.Tensor` and `<built-in function mul>` are `mul`. */
export function baseOf(target: string): string {
  const builtin = /^<built-in function (\w+)>$/.exec(target);
  const name =
    builtin?.[1] ?? (target.startsWith('prims.') ? (target.split('.')[1] ?? target) : targetName(target));
  return name.length > 1 ? name.replace(/_$/, '') : name;
}

/** True for operations that say nothing of the call that left them. */
export function isBeside(base: string): boolean {
  return BESIDE.test(base);
}

/** Views that PyTorch makes again where they are next used, once their base was changed in place. */
const VIEWS = new Set(
  'view slice select transpose permute t unsqueeze squeeze expand split split_with_sizes unbind getitem alias diagonal'.split(
    ' ',
  ),
);

/** What a model shows of how it was exported. */
export interface Export {
  /** Base names of all its operations. */
  readonly seen: ReadonlySet<string>;
  /** Its code may change tensors in place. */
  readonly mutates: boolean;
}

/** Whether a call of this name can have left an operation; sure only when false. */
export function canEmit(name: string, base: string, { seen, mutates }: Export): boolean {
  const entry = TABLE.get(plainName(name));
  if (entry === undefined || isBeside(base) || entry.whole.has(base)) return true;
  if (mutates && VIEWS.has(base)) return true;
  // Taking apart is a matter of the exporter's version: what is kept whole once is kept whole always.
  return entry.apart.has(base) && ![...entry.whole].some((kept) => seen.has(kept));
}

/** Whether one call of this name can leave the same operation twice. */
export function canRepeat(name: string, base: string): boolean {
  return isBeside(base) || (TABLE.get(plainName(name))?.several ?? true);
}

/** Calls that hand the plain numbers they are given to the operation of their name. */
const HANDS_ON = /^(?:[-+*/]|transpose|unsqueeze|add|sub|mul|div)$/;

/** False when a call was given numbers that the traced operation of its name did not get. */
export function agreesInNumbers(
  name: string,
  base: string,
  given: readonly number[],
  traced: readonly number[] | null,
): boolean {
  const plain = plainName(name);
  if (traced === null || given.length === 0 || !HANDS_ON.test(plain)) return true;
  if (TABLE.get(plain)?.whole.has(base) !== true) return true;
  return given.every((number) => traced.some((other) => Math.abs(other - number) <= 1e-6 * Math.abs(number)));
}
