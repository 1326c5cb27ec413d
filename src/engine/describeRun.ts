/** Words for a run, as messages about a dead or cancelled engine call it. Pure. */
import type { RunRequest } from '../contract/run';

export function describeRun({ capture, interventions = [] }: RunRequest): string {
  const parts: string[] = [];
  if (capture.length > 0) parts.push(`capturing ${few(capture)}`);
  if (interventions.length > 0)
    parts.push(`with ${few(interventions.map(({ kind, site }) => `${kind} ${site}`))}`);
  return parts.length === 0 ? 'running' : `${parts.join(', ')}, in a run of`;
}

function few(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${String(names.length - 3)} more` : shown;
}
