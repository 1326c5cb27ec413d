/** Names of new runs. Pure. */

/** The name after the highest number in use; only names of this very form count, so that `resnet50` is none. */
export function nextRunName(used: readonly string[], nameOf: (number: number) => string): string {
  const [before = '', after = ''] = nameOf(NaN).split('NaN');
  const numbers = used
    .filter((name) => name.startsWith(before) && name.endsWith(after))
    .map((name) => name.slice(before.length, name.length - after.length))
    .filter((digits) => /^\d+$/.test(digits))
    .map(Number);
  return nameOf(Math.max(0, ...numbers) + 1);
}
