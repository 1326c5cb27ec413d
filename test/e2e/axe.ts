/** What axe holds against a page: the accessibility oracle of all workbench tests. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Frame } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** One line each; empty when axe finds nothing. `only` names the rules to go by; without it, all. */
export async function violations(frame: Frame, only?: readonly string[]): Promise<string[]> {
  const options = only === undefined ? '{}' : JSON.stringify({ runOnly: only });
  // The page's policy forbids foreign scripts; a test's own evaluation, given as text, is not bound by it.
  const result: unknown = await frame.evaluate(
    `(() => { ${source}; return axe.run(document, ${options}); })()`,
  );
  return (result as AxeResult).violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`),
  );
}
