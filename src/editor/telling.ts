/**
 * Failures of what a person asked for in a page: they are told by VS Code's own message, with the log behind it. Calls
 * whose answer the page waits for, and shows the failure of in its place, are left alone.
 */
import type { HostApi } from '../contract/hostApi';

type Method = (...args: readonly unknown[]) => unknown;

/** The page says itself what went wrong with these. */
const ANSWERED: readonly (keyof HostApi)[] = [
  'ready',
  'inspect',
  'weightSummary',
  'pictures',
  'searchTexts',
  'report',
];

/**
 * The same methods; one that fails, now or later, is reported and resolves to undefined.
 * @param answered methods besides the usual ones whose failures the page shows itself
 */
export function toldFailures<T extends object>(
  local: T,
  onFailure: (method: string, error: unknown) => void,
  answered: readonly string[] = [],
): T {
  const own = new Set<string>([...ANSWERED, ...answered]);
  const wrapped = Object.entries(local).map(([name, method]: [string, unknown]) => {
    if (own.has(name) || typeof method !== 'function') return [name, method];
    const work = method as Method;
    const told = async (...args: readonly unknown[]): Promise<unknown> => {
      try {
        return await work.apply(local, [...args]);
      } catch (error) {
        onFailure(name, error);
        return undefined;
      }
    };
    return [name, told];
  });
  return Object.fromEntries(wrapped) as T;
}
