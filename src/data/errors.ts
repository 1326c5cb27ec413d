/** What can be wrong with data a person feeds, in sentences. */
import { Failure } from '../base/errors';

export function badData(message: string, remedy: string, cause?: unknown): Failure {
  return new Failure({ code: 'bad-data', message, remedy, cause });
}

export function badFeed(message: string, remedy: string): Failure {
  return new Failure({ code: 'bad-feed', message, remedy });
}
