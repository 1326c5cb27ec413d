/**
 * One opened model in the child: its skeleton, where its weights lie, and what the runtime has said of its values.
 * Never writes to the file.
 */
import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../../base/errors';
import { must } from '../../base/assert';
import type { FeedSpec } from '../../contract/run';
import type {
  Graph,
  GraphPath,
  Skeleton,
  ValueType,
  WeightLocation,
  WeightRef,
} from '../../contract/skeleton';
import { dataFilesOf } from '../../onnx/dataFiles';
import { openLocal, type LocalModel } from '../../onnx/files';
import { describeNode, shorten } from '../../onnx/names';
import { madeTwice } from '../../onnx/rewrite/cut';
import { weightType } from '../../onnx/describe';
import { inlineFunctions, type Inlined } from '../../onnx/rewrite/inline';
import { containerOf } from '../../onnx/rewrite/containers';
import { bodiesOf, tensorsOf } from '../../onnx/walk';
import { WeightReader } from '../../onnx/weights';
import { writeModel, type ModelParts } from '../../onnx/write';
import { toRaw } from '../../tensor/buffers';
import { formatBytes } from '../../tensor/format';

/** Size and time of change of a model's files, also those that another skeleton over it does not read. */
interface Stamp {
  readonly opened: string;
  now(): string;
}

export class EngineModel {
  /** What the runtime inferred, by graph path and value. Filled by `infer.ts`. */
  readonly inferred = new Map<GraphPath, Map<string, ValueType>>();
  /** Paths whose values the runtime has been asked for. */
  readonly asked = new Set<GraphPath>();
  readonly inputs: readonly FeedSpec[];
  readonly outputs: readonly FeedSpec[];
  readonly weights: WeightReader;
  readonly inlined: Inlined;
  /** Raw bytes of tensors that cannot be pointed at, by where they lie: a rewrite may rename a reference. */
  readonly #handed = new Map<WeightLocation, Uint8Array>();
  /** Why no rewrite of it can be run, if so. */
  readonly #unrunnable: Failure | null;
  /** Files of several names on the disk (hard links), which the runtime refuses to read weights from; null: its own. */
  readonly #linked: ReadonlySet<string | null>;

  private constructor(
    readonly id: string,
    readonly local: LocalModel,
    private readonly stamp: Stamp,
  ) {
    this.weights = new WeightReader(local.source, local.folder);
    this.inlined = inlineFunctions(local.skeleton);
    const { graph } = local.skeleton;
    this.#unrunnable = twiceMade(this.inlined.skeleton.graph);
    this.inputs = [
      ...graph.inputs.map(({ name, type }) => specOf(name, type, false)),
      ...graph.overridable.flatMap((name) => {
        const weight = graph.initializers.get(name);
        return weight === undefined ? [] : [specOf(name, weightType(weight), true)];
      }),
    ];
    this.outputs = graph.outputs.map(({ name, type }) => specOf(name, type, false));
    this.#linked = new Set(
      [null, ...dataFilesOf(local.skeleton)].filter((file) => isLinked(pathOf(local, file))),
    );
  }

  static async open(id: string, file: string, signal?: AbortSignal): Promise<EngineModel> {
    const local = await openLocal(file, signal);
    try {
      const now = (): string => stampOf(local);
      return new EngineModel(id, local, { opened: now(), now });
    } catch (error) {
      await local.source.close();
      throw error;
    }
  }

  /** The same file seen as another skeleton, for controls. It reads by this model's handle: drop it before closing this. */
  withSkeleton(id: string, skeleton: Skeleton): EngineModel {
    return new EngineModel(id, { ...this.local, skeleton }, this.stamp);
  }

  /** The model with its functions written out: what sites name and rewrites start from. */
  get skeleton(): Skeleton {
    return this.inlined.skeleton;
  }

  /** The model as its file has it. */
  get original(): Skeleton {
    return this.local.skeleton;
  }

  /** Folder in which the runtime finds this model's weights. */
  get folder(): string {
    return dirname(this.local.path);
  }

  /**
   * Bytes of a rewrite. Throws `file-unreadable` when the model's file has changed since it was read, `bad-model` when two
   * nodes make one value.
   */
  async write(parts: ModelParts, signal?: AbortSignal): Promise<Uint8Array> {
    if (this.stamp.now() !== this.stamp.opened) throw changedFile(this.local.path);
    if (this.#unrunnable !== null) throw this.#unrunnable;
    const linked = ({ where }: WeightRef): boolean => where.kind === 'file' && this.#linked.has(where.file);
    const handed = [...weightsIn(parts)].filter((ref) => ref.where.kind === 'packed' || linked(ref));
    const bytes = handed.filter(linked).reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (bytes > MOST_HANDED) throw severalNames(this.local.path, bytes);
    const written = handed.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (written > MOST_WRITTEN) throw tooLong(this.local.path, written);
    for (const ref of handed) {
      if (this.#handed.has(ref.where)) continue;
      const { dtype, data } = await this.weights.read(ref, signal);
      if (ArrayBuffer.isView(data)) this.#handed.set(ref.where, toRaw(dtype, data));
    }
    return writeModel(parts, {
      self: basename(this.local.path),
      packed: (ref) => must(this.#handed.get(ref.where), `the packed tensor "${ref.name}" was read`),
      handed: (ref) => this.#handed.get(ref.where),
    });
  }

  async close(): Promise<void> {
    await this.weights.close();
    await this.local.source.close();
  }
}

function specOf(name: string, type: ValueType, optional: boolean): FeedSpec {
  if (type.kind === 'tensor') return { name, dtype: type.dtype, shape: type.shape, optional };
  const container = containerOf(type);
  if (container === null) return { name, dtype: 'undefined', shape: null, optional };
  // Nothing fed is an empty sequence, or an optional without a value.
  return { name, dtype: container.dtype, shape: null, optional: true, container: container.kind };
}

function* weightsIn({ graph, functions }: ModelParts): Iterable<WeightRef> {
  const visit = function* (body: Graph): Iterable<WeightRef> {
    yield* body.initializers.values();
    for (const sparse of body.sparseInitializers.values()) yield* [sparse.values, sparse.indices];
    for (const node of body.nodes) {
      yield* tensorsOf(node);
      for (const inner of bodiesOf(node)) yield* visit(inner);
    }
  };
  for (const body of [graph, ...functions.map((definition) => definition.graph)]) {
    yield* visit(body);
  }
}

function twiceMade(graph: Graph): Failure | null {
  const twice = madeTwice(graph);
  if (twice === null) return null;
  const { name, by } = twice;
  return new Failure({
    code: 'bad-model',
    message: `The model cannot run: the value "${shorten(name)}" is made twice, by ${by.map(describeNode).join(' and ')}.`,
    remedy: 'Rename one; it can still be looked at.',
  });
}

function changedFile(path: string): Failure {
  return new Failure({
    code: 'file-unreadable',
    message: `${path} or a file its weights lie in has changed since it was opened.`,
    remedy: 'Open it again.',
  });
}

/** Bytes of weights that are handed over instead of pointed at: each session holds them anew. */
const MOST_HANDED = 256 << 20;
/** A protobuf message has at most 2 GB, and this one nodes and names besides. */
const MOST_WRITTEN = 2 ** 31 - (64 << 20);

function severalNames(path: string, bytes: number): Failure {
  return new Failure({
    code: 'bad-external-data',
    message: `${path}, or a file its weights lie in, has several names on this disk (hard links), and the runtime does not read ${formatBytes(bytes)} of weights from such a file.`,
    remedy: 'Copy the model and its data to another folder (cp, not a link), and open the copy.',
  });
}

/** Numbers of a few bits take a byte each in such a list, and up to eight where the runtime reads them. */
function tooLong(path: string, bytes: number): Failure {
  return new Failure({
    code: 'unsupported',
    message: `${path} holds tensors as lists of numbers (int64_data and the like) that are ${formatBytes(bytes)} written out, and a model that is run has at most 2 GB beside its data files.`,
    remedy: 'Save the model with its tensors as raw data, or as external data.',
  });
}

/** Of the model's file and of every file its weights lie in. */
function stampOf({ path, skeleton }: LocalModel): string {
  const files = [null, ...dataFilesOf(skeleton)].map((file) => pathOf({ path }, file));
  return files.map(fileStamp).join('\n');
}

/** A file of a model; null: the model's own. */
function pathOf({ path }: Pick<LocalModel, 'path'>, file: string | null): string {
  return file === null ? path : join(dirname(path), ...file.split(/[\\/]/));
}

function isLinked(path: string): boolean {
  try {
    return statSync(path).nlink > 1;
  } catch (error) {
    // What is not there is told of where it is read.
    if (error instanceof Error) return false;
    throw error;
  }
}

function fileStamp(path: string): string {
  try {
    const { size, mtimeMs, ino } = statSync(path);
    return `${String(size)} ${String(mtimeMs)} ${String(ino)}`;
  } catch (error) {
    return `gone ${String(error)}`;
  }
}
