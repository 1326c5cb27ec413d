/**
 * A whole stream from the host: examples go to the engine in pages, and the answers come back. The engine's process may be
 * replaced meanwhile, on another call's account; then the examples are gone through again from the first.
 */
import { throwIfCancelled } from '../base/cancel';
import { isFailure } from '../base/errors';
import type { Remote } from '../base/rpc';
import type { EngineApi, ModelId } from '../contract/engineApi';
import type { RunRequest } from '../contract/run';
import type { StreamProgress, StreamRequest, StreamResult } from '../contract/stream';

type Feeds = RunRequest['feeds'];

/** Examples that can be gone through from the first more than once. */
export type Examples = () => AsyncIterable<Feeds> | Iterable<Feeds>;

/** Examples and bytes of feeds in one message to the engine. */
const PAGE = 256;
const PAGE_BYTES = 8 << 20;
const MOST_STARTS = 3;

/** Runs all examples. Throws what `push` throws; a cancel ends it between runs. */
export async function streamOver(
  engine: Remote<Pick<EngineApi, 'stream' | 'push' | 'reduced' | 'endStream'>>,
  model: ModelId,
  request: StreamRequest,
  examples: Examples,
  onProgress: (progress: StreamProgress) => void = () => undefined,
  signal?: AbortSignal,
): Promise<StreamResult> {
  for (let start = 1; ; start++) {
    const stream = await engine.stream(model, request);
    try {
      for await (const page of pages(examples())) {
        throwIfCancelled(signal);
        onProgress(
          await (signal === undefined ? engine.push(stream, page) : engine.push(stream, page, signal)),
        );
      }
      return await engine.reduced(stream);
    } catch (error) {
      if (!isFailure(error) || error.code !== 'disconnected' || start >= MOST_STARTS) throw error;
    } finally {
      // Gone already where the process was replaced.
      void engine.endStream(stream).catch(() => undefined);
    }
  }
}

async function* pages(examples: AsyncIterable<Feeds> | Iterable<Feeds>): AsyncIterable<readonly Feeds[]> {
  let page: Feeds[] = [];
  let bytes = 0;
  for await (const feeds of examples) {
    page.push(feeds);
    for (const { data } of Object.values(feeds))
      bytes += ArrayBuffer.isView(data) ? data.byteLength : data.length * 16;
    if (page.length < PAGE && bytes < PAGE_BYTES) continue;
    yield page;
    [page, bytes] = [[], 0];
  }
  if (page.length > 0) yield page;
}
