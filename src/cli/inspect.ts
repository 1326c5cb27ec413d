/**
 * `patchclamp inspect`: what is in a model, read by position, without running it. One answer per file; a file that
 * cannot be shown does not stop the others.
 */
import { isCancelled, throwIfCancelled } from '../base/cancel';
import { describe, isFailure } from '../base/errors';
import type { LinkTable } from '../contract/link';
import type { Skeleton, ValueInfo } from '../contract/skeleton';
import { formatType, weightType } from '../onnx/describe';
import { openLocal } from '../onnx/files';
import { inlineFunctions } from '../onnx/rewrite/inline';
import { definedNames } from '../onnx/rewrite/names';
import { buildScopes } from '../onnx/scopes';
import { printSite } from '../onnx/site';
import { linkModel } from '../source/linkModel';
import type { SourceRoot } from '../source/sources';
import { formatBytes, formatInteger, formatCount, formatMs } from '../tensor/format';
import type { Shape } from '../tensor/shape';
import { parseOptions, usage, type Command, type Io } from './options';
import { openSourceFolder } from './sourceFolder';

/** One line of `--json`. */
interface Inspected {
  readonly file: string;
  /** Bodies and functions counted in, as in everything that follows. */
  readonly nodes: number;
  readonly parameters: number;
  readonly weightBytes: number;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  readonly modules: number;
  readonly links: LinkTable['counts'] | null;
  readonly warnings: readonly string[];
  /** Wall time of reading the file. */
  readonly ms: number;
  readonly bytesRead: number;
  /** With `--values`: what a site can name, those of bodies and of called functions too, with the types the file states. */
  readonly values?: readonly { readonly site: string; readonly type: string }[];
}

interface Port {
  readonly name: string;
  /** `float32 1×3×224×224`, `sequence of …`. */
  readonly type: string;
  /** null for what is no tensor. */
  readonly dtype: string | null;
  readonly shape: Shape;
}

export const command: Command = {
  name: 'inspect',
  usage: 'inspect MODEL… [--source DIR] [--values] [--json]',
  summary:
    'Say what is in a model: nodes, parameters, inputs, outputs, modules, links to Python, warnings; with --values every ' +
    'value that a site can name.',
  async run(args, io) {
    const { positionals, options } = parseOptions(args, { source: 'one', values: 'flag', json: 'flag' });
    if (positionals.length === 0) throw usage('No model was named.', 'Name one or more .onnx files.');
    const root =
      options.source === undefined ? null : await openSourceFolder(options.source, (line) => io.err(line));
    let failed = false;
    for (const file of positionals) {
      throwIfCancelled(io.signal);
      try {
        const found = await inspect(file, root, options.values, io);
        if (options.json) io.out(JSON.stringify(found));
        else for (const line of print(found)) io.out(line);
      } catch (error) {
        if (isCancelled(error)) throw error;
        failed = true;
        if (!isFailure(error) && error instanceof Error) io.err(error.stack ?? error.message);
        if (options.json) io.out(JSON.stringify({ file, error: describe(error) }));
        else io.err(describe(error));
      }
    }
    return failed ? 1 : 0;
  },
};

async function inspect(file: string, root: SourceRoot | null, values: boolean, io: Io): Promise<Inspected> {
  const start = performance.now();
  const model = await openLocal(file, io.signal);
  try {
    const ms = performance.now() - start;
    const { skeleton } = model;
    const scopes = buildScopes(skeleton);
    const modules = scopes.scopes.filter(({ kind }) => kind !== 'root' && kind !== 'body').length;
    const links = root === null ? null : (await linkModel(skeleton, scopes, root, io.signal)).counts;
    return {
      file,
      nodes: skeleton.nodes.length,
      parameters: skeleton.parameters,
      weightBytes: skeleton.weightBytes,
      inputs: skeleton.graph.inputs.map(portOf),
      outputs: skeleton.graph.outputs.map(portOf),
      opsets: skeleton.opsets.map(({ domain, version }) => ({
        domain: domain === '' ? 'ai.onnx' : domain,
        version,
      })),
      modules,
      links,
      warnings: skeleton.warnings.map(({ message }) => message),
      ms: Number(ms.toFixed(3)),
      bytesRead: model.source.bytesRead,
      ...(values ? { values: valuesOf(skeleton) } : {}),
    };
  } finally {
    await model.source.close();
  }
}

/** Functions are written out at their calls, as they are for a run. */
function valuesOf(skeleton: Skeleton): { readonly site: string; readonly type: string }[] {
  const written = inlineFunctions(skeleton).skeleton;
  return [...written.graphs.values()].flatMap((graph) => {
    const stated = new Map([
      ...graph.values,
      ...[...graph.inputs, ...graph.outputs].map((info) => [info.name, info] as const),
    ]);
    return [...definedNames(graph)].map((value) => {
      const weight = graph.initializers.get(value);
      const type = weight === undefined ? stated.get(value)?.type : weightType(weight);
      const site = printSite(written, { graph: graph.path, value, slices: [], stage: 'after' });
      return { site, type: formatType(type ?? { kind: 'unknown' }) };
    });
  });
}

function portOf({ name, type }: ValueInfo): Port {
  const tensor = type.kind === 'tensor' || type.kind === 'sparse';
  return {
    name,
    type: formatType(type),
    dtype: tensor ? type.dtype : null,
    shape: tensor ? type.shape : null,
  };
}

function print(found: Inspected): string[] {
  const ports = (list: readonly Port[]): string =>
    list.map(({ name, type }) => `${name} (${type})`).join(', ') || 'none';
  const lines = [
    found.file,
    `  nodes       ${formatInteger(found.nodes)} in ${formatInteger(found.modules)} modules`,
    `  parameters  ${formatCount(found.parameters)} (${formatBytes(found.weightBytes)})`,
    `  inputs      ${ports(found.inputs)}`,
    `  outputs     ${ports(found.outputs)}`,
    `  opsets      ${found.opsets.map(({ domain, version }) => `${domain} ${version}`).join(', ') || 'none stated'}`,
  ];
  if (found.links !== null) {
    const { exact, inferred, none } = found.links;
    lines.push(
      `  links       ${formatInteger(exact)} exact, ${formatInteger(inferred)} inferred, ${formatInteger(none)} without`,
    );
  }
  lines.push(`  read        ${formatBytes(found.bytesRead)} in ${formatMs(found.ms)}`);
  for (const { site, type } of found.values ?? []) lines.push(`  value       ${site}  ${type}`);
  for (const warning of found.warnings) lines.push(`  warning     ${warning}`);
  return lines;
}
