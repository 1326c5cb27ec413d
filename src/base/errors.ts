/**
 * The one kind of error Patchclamp shows to a person.
 * A `Failure` says what happened, to what, and what to do; each floor keeps a catalogue of factories over it
 * (`onnx/errors.ts`, `engine/errors.ts`, …). Cancellation is not an error: it is an `AbortError` and is never shown.
 */

/** Stable, greppable names; a person sees the sentence, logs and `--json` carry the code. */
export type FailureCode =
  | 'usage'
  | 'file-unreadable'
  | 'not-writable'
  | 'not-onnx'
  | 'truncated'
  | 'bad-model'
  | 'bad-tensor'
  | 'bad-external-data'
  | 'too-deep'
  | 'bad-site'
  | 'bad-feed'
  | 'bad-intervention'
  | 'bad-objective'
  | 'no-gradient'
  | 'unsupported'
  | 'runtime'
  | 'engine-crashed'
  | 'out-of-memory'
  /** Asked before it is tried: the same again with `confirmed` runs it. */
  | 'would-not-fit'
  | 'untrusted'
  | 'bad-source'
  | 'bad-data'
  | 'disconnected'
  | 'internal';

export interface FailureDetails {
  readonly code: FailureCode;
  /** What happened, and to what: one sentence, ending in a full stop. */
  readonly message: string;
  /** What to do: one sentence, ending in a full stop. */
  readonly remedy: string;
  readonly cause?: unknown;
}

/** An expected failure. `message` is complete: what happened, to what, and what to do. */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly remedy: string;
  /** The first sentence alone, without the remedy. */
  readonly what: string;

  constructor({ code, message, remedy, cause }: FailureDetails) {
    super(remedy === '' ? message : `${message} ${remedy}`, cause === undefined ? undefined : { cause });
    this.name = 'Failure';
    this.code = code;
    this.what = message;
    this.remedy = remedy;
  }
}

export function isFailure(error: unknown): error is Failure {
  return error instanceof Failure;
}

/** Turns anything thrown into the wire form; unknown errors keep their message and become `internal`. */
export function toDetails(error: unknown): FailureDetails {
  if (isFailure(error)) return { code: error.code, message: error.what, remedy: error.remedy };
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'internal', message, remedy: '' };
}

/** The one sentence (or two) a person reads. */
export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
