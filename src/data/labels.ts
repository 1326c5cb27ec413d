/** Names of classes, from the files that lie beside models. Every one is a guess until a person agrees. */
import { badData } from './errors';

/** Reads a label file by its form: a JSON list, a JSON map from index (or to index), or a name a line. */
export function parseLabels(bytes: Uint8Array, name: string): readonly string[] {
  const text = new TextDecoder().decode(bytes).replace(/^\uFEFF/, '');
  if (/\.json$/i.test(name)) {
    const labels = maybeLabels(parseJson(text, name));
    if (labels !== undefined) return labels;
    throw badData(`${name} is not a list of labels.`, 'Write a JSON list, or an object from index to label.');
  }
  const lines = text.split(/\r?\n/);
  while (lines.at(-1)?.trim() === '') lines.pop();
  return lines.map((line) => line.replace(/^n\d{8}\s+/, ''));
}

/** Labels in a JSON value: a list, `{"0": "cat"}`, `{"cat": 0}`, or a config with `id2label`. */
export function maybeLabels(value: unknown): readonly string[] | undefined {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string') ? value : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if ('id2label' in value) return maybeLabels(value.id2label);
  const entries = Object.entries(value as Record<string, unknown>);
  if (entries.length === 0) return undefined;
  const byIndex = entries.every(([key, item]) => /^\d+$/.test(key) && typeof item === 'string');
  if (byIndex) return inOrder(entries.map(([key, item]) => [Number(key), String(item)]));
  const toIndex = entries.every(
    ([, item]) => typeof item === 'number' && Number.isInteger(item) && item >= 0,
  );
  if (toIndex) return inOrder(entries.map(([key, item]) => [Number(item), key]));
  return undefined;
}

function inOrder(pairs: readonly (readonly [number, string])[]): readonly string[] | undefined {
  const most = pairs.reduce((largest, [index]) => Math.max(largest, index), -1);
  if (most >= pairs.length * 4 + 16) return undefined;
  const labels = Array.from({ length: most + 1 }, (_, i) => `class ${String(i)}`);
  for (const [index, label] of pairs) labels[index] = label;
  return labels;
}

export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw badData(
      `${name} is not JSON.`,
      'Correct it, or remove it so that nothing is guessed from it.',
      error,
    );
  }
}
