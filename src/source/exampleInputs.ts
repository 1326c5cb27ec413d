/**
 * Example inputs for a `forward`, each guessed with its reason: from an export of the same class, from a shape somebody
 * wrote down, from the first layer that reads it, from its annotation, and last from its name. Never a claim.
 */
import type { ExampleInput } from './exportScript';
import type { FirstUse } from './firstUse';
import { annotatedShape, isBatch, isLength, writtenShape, type WrittenDim } from './writtenShapes';

/** An input of a model that was exported from the same class before. */
export interface KnownInput {
  readonly name: string;
  /** `float32`, `int64`, `bool`, … */
  readonly dtype: string;
  /** null or a name where a size is free. */
  readonly dims: readonly (number | string | null)[];
  /** File name of that model. */
  readonly model: string;
}

/** All that is known of one parameter. */
export interface ParameterFacts {
  readonly name: string;
  /** Text of its annotation, or ''. */
  readonly annotation: string;
  /** What people wrote about it: docstrings and comments. */
  readonly text: string;
  readonly use: FirstUse | null;
  readonly known: KnownInput | null;
  /** True where the class's name says that it reads sequences. */
  readonly sequence: boolean;
  /** A size by the name the class gives it, or null. */
  readonly sizeOf: (name: string) => number | null;
}

const BATCH = 2;
const LENGTH = 8;
const FEATURES = 16;

interface Shape {
  readonly dims: readonly number[];
  readonly batch: boolean;
  readonly why: string;
}

export function exampleInput(facts: ParameterFacts): ExampleInput {
  const { name, annotation, known } = facts;
  const plain = known === null ? otherThanTensor(annotation) : null;
  if (plain !== null)
    return { name, code: plain, why: `its annotation is ${annotation}`, axes: new Map<number, string>() };
  const shape = shapeOf(facts);
  const code = tensor(facts, shape.dims);
  return {
    name,
    code: wrapped(annotation, code),
    why: shape.why,
    axes:
      shape.batch && wrapped(annotation, code) === code ? new Map([[0, 'batch']]) : new Map<number, string>(),
  };
}

/** A value for annotations of plain Python types. */
function otherThanTensor(annotation: string): string | null {
  const bare = annotation.replace(/^(?:typing\.)?Optional\[(.*)\]$|\s*\|\s*None$/g, '$1').trim();
  switch (bare) {
    case 'int':
      return '1';
    case 'float':
      return '1.0';
    case 'bool':
      return 'False';
    case 'str':
      return '""';
    default:
      return null;
  }
}

/** Lists and tuples of tensors hold one each for every place. */
function wrapped(annotation: string, code: string): string {
  if (/^(?:typing\.)?(?:list|List|Sequence|Iterable)\[/.test(annotation)) return `[${code}]`;
  const tuple = /^(?:typing\.)?(?:tuple|Tuple)\[(.*)\]$/.exec(annotation);
  if (tuple === null) return code;
  const count = (tuple[1] ?? '').split(',').filter((part) => /Tensor/.test(part)).length;
  return `(${new Array<string>(Math.max(1, count)).fill(code).join(', ')},)`;
}

function shapeOf(facts: ParameterFacts): Shape {
  const { known, use, name } = facts;
  if (known !== null) {
    return {
      dims: known.dims.map((dim, i) => (typeof dim === 'number' ? dim : i === 0 ? BATCH : LENGTH)),
      batch: typeof known.dims[0] !== 'number',
      why: `as in ${known.model}`,
    };
  }
  const written = annotatedShape(facts.annotation) ?? writtenShape(facts.text, name);
  if (written !== null) {
    const fits = use !== null && use.dims.length === written.length ? use : null;
    const dims = written.map((dim, i) => {
      if (typeof dim === 'number') return dim;
      const size = facts.sizeOf(dim);
      return size ?? fits?.dims[i] ?? (i === 0 || isBatch(dim) ? BATCH : free(written.length, i, dim, facts));
    });
    const [first] = written;
    return {
      dims,
      batch: first !== undefined && typeof first !== 'number' && facts.sizeOf(first) === null,
      why: `its shape is written as [${written.join(', ')}]${told(use) === null ? '' : `, and ${told(use) ?? ''}`}`,
    };
  }
  if (use !== null && use.dims.length === 2 && !use.indices && facts.sequence) {
    const why = `${use.what ?? 'it has two sizes'}, and its name says sequences`;
    return { dims: [BATCH, LENGTH, use.dims[1] ?? FEATURES], batch: true, why };
  }
  if (use !== null) {
    const dims = use.dims.map((dim, i) => dim ?? (i === 0 ? BATCH : free(use.dims.length, i, '', facts)));
    return { dims, batch: true, why: use.what ?? `it is unpacked into ${String(use.dims.length)} sizes` };
  }
  return byName(facts);
}

/** A size that is free, at its place among others. */
function free(rank: number, axis: number, dim: WrittenDim, facts: ParameterFacts): number {
  if (isLength(dim)) return LENGTH;
  if (rank < 4 && !(rank === 3 && typeof facts.use?.dims[1] === 'number'))
    return axis === rank - 1 && rank > 1 && !indices(facts) ? FEATURES : LENGTH;
  if (axis === 1) return 3;
  const channels = facts.use?.dims[1] ?? 3;
  if (rank === 3) return channels === 1 ? 16_000 : 128;
  if (rank === 5) return 16;
  return imageSize(facts) ?? (channels === 1 ? 28 : channels === 3 ? 224 : 32);
}

/** What the first layer that reads it says, or null. */
function told(use: FirstUse | null): string | null {
  return use === null ? null : use.what;
}

function imageSize({ sizeOf }: ParameterFacts): number | null {
  for (const name of ['image_size', 'img_size', 'input_size', 'resolution', 'img_resolution']) {
    const size = sizeOf(name);
    if (size !== null) return size;
  }
  return null;
}

function indices({ use, annotation, name, known }: ParameterFacts): boolean {
  if (known !== null) return known.dtype.startsWith('int') || known.dtype.startsWith('uint');
  if (use !== null && use.what !== null) return use.indices;
  return /(?:Long|Int)Tensor|^(?:jaxtyping\.)?(?:Int|UInt)\w*\[/.test(annotation) || IDS.test(name);
}

const IDS = /^(?:\w*_)?(?:ids?|idx|indices|tokens?)$|^(?:src|tgt|labels?|targets?)$/i;
const TRUTH = /mask|valid/i;
const IMAGE = /^(?:images?|imgs?|pixel\w*|pictures?|frames?|rgb)$/i;

function tensor(facts: ParameterFacts, dims: readonly number[]): string {
  const { known, name, annotation } = facts;
  const sizes = dims.join(', ');
  const mask = known === null && told(facts.use) === null && TRUTH.test(name);
  if (known?.dtype === 'bool' || /BoolTensor|^Bool\[/.test(annotation) || (mask && name !== 'attention_mask'))
    return `torch.ones(${sizes === '' ? '()' : sizes}, dtype=torch.bool)`;
  if (mask) return `torch.ones(${sizes}, dtype=torch.long)`;
  if (indices(facts)) {
    const below = facts.use?.below ?? facts.sizeOf('vocab_size') ?? 16;
    const type = known !== null && known.dtype !== 'int64' ? `, dtype=torch.${known.dtype}` : '';
    return `torch.randint(0, ${String(below)}, (${sizes}${dims.length === 1 ? ',' : ''})${type})`;
  }
  const type = known !== null && known.dtype !== 'float32' ? `, dtype=torch.${known.dtype}` : '';
  return `torch.randn(${sizes === '' ? '()' : sizes}${type})`;
}

function byName(facts: ParameterFacts): Shape {
  const { name } = facts;
  const shape = (dims: readonly number[], why: string): Shape => ({ dims, batch: dims[0] === BATCH, why });
  if (indices(facts)) return shape([BATCH, LENGTH], 'its name says indices; their range is not known');
  if (/^(?:attn_|causal_|src_|tgt_)?mask$/i.test(name))
    return { dims: [LENGTH, LENGTH], batch: false, why: 'its name says which position sees which' };
  if (TRUTH.test(name)) return shape([BATCH, LENGTH], 'its name says a mask');
  if (IMAGE.test(name)) {
    const size = imageSize(facts) ?? 224;
    return shape([BATCH, 3, size, size], 'its name says an image');
  }
  if (/^(?:t|time|timesteps?|sigma|noise_level)$/i.test(name))
    return shape([BATCH], 'one time for each item');
  if (/audio|wave|waveform|wav\b/i.test(name)) return shape([BATCH, 16_000], 'its name says a waveform');
  if (/lengths?$/i.test(name)) return shape([BATCH], 'one length for each item');
  return shape([BATCH, FEATURES], 'nothing says its shape');
}
