/**
 * Transformer-like models of any size, written straight to disk: blocks of 52 nodes (decomposed layer norms, rotary
 * attention, gated MLP, residuals), three tensors that fan out to every block (rotary cosine and sine, a mask), metadata
 * as the torch.export-based exporter writes it. They are valid and run. Not a pattern to train on: weights are noise.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ProtobufWriter } from '../../src/onnx/protobufWriter';

export interface GenerateOptions {
  /** About how many nodes; blocks of 52 are added up to it. */
  readonly nodes: number;
  /** About how many bytes of weights; the width follows. Left out: width 16. */
  readonly weightBytes?: number;
  /** Whether rotary tensors and mask are shared by all blocks (default), or made anew in each. */
  readonly fan?: boolean;
  /** Exporter metadata on every node (default true). */
  readonly metadata?: boolean;
  /** `embedded` (default): in the model file; `external`: in FILE.data beside it. */
  readonly weights?: 'embedded' | 'external';
}

export interface Generated {
  readonly file: string;
  readonly nodes: number;
  readonly blocks: number;
  readonly width: number;
  /** Bytes of all files written. */
  readonly bytes: number;
  readonly parameters: number;
}

interface Weight {
  readonly name: string;
  readonly dims: readonly number[];
  /** Elements are noise in [-scale, scale]. */
  readonly scale: number;
}

const NODES_PER_BLOCK = 52;
const NODES_OUTSIDE = 9;
const HEADS = 4;

/** Writes the model to `file` and says what it holds. */
export function generate(file: string, options: GenerateOptions): Generated {
  const blocks = Math.max(1, Math.round((options.nodes - NODES_OUTSIDE) / NODES_PER_BLOCK));
  const perBlock = (options.weightBytes ?? 0) / 4 / blocks / 12;
  const width =
    options.weightBytes === undefined ? 16 : Math.max(16, Math.round(Math.sqrt(perBlock) / 8) * 8);
  const graph = new GraphWriter(options.metadata ?? true);
  const weights = buildGraph(graph, blocks, width, options.fan ?? true);
  return writeModel(file, graph, weights, { blocks, width, external: options.weights === 'external' });
}

/** Nodes are encoded in pieces of this many. */
const NODES_PER_PIECE = 256;

class GraphWriter {
  out = new ProtobufWriter();
  readonly #pieces: Uint8Array[] = [];
  readonly weights: Weight[] = [];
  scope: readonly (readonly [path: string, type: string])[] = [['', 'model.Model']];
  count = 0;

  constructor(private readonly metadata: boolean) {}

  weight(name: string, dims: readonly number[], scale: number): string {
    this.weights.push({ name, dims, scale });
    return name;
  }

  node(op: string, inputs: readonly string[], name: string, attributes: Attributes = {}): string {
    const output = `${name}_out`;
    if (this.count % NODES_PER_PIECE === 0) {
      this.#pieces.push(this.out.finish());
      this.out = new ProtobufWriter();
    }
    const { out } = this;
    const line = (this.count++ % 400) + 10;
    out.message(1, () => {
      for (const input of inputs) out.string(1, input);
      out.string(2, output);
      out.string(3, name);
      out.string(4, op);
      for (const [key, value] of Object.entries(attributes)) {
        out.message(5, () => {
          out.string(1, key);
          if (Array.isArray(value)) for (const item of value) out.int(8, item as number);
          else out.int(3, value as number);
          out.int(20, Array.isArray(value) ? 7 : 2);
        });
      }
      if (!this.metadata) return;
      const target = `aten.${op.toLowerCase()}.default`;
      const own = name.replace(/^b\d+_/, '');
      this.#entry(
        'namespace',
        [...this.scope.map(([path, type]) => `${path}: ${type}`), `${own}: ${target}`].join('/'),
      );
      this.#entry('pkg.torch.onnx.class_hierarchy', repr([...this.scope.map(([, type]) => type), target]));
      this.#entry('pkg.torch.onnx.name_scopes', repr([...this.scope.map(([path]) => path), own]));
      this.#entry(
        'pkg.torch.onnx.fx_node',
        `%${own} : [num_users=1] = call_function[target=torch.ops.${target}](args = (%${inputs[0] ?? ''},), kwargs = {})`,
      );
      this.#entry(
        'pkg.torch.onnx.stack_trace',
        `File "/home/someone/project/model.py", line ${line}, in forward\n    x = self.${own}(x)\n`,
      );
    });
    return output;
  }

  /** All nodes, encoded. */
  finish(): Uint8Array {
    return Buffer.concat([...this.#pieces, this.out.finish()]);
  }

  #entry(key: string, value: string): void {
    this.out.message(9, () => {
      this.out.string(1, key);
      this.out.string(2, value);
    });
  }
}

type Attributes = Readonly<Record<string, number | readonly number[]>>;

function repr(items: readonly string[]): string {
  return `[${items.map((item) => `'${item}'`).join(', ')}]`;
}

/** Writes all nodes; gives the weights they read. */
function buildGraph(g: GraphWriter, blocks: number, width: number, fan: boolean): readonly Weight[] {
  const root = [['', 'model.Model']] as const;
  const scale = Math.sqrt(3 / width);
  const rotary = (prefix: string, x: string): { cos: string; sin: string; mask: string } => {
    const heads = g.node('Reshape', [x, 'split'], `${prefix}heads`);
    const cos = g.node('Cos', [heads], `${prefix}rope_cos`);
    const sin = g.node('Sin', [heads], `${prefix}rope_sin`);
    const mean = g.node('ReduceMean', [x, 'last'], `${prefix}mask_mean`);
    const mask = g.node(
      'Neg',
      [g.node('Unsqueeze', [mean, 'one'], `${prefix}mask_unsqueeze`)],
      `${prefix}mask`,
    );
    return { cos, sin, mask };
  };
  const norm = (x: string, name: string, path: string): string => {
    const mean = g.node('ReduceMean', [x, 'last'], `${name}_mean`);
    const centred = g.node('Sub', [x, mean], `${name}_sub`);
    const squares = g.node('Pow', [centred, 'two'], `${name}_pow`);
    const variance = g.node('ReduceMean', [squares, 'last'], `${name}_var`);
    const root = g.node('Sqrt', [g.node('Add', [variance, 'epsilon'], `${name}_eps`)], `${name}_sqrt`);
    const scaled = g.node('Div', [centred, root], `${name}_div`);
    const gain = g.node('Mul', [scaled, g.weight(`${path}.weight`, [width], 1)], `${name}_mul`);
    return g.node('Add', [gain, g.weight(`${path}.bias`, [width], 0.1)], `${name}_add`);
  };

  let x = 'x';
  let shared = fan ? rotary('', x) : null;
  for (let i = 0; i < blocks; i++) {
    const path = `layers.${i}`;
    const block = [...root, [path, 'model.Block']] as const;
    const name = (part: string): string => `b${i}_${part}`;
    if (!fan) {
      g.scope = [...block, [`${path}.rotary`, 'model.Rotary']];
      shared = rotary(name(''), x);
    }
    const { cos, sin, mask } = shared ?? rotary('', x);
    g.scope = [...block, [`${path}.ln1`, 'model.LayerNorm']];
    let h = norm(x, name('ln1'), `${path}.ln1`);
    g.scope = [...block, [`${path}.attn`, 'model.Attention']];
    const project = (t: 'q' | 'k' | 'v'): string => {
      const product = g.node(
        'MatMul',
        [h, g.weight(`${path}.attn.${t}.weight`, [width, width], scale)],
        name(`${t}_mm`),
      );
      const sum = g.node(
        'Add',
        [product, g.weight(`${path}.attn.${t}.bias`, [width], 0.1)],
        name(`${t}_add`),
      );
      let y = g.node('Reshape', [sum, 'split'], name(`${t}_heads`));
      if (t !== 'v') {
        const straight = g.node('Mul', [y, cos], name(`${t}_cos`));
        const turned = g.node('Mul', [g.node('Neg', [y], name(`${t}_neg`)), sin], name(`${t}_sin`));
        y = g.node('Add', [straight, turned], name(`${t}_rope`));
      }
      return g.node('Transpose', [y], name(`${t}_t`), { perm: t === 'k' ? [0, 2, 3, 1] : [0, 2, 1, 3] });
    };
    const [q, k, v] = [project('q'), project('k'), project('v')];
    const scores = g.node('Mul', [g.node('MatMul', [q, k], name('qk')), 'half'], name('scale'));
    const weights = g.node('Softmax', [g.node('Add', [scores, mask], name('masked'))], name('softmax'), {
      axis: -1,
    });
    const values = g.node('Transpose', [g.node('MatMul', [weights, v], name('av'))], name('av_t'), {
      perm: [0, 2, 1, 3],
    });
    const mixed = g.node('Reshape', [values, 'merge'], name('merge'));
    const out = g.node(
      'MatMul',
      [mixed, g.weight(`${path}.attn.o.weight`, [width, width], scale)],
      name('o'),
    );
    g.scope = block;
    x = g.node('Add', [x, out], name('res1'));
    g.scope = [...block, [`${path}.ln2`, 'model.LayerNorm']];
    h = norm(x, name('ln2'), `${path}.ln2`);
    g.scope = [...block, [`${path}.mlp`, 'model.MLP']];
    const up = g.node(
      'MatMul',
      [h, g.weight(`${path}.mlp.up.weight`, [width, 4 * width], scale)],
      name('up'),
    );
    const gated = g.node('Mul', [up, g.node('Sigmoid', [up], name('sigmoid'))], name('silu'));
    const down = g.node(
      'MatMul',
      [gated, g.weight(`${path}.mlp.down.weight`, [4 * width, width], scale / 2)],
      name('down'),
    );
    g.scope = block;
    x = g.node('Add', [x, down], name('res2'));
    g.scope = root;
  }
  g.scope = root;
  g.node('Identity', [x], 'y');
  return g.weights;
}

function writeModel(
  file: string,
  g: GraphWriter,
  weights: readonly Weight[],
  {
    blocks,
    width,
    external,
  }: { readonly blocks: number; readonly width: number; readonly external: boolean },
): Generated {
  const location = `${basename(file)}.data`;
  const small = new ProtobufWriter();
  const int64s = (name: string, values: readonly number[], dims: readonly number[]): void =>
    small.message(5, () => {
      for (const dim of dims) small.int(1, dim);
      small.int(2, 7);
      small.string(8, name);
      small.bytes(9, new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
    });
  const float = (name: string, value: number): void =>
    small.message(5, () => {
      small.int(2, 1);
      small.string(8, name);
      small.bytes(9, new Uint8Array(Float32Array.of(value).buffer));
    });
  small.string(2, 'generated');
  int64s('split', [0, 0, HEADS, width / HEADS], [4]);
  int64s('merge', [0, 0, width], [3]);
  int64s('last', [-1], [1]);
  int64s('one', [1], [1]);
  float('half', 1 / Math.sqrt(width / HEADS));
  float('two', 2);
  float('epsilon', 1e-5);

  // Headers first: the graph's length must be known before its first byte is written.
  let offset = 0;
  const headers = weights.map((weight) => {
    const length = 4 * weight.dims.reduce((a, b) => a * b, 1);
    const header = tensorHeader(weight, length, external ? { location, offset } : null);
    offset += length;
    return { weight, length, header };
  });
  const ends = new ProtobufWriter();
  port(ends, 11, 'x', ['batch', 'sequence', width]);
  port(ends, 12, 'y_out', ['batch', 'sequence', width]);
  const nodes = g.finish();
  const graphLength =
    nodes.length +
    small.finish().length +
    ends.finish().length +
    headers.reduce((sum, { length, header }) => sum + header.length + (external ? 0 : length), 0);

  const start = new ProtobufWriter();
  start.int(1, 10);
  start.string(2, 'patchclamp-generate');
  start.message(8, () => start.int(2, 18));
  const model = openSync(file, 'w');
  const data = external ? openSync(join(dirname(file), location), 'w') : model;
  try {
    writeSync(model, start.finish());
    writeSync(model, Uint8Array.of((7 << 3) | 2, ...varint(graphLength)));
    writeSync(model, nodes);
    writeSync(model, small.finish());
    const noise = new Noise();
    for (const { weight, length, header } of headers) {
      writeSync(model, header);
      noise.write(data, length / 4, weight.scale);
    }
    writeSync(model, ends.finish());
  } finally {
    closeSync(model);
    if (external) closeSync(data);
  }
  const prefix = start.finish().length + 1 + varint(graphLength).length;
  const parameters = offset / 4;
  return {
    file,
    nodes: g.count,
    blocks,
    width,
    bytes: prefix + graphLength + (external ? offset : 0),
    parameters,
  };
}

/** A TensorProto up to its payload, with the tag and length of the graph's field in front. */
function tensorHeader(
  { name, dims }: Weight,
  length: number,
  external: { readonly location: string; readonly offset: number } | null,
): Uint8Array {
  const body = new ProtobufWriter();
  for (const dim of dims) body.int(1, dim);
  body.int(2, 1);
  body.string(8, name);
  if (external !== null) {
    const entries = { location: external.location, offset: String(external.offset), length: String(length) };
    for (const [key, value] of Object.entries(entries)) {
      body.message(13, () => {
        body.string(1, key);
        body.string(2, value);
      });
    }
    body.int(14, 1);
  }
  const fields = body.finish();
  const payload = external === null ? [(9 << 3) | 2, ...varint(length)] : [];
  const whole = fields.length + payload.length + (external === null ? length : 0);
  return Uint8Array.from([(5 << 3) | 2, ...varint(whole), ...fields, ...payload]);
}

function port(out: ProtobufWriter, field: number, name: string, dims: readonly (string | number)[]): void {
  out.message(field, () => {
    out.string(1, name);
    out.message(2, () =>
      out.message(1, () => {
        out.int(1, 1);
        out.message(2, () => {
          for (const dim of dims) {
            out.message(1, () => {
              if (typeof dim === 'number') out.int(1, dim);
              else out.string(2, dim);
            });
          }
        });
      }),
    );
  });
}

/** Protobuf's varint; whole numbers beyond 2^32 too. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return bytes;
}

/** Uniform noise from one block of random numbers, begun at another place each time: fast, and the same every time. */
class Noise {
  readonly #block = new Float32Array(1 << 20);
  #at = 0;

  constructor() {
    let state = 0x9e3779b9;
    for (let i = 0; i < this.#block.length; i++) {
      state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x85ebca6b;
      state ^= state >>> 13;
      this.#block[i] = (state >>> 0) / 0x8000_0000 - 1;
    }
  }

  /** Writes `count` numbers in [-scale, scale] to an open file. */
  write(file: number, count: number, scale: number): void {
    this.#at = (this.#at * 31 + 7919) % this.#block.length;
    for (let left = count; left > 0;) {
      const part = this.#block.subarray(this.#at, this.#at + left).map((value) => value * scale);
      writeSync(file, new Uint8Array(part.buffer));
      left -= part.length;
      this.#at = (this.#at + part.length) % this.#block.length;
    }
  }
}
