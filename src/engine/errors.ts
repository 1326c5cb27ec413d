/** What the engine's supervisor has to tell, in sentences. */
import { Failure } from '../base/errors';

/** The child ended while it worked on something. */
export function engineDied(what: string, reason: string): Failure {
  return new Failure({
    code: 'engine-crashed',
    message: `${what} did not finish: the engine process ended (${reason}).`,
    remedy:
      'The engine starts again by itself and nothing you had is lost; capture fewer values or use a smaller input if it happens again.',
  });
}

export function engineOutOfMemory(what: string, megabytes: number): Failure {
  return new Failure({
    code: 'out-of-memory',
    message: `${what} was stopped: the engine process passed its limit of ${String(megabytes)} MB.`,
    remedy: 'Capture fewer values, use a smaller input, or raise the limit in the settings.',
  });
}

export function engineCannotStart(reason: string): Failure {
  return new Failure({
    code: 'engine-crashed',
    message: `The engine process could not be started (${reason}).`,
    remedy: 'Viewing goes on without it; see the log for what the runtime said.',
  });
}

export function engineKeepsDying(times: number): Failure {
  return new Failure({
    code: 'engine-crashed',
    message: `The engine process ended ${String(times)} times within a minute.`,
    remedy: 'It is not started again for a while; check the model and the log, then run again.',
  });
}
