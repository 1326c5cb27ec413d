/** What a sweep refuses, and what it finds wrong with itself. */
import { Failure } from '../../base/errors';

export function mainOnly(site: string): Failure {
  return new Failure({
    code: 'bad-site',
    message: `A sweep reads values of the main graph after interventions, whole batches of them, and "${site}" is not one.`,
    remedy: 'Name a value of the main graph, or a slice along another axis than the batch.',
  });
}

export function mixedUp(file: string, site: string | undefined, cell: number): Failure {
  return new Failure({
    code: 'internal',
    message: `In a sweep over ${file}, cell ${String(cell)} gives another "${site ?? ''}" alone than among others, so nothing of it is shown.`,
    remedy: 'Report this with the model if you can; run the interventions one by one.',
  });
}

export function leaked(file: string, site: string | undefined): Failure {
  return new Failure({
    code: 'internal',
    message: `In a batch over ${file}, the row without interventions changed "${site ?? ''}": rows leak into each other.`,
    remedy: 'Report this with the model if you can; run the interventions one by one.',
  });
}
