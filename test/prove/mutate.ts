/**
 * One mutated model file, by number: the same number gives the same file. Bytes are flipped, cut, spliced; lengths of the
 * wire format are changed; fields are dropped, doubled, moved, and their texts and numbers replaced by nasty ones. Then
 * the file is read from a real folder in which traps lie, and everything the view needs is built from it.
 */
import fs, { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import fsp from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join, resolve, sep } from 'node:path';
import { isFailure } from '../../src/base/errors';
import { openLocal } from '../../src/onnx/files';
import { buildGraphModel } from '../../src/onnx/graphModel';
import { buildScopes } from '../../src/onnx/scopes';
import { tensorsOf } from '../../src/onnx/walk';
import { WeightReader } from '../../src/onnx/weights';
import { wire } from '../../src/onnx/wiring';
import { seeds } from '../unit/onnx/seeds';
import { copy, parse, print, varintOf, type Field } from './wireTree';

export type Outcome = 'clean' | 'warned' | 'refused';

interface Sown {
  readonly bytes: Uint8Array;
  readonly tree: readonly Field[];
}

/** Mulberry32: small, seeded, good enough to pick with. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1);
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)];
    if (item === undefined) throw new Error('There is nothing to pick from.');
    return item;
  }
}

const NASTY_TEXTS = [
  '',
  '\0',
  '..',
  '../secret.bin',
  '/etc/hostname',
  'C:\\secret.bin',
  'link.bin',
  'folder/secret.bin',
  'sub/../../secret.bin',
  '.\\..\\secret.bin',
  'weights.bin',
  './weights.bin',
  'weights.bin/',
  '__proto__',
  'constructor',
  'x',
  'y',
  '/',
  'a/b/c',
  'n0.body',
  'é𝄞',
  "['', 'a', 'a.b', '",
  "['\\",
  '[]',
  '-1',
  '1e9',
  '99999999999999999999',
  '0x10',
  'location',
  'offset',
  'length',
  'If',
  'Loop',
  'Scan',
  'Constant',
];
const NASTY_NUMBERS = [
  0,
  1,
  2,
  7,
  8,
  21,
  26,
  27,
  127,
  128,
  255,
  65536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 40,
  Number.MAX_SAFE_INTEGER,
];

type Mutation = (bytes: Uint8Array, random: Random, all: readonly Sown[], own: Sown) => Uint8Array;

const flipBits: Mutation = (bytes, random) => {
  const out = bytes.slice();
  for (let i = 1 + random.below(8); i > 0; i--) {
    const at = random.below(out.length);
    out[at] = (out[at] ?? 0) ^ (1 << random.below(8));
  }
  return out;
};

const setBytes: Mutation = (bytes, random) => {
  const out = bytes.slice();
  for (let i = 1 + random.below(16); i > 0; i--)
    out[random.below(out.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
  return out;
};

const truncate: Mutation = (bytes, random) => bytes.slice(0, random.below(bytes.length));

const splice: Mutation = (bytes, random, all) => {
  const from = random.pick(all).bytes;
  const start = random.below(from.length);
  const piece = from.slice(start, start + random.below(Math.min(from.length, 2000)));
  const at = random.below(bytes.length);
  const skip = random.below(2) === 0 ? 0 : random.below(200);
  return Buffer.concat([bytes.slice(0, at), piece, bytes.slice(at + skip)]);
};

const cutOut: Mutation = (bytes, random) => {
  const at = random.below(bytes.length);
  return Buffer.concat([bytes.slice(0, at), bytes.slice(at + 1 + random.below(64))]);
};

/** Every list of fields in a tree, the tree's own first. */
function listsOf(tree: Field[]): Field[][] {
  const lists = [tree];
  for (let i = 0; i < lists.length; i++) {
    for (const field of lists[i] ?? []) if (field.children !== null) lists.push(field.children);
  }
  return lists.filter((list) => list.length > 0);
}

/** Lengths that do not agree with what they count: the tag and length of one field are written anew. */
const lieAboutLength: Mutation = (_bytes, random, _all, own) => {
  const tree = own.tree.map(copy);
  const list = random.pick(listsOf(tree));
  const at = random.below(list.length);
  const field = list[at];
  if (field === undefined || field.value !== null) return print(tree);
  const payload = field.children === null ? (field.bytes ?? new Uint8Array(0)) : print(field.children);
  const length = random.pick([
    0,
    1,
    payload.length - 1,
    payload.length + 1,
    payload.length * 2,
    2 ** 31,
    2 ** 32,
    2 ** 53 - 1,
  ]);
  const overlong = Uint8Array.from([...new Array<number>(random.below(12)).fill(0x80), 1]);
  const header = random.below(8) === 0 ? overlong : varintOf(Math.max(0, length));
  // The false length goes out as a number's bytes, so that the parents count what is really there.
  list[at] = {
    tag: field.tag,
    value: Buffer.concat([header, payload]),
    bytes: null,
    children: null,
    kind: null,
  };
  return print(tree);
};

const rearrange: Mutation = (_bytes, random, all, own) => {
  const tree = own.tree.map(copy);
  for (let i = 1 + random.below(4); i > 0; i--) {
    const lists = listsOf(tree);
    const list = random.pick(lists);
    const at = random.below(list.length);
    const field = list[at];
    if (field === undefined) continue;
    switch (random.below(7)) {
      case 0:
        list.splice(at, 1);
        break;
      case 1:
        list.splice(random.below(list.length + 1), 0, copy(field));
        break;
      case 2:
        random.pick(lists).push(copy(field));
        break;
      case 3:
        list.splice(at, 0, copy(random.pick(random.pick(listsOf(random.pick(all).tree.map(copy))))));
        break;
      case 4:
        list.reverse();
        break;
      case 5:
        if (field.value !== null && (field.tag & 7) === 0)
          list[at] = { ...field, value: varintOf(random.pick(NASTY_NUMBERS)) };
        break;
      default:
        if (field.value === null && field.children === null)
          field.bytes = Buffer.from(random.pick(NASTY_TEXTS));
    }
  }
  return print(tree);
};

/** Bodies within bodies, up to hundreds deep. */
const nest: Mutation = (_bytes, random, _all, own) => {
  const tree = own.tree.map(copy);
  const graph = tree.find(({ tag }) => tag === ((7 << 3) | 2));
  if (graph === undefined) return print(tree);
  const wrap = (number: number, ...parts: Uint8Array[]): Uint8Array => {
    const payload = Buffer.concat(parts);
    return Buffer.concat([varintOf((number << 3) | 2), varintOf(payload.length), payload]);
  };
  let inner = print(graph.children ?? []);
  for (let depth = random.below(400); depth > 0 && inner.length < 200_000; depth--) {
    inner = wrap(1, wrap(4, Buffer.from('If')), wrap(5, wrap(1, Buffer.from('then_branch')), wrap(6, inner)));
  }
  graph.bytes = inner;
  graph.children = null;
  return print(tree);
};

const MUTATIONS: readonly Mutation[] = [
  flipBits,
  setBytes,
  truncate,
  splice,
  cutOut,
  lieAboutLength,
  lieAboutLength,
  rearrange,
  rearrange,
  rearrange,
  rearrange,
  nest,
];

let sown: readonly Sown[] | undefined;

/** The seeds, and one model of PyTorch's with its weights. */
function sow(): readonly Sown[] {
  const real = readFileSync(join(__dirname, '../../media/samples/digits/digits.torchscript.onnx'));
  const models = [...seeds(1100).map(({ bytes }) => bytes), new Uint8Array(real)];
  return models.map((bytes) => ({ bytes, tree: parse(bytes, 'model') }));
}

/** The mutated file number `number`. */
export function mutant(number: number): Uint8Array {
  const all = (sown ??= sow());
  const random = new Random(number);
  // The large one now and then only: most of its bytes are weights.
  const own = random.below(20) === 0 ? (all.at(-1) ?? random.pick(all)) : random.pick(all.slice(0, -1));
  let { bytes } = own;
  for (let i = random.below(4) === 0 ? 2 : 1; i > 0; i--)
    if (bytes.length > 0) bytes = random.pick(MUTATIONS)(bytes, random, all, own);
  return bytes;
}

/** A folder with external data, and traps around it. */
export function setTraps(folder: string): string {
  const inside = join(folder, 'model');
  mkdirSync(join(inside, 'sub'), { recursive: true });
  mkdirSync(join(folder, 'elsewhere'));
  writeFileSync(join(inside, 'weights.bin'), new Uint8Array(8192));
  for (const secret of ['secret.bin', 'elsewhere/secret.bin'])
    writeFileSync(join(folder, secret), new Uint8Array(8192));
  symlinkSync(join(folder, 'secret.bin'), join(inside, 'link.bin'));
  symlinkSync(join(folder, 'elsewhere'), join(inside, 'folder'));
  return inside;
}

/** Makes every file that is opened from now on tell its real path to `opened`; gives back the old way. */
export function watchOpens(opened: (path: string) => void): () => void {
  const original = fsp.open;
  fsp.open = async (path, ...rest) => {
    if (typeof path === 'string') opened(fs.existsSync(path) ? fs.realpathSync(path) : resolve(path));
    return original(path, ...rest);
  };
  syncBuiltinESMExports();
  return () => {
    fsp.open = original;
    syncBuiltinESMExports();
  };
}

/** Reads mutant `number` from `folder` (made by `setTraps`). Throws on anything but a sentence or an opened model. */
export async function survive(number: number, folder: string): Promise<Outcome> {
  const file = join(folder, 'model.onnx');
  writeFileSync(file, mutant(number));
  const outside: string[] = [];
  const stopWatching = watchOpens((path) => {
    if (path !== file && !path.startsWith(folder + sep)) outside.push(path);
  });
  try {
    const outcome = await read(file);
    if (outside.length > 0) throw new Error(`Mutant ${number} made us open ${outside.join(', ')}.`);
    return outcome;
  } finally {
    stopWatching();
  }
}

async function read(file: string): Promise<Outcome> {
  let model;
  try {
    model = await openLocal(file);
  } catch (error) {
    if (!isFailure(error)) throw error;
    sentence(error.message);
    return 'refused';
  }
  const { skeleton, source, folder } = model;
  try {
    skeleton.nodes.forEach((node, id) => {
      if (node.id !== id) throw new Error(`Node ${id} calls itself ${node.id}.`);
    });
    for (const { message } of skeleton.warnings) sentence(message);
    const wiring = wire(skeleton);
    buildGraphModel(skeleton, buildScopes(skeleton, wiring), wiring);
    const reader = new WeightReader(source, folder);
    const weights = [...skeleton.graphs.values()].flatMap((graph) => [...graph.initializers.values()]);
    for (const node of skeleton.nodes.slice(0, 50)) weights.push(...tensorsOf(node));
    for (const weight of weights.slice(0, 12)) {
      try {
        await reader.summarize(weight);
      } catch (error) {
        if (!isFailure(error)) throw error;
        sentence(error.message);
      }
    }
    await reader.close();
    return skeleton.warnings.length === 0 ? 'clean' : 'warned';
  } finally {
    await source.close();
  }
}

/** What a person is told must be a sentence of reasonable length. */
function sentence(message: string): void {
  if (message.length < 10 || message.length > 1000 || !/[.\]…]$/.test(message))
    throw new Error(`No sentence: ${message.slice(0, 2000)}`);
}
