/** What a webview's session needs of the editor. Built once, in `parts.ts`. */
import type { Bookmarks } from './bookmarks';
import type { ClampLive } from './clampLive';
import type { Clamps } from './clamps';
import type { FeedBook } from './feedBook';
import type { LocalCopies } from './localCopy';
import type { Navigation } from './navigation';
import type { Neurons } from './neurons';
import type { NodeTiming } from './nodeTiming';
import type { Pictures } from './pictures';
import type { Probes } from './probes';
import type { RunController } from './runController';
import type { Trust } from './trust';
import type { Weights } from './weights';

export interface Services {
  readonly navigation: Navigation;
  readonly runs: RunController;
  readonly feeds: FeedBook;
  readonly weights: Weights;
  readonly pictures: Pictures;
  readonly trust: Trust;
  readonly localCopies: LocalCopies;
  readonly timing: NodeTiming;
  readonly bookmarks: Bookmarks;
  readonly neurons: Neurons;
  readonly probes: Probes;
  readonly clamps: Clamps;
  readonly clampLive: ClampLive;
}
