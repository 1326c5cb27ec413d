/** Small models and workspaces in memory for the tests of links. */
import { join } from 'node:path';
import { readdirSync, readFileSync } from 'node:fs';
import type { LinkTable } from '../../../src/contract/link';
import type { Metadata, Node, Skeleton } from '../../../src/contract/skeleton';
import { openLocal } from '../../../src/onnx/files';
import { buildScopes } from '../../../src/onnx/scopes';
import { linkModel } from '../../../src/source/linkModel';
import type { SourceRoot } from '../../../src/source/sources';

export const LINKS = 'test/fixtures/links';

/** A root over texts that remembers what it was asked for. */
export function rootOf(files: Readonly<Record<string, string>>): SourceRoot & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    list: () => Promise.resolve(Object.keys(files)),
    read: (file) => {
      asked.push(file);
      return Promise.resolve(Object.hasOwn(files, file) ? (files[file] ?? null) : null);
    },
  };
}

/** The Python of a fixture, by path. */
export function sourcesOf(name: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entry of readdirSync(join(LINKS, name), { recursive: true, encoding: 'utf8' })) {
    if (entry.endsWith('.py')) files[entry] = readFileSync(join(LINKS, name, entry), 'utf8');
  }
  return files;
}

export async function skeletonOf(name: string, file = 'dynamo'): Promise<Skeleton> {
  const { skeleton, source } = await openLocal(join(LINKS, name, `${file}.onnx`));
  await source.close();
  return skeleton;
}

export function link(skeleton: Skeleton, root: SourceRoot, signal?: AbortSignal): Promise<LinkTable> {
  return linkModel(skeleton, buildScopes(skeleton), root, signal);
}

/** The same model with other metadata on each node. */
export function withMetadata(skeleton: Skeleton, change: (node: Node) => Metadata): Skeleton {
  const nodes = skeleton.graph.nodes.map((node) => ({ ...node, metadata: change(node) }));
  const graph = { ...skeleton.graph, nodes };
  return { ...skeleton, nodes, graph, graphs: new Map([...skeleton.graphs, ['', graph]]) };
}
