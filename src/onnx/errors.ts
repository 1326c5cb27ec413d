/** The sentences of the reading floor: what is wrong with a file, where, and what to do. */
import { Failure } from '../base/errors';
import { shorten } from './names';
import { formatBytes } from '../tensor/format';

const AGAIN = 'Download or export it again.';

export function fileUnreadable(file: string, cause: unknown): Failure {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const why =
    { ENOENT: 'does not exist', EACCES: 'may not be read by you', EISDIR: 'is a folder' }[code] ??
    `cannot be read (${cause instanceof Error ? cause.message : String(cause)})`;
  const remedy =
    {
      ENOENT: 'Check the path.',
      EACCES: 'Change its permissions.',
      EISDIR: 'Name the .onnx file inside it.',
    }[code] ?? 'Check the disk or the connection and try again.';
  return new Failure({ code: 'file-unreadable', message: `${file} ${why}.`, remedy, cause });
}

export function notAFile(file: string): Failure {
  return new Failure({
    code: 'file-unreadable',
    message: `${file} is not a regular file.`,
    remedy: 'Name an .onnx file.',
  });
}

export function emptyFile(file: string): Failure {
  return new Failure({ code: 'not-onnx', message: `${file} is empty (0 bytes).`, remedy: AGAIN });
}

export function notOnnx(file: string, looksLike: string | null, remedy: string): Failure {
  const message =
    looksLike === null
      ? `${file} is not an ONNX model: no graph was found in it.`
      : `${file} is ${looksLike}, not an ONNX model.`;
  return new Failure({ code: 'not-onnx', message, remedy });
}

export function truncated(name: string, offset: number, length: number, size: number): Failure {
  return new Failure({
    code: 'truncated',
    message: `${name} has ${size} bytes, but ${length} bytes at offset ${offset} were asked for.`,
    remedy: AGAIN,
  });
}

export function cutOff(file: string, size: number): Failure {
  return new Failure({
    code: 'truncated',
    message: `${file} is cut off: it ends after ${formatBytes(size)}, before its first node.`,
    remedy: AGAIN,
  });
}

export function emptyGraph(file: string): Failure {
  return new Failure({
    code: 'bad-model',
    message: `${file} is an ONNX model whose graph is empty: it has no nodes, inputs, outputs or weights to show.`,
    remedy: 'Check what was exported, and export it again.',
  });
}

export function brokenModel(file: string, what: string, offset: number): Failure {
  return new Failure({
    code: 'bad-model',
    message: `${file} cannot be read as an ONNX model: ${what} at byte ${offset}.`,
    remedy: `${AGAIN} If it should be ONNX, \`onnx.load\` will name the same place.`,
  });
}

export function descriptionTooLarge(file: string, limit: number): Failure {
  return new Failure({
    code: 'bad-model',
    message: `${file} holds more than ${formatBytes(limit)} of graph description without weights.`,
    remedy: 'Check that it is an ONNX model; if it is, split it.',
  });
}

export function badTensor(name: string, what: string, remedy: string): Failure {
  return new Failure({ code: 'bad-tensor', message: `The tensor "${shorten(name)}" ${what}.`, remedy });
}

export function badExternalData(location: string, what: string, remedy: string): Failure {
  return new Failure({
    code: 'bad-external-data',
    message: `The external data file "${shorten(location)}" ${what}.`,
    remedy,
  });
}
