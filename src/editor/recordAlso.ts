/** One more value of a kept run, recorded from the same inputs under the same interventions: of a body, say. */
import { Failure } from '../base/errors';
import type { StoredCapture } from '../contract/engineApi';
import type { RunRequest, RunResult } from '../contract/run';
import { toStored } from './runBook';

/** @param otherwise what to do where these inputs do not make the value. Throws `unsupported` then. */
export async function recordAlso(
  site: string,
  given: Pick<RunRequest, 'feeds' | 'interventions'>,
  run: (request: RunRequest) => Promise<RunResult>,
  otherwise: string,
): Promise<readonly StoredCapture[]> {
  const { captures, notes } = await run({
    ...given,
    capture: [site],
    outputs: [],
    keep: false,
    level: 'disabled',
  });
  const made = captures.filter(({ dtype }) => dtype !== 'undefined');
  if (made.length > 0) return made.map(toStored);
  const message = notes.find((note) => note.includes(site)) ?? `"${site}" was not computed.`;
  throw new Failure({ code: 'unsupported', message, remedy: otherwise });
}
