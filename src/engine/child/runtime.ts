/**
 * onnxruntime-node, and nothing else knows of it: sessions over bytes, tensors in and out, what it reports of values.
 * Creating and running block this process: whoever calls these has announced it to the host.
 */
import { createRequire } from 'node:module';
import type * as Ort from 'onnxruntime-node';
import type { Level } from '../../contract/run';
import type { TensorData } from '../../contract/tensor';
import type { Dtype, Shape } from '../../contract/skeleton';

type Library = typeof Ort;
export type Session = Ort.InferenceSession;

let library: Library | undefined;

/** The runtime, loaded at the first need: 160 ms. Throws what the system says when there is none for this machine. */
export function runtime(): Library {
  library ??= createRequire(__filename)('onnxruntime-node') as Library;
  return library;
}

export interface SessionChoice {
  readonly level: Level;
  /** Weights rearranged for speed: for sweeps. Otherwise they are mapped from the file and touched when used. */
  readonly packed: boolean;
  readonly providers: readonly string[];
  /** 0 lets the runtime choose. */
  readonly threads: number;
  /** Where external data is found. */
  readonly folder: string;
  /** Prefix of the profile's file, to record one. */
  readonly profile?: string;
}

/** The runtime's own messages are turned into sentences here, so nothing but the fatal goes to the log. */
const SILENT = 4;

export async function createSession(bytes: Uint8Array, choice: SessionChoice): Promise<Session> {
  const options: Ort.InferenceSession.SessionOptions = {
    executionProviders: [...choice.providers],
    graphOptimizationLevel: choice.level,
    executionMode: 'sequential',
    // Runs take a third of the time when memory is kept between them; sessions nobody uses are let go soon.
    enableCpuMemArena: true,
    enableMemPattern: true,
    logSeverityLevel: SILENT,
    intraOpNumThreads: choice.threads,
    extra: {
      session: {
        disable_prepacking: choice.packed ? '0' : '1',
        model_external_initializers_file_folder_path: choice.folder,
        // Without it a packed and an unpacked session of a quantised model differ by up to 6e-3.
        qdq_matmulnbits_accuracy_level: '1',
        // Waiting threads sleep: the machine belongs to the editor, and runs are no slower for it.
        intra_op: { allow_spinning: '0' },
        inter_op: { allow_spinning: '0' },
      },
    },
  };
  if (choice.profile !== undefined) {
    options.enableProfiling = true;
    options.profileFilePrefix = choice.profile;
  }
  return runtime().InferenceSession.create(bytes, options);
}

/** Types that Node can hand to the runtime and get from it. */
const CARRIED = new Set<Dtype>([
  'float32',
  'float64',
  'float16',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
  'string',
]);

export function isCarried(dtype: Dtype): boolean {
  return CARRIED.has(dtype);
}

/** What the runtime says of a value: null where it is no tensor. */
export interface Reported {
  readonly name: string;
  readonly tensor: { readonly dtype: Dtype; readonly shape: Shape } | null;
}

export function reportedInputs(session: Session): Reported[] {
  return session.inputMetadata.map(reported);
}

export function reportedOutputs(session: Session): Reported[] {
  return session.outputMetadata.map(reported);
}

function reported(metadata: Ort.InferenceSession.ValueMetadata): Reported {
  if (!metadata.isTensor) return { name: metadata.name, tensor: null };
  const shape = metadata.shape.map((dim) => (dim === '' ? null : dim));
  return { name: metadata.name, tensor: { dtype: metadata.type as Dtype, shape } };
}

/** Runs and gives the asked outputs as data. */
export async function runSession(
  session: Session,
  feeds: ReadonlyMap<string, TensorData>,
  names: readonly string[],
): Promise<Map<string, TensorData>> {
  const { Tensor } = runtime();
  // Without a prototype, so that any name is a key.
  const given = Object.create(null) as Record<string, Ort.Tensor>;
  for (const [name, { dtype, dims, data }] of feeds) {
    const carried = dtype === 'float16' ? asHalf(data) : data;
    given[name] = new Tensor(dtype as 'float32', carried as Float32Array, dims);
  }
  const results = await session.run(given, [...names]);
  return new Map(names.map((name) => [name, toData(results[name] as Ort.Tensor)]));
}

/** Node's own half precision array where there is one: then the runtime's package insists on it. */
function asHalf(data: TensorData['data']): unknown {
  const type: unknown = Reflect.get(globalThis, 'Float16Array');
  if (typeof type !== 'function' || !(data instanceof Uint16Array)) return data;
  return Reflect.construct(type, [data.buffer, data.byteOffset, data.length]);
}

function toData({ type, dims, data }: Ort.Tensor): TensorData {
  if (type === 'float16' && ArrayBuffer.isView(data)) {
    const bits = new Uint16Array(data.buffer, data.byteOffset, data.length);
    return { dtype: 'float16', dims, data: bits };
  }
  return { dtype: type, dims, data: data };
}

/** Execution providers this build of the runtime lists. */
export function providers(): string[] {
  return runtime()
    .listSupportedBackends()
    .map(({ name }) => name);
}

export function runtimeVersion(): string {
  return `onnxruntime ${runtime().env.versions.node ?? runtime().env.versions.common}`;
}
