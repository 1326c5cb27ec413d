/** Standing interventions as interventions of a run, as text, and back from storage. Pure. */
import type { Clamp } from '../contract/clamp';
import type { PlainIntervention } from '../contract/run';

/** Those that are active, in the order they were made. */
export function interventionsOf(clamps: readonly Clamp[]): readonly PlainIntervention[] {
  return clamps
    .filter(({ active }) => active)
    .map(({ kind, site, number }) =>
      kind === 'scale' ? { kind, site, factor: number } : { kind, site, value: number },
    );
}

/** As the command line takes it: `scale SITE 0.5`. */
export function printClamp({ kind, site, number }: Clamp): string {
  return `${kind} ${site} ${String(number)}`;
}

/** What comes from storage may be of another version, or of another hand. */
export function isClamp(value: unknown): value is Clamp {
  if (typeof value !== 'object' || value === null) return false;
  const clamp = value as Partial<Record<keyof Clamp, unknown>>;
  return (
    typeof clamp.id === 'string' &&
    typeof clamp.site === 'string' &&
    (clamp.kind === 'scale' || clamp.kind === 'set') &&
    typeof clamp.number === 'number' &&
    typeof clamp.active === 'boolean'
  );
}
