/**
 * Our side of the reading bench: opens a model as the editor does, alone in a fresh process. Prints as JSON the time of
 * the first opening and of a second one, bytes read, and memory added at its peak.
 */
import { openLocal } from '../../src/onnx/files';
import { buildGraphModel } from '../../src/onnx/graphModel';
import { buildScopes } from '../../src/onnx/scopes';
import { wire } from '../../src/onnx/wiring';
import { peakBytes, residentBytes } from './memory';

async function open(file: string): Promise<object> {
  const before = residentBytes();
  const start = performance.now();
  const { skeleton, source } = await openLocal(file);
  const ms = performance.now() - start;
  const added = Math.max(residentBytes(), peakBytes()) - before;
  const wiring = wire(skeleton);
  const built = performance.now();
  const scopes = buildScopes(skeleton, wiring);
  const scopesMs = performance.now() - built;
  buildGraphModel(skeleton, scopes, wiring);
  await source.close();
  return {
    ms,
    viewMs: performance.now() - start,
    scopesMs,
    added,
    bytesRead: source.bytesRead,
    nodes: skeleton.nodes.length,
    warnings: skeleton.warnings.length,
  };
}

async function run(file: string): Promise<void> {
  const first = await open(file);
  const second = await open(file);
  process.stdout.write(JSON.stringify({ first, second }));
}

void run(process.argv[2] ?? '');
