/** What the inspector may ask of the host. Components see this and never the transport. */
import type { ClampWay } from '../../src/contract/clamp';
import type { Picture, PictureRequest, Selection } from '../../src/contract/hostApi';
import type { SourcePlace } from '../../src/contract/link';
import type { TensorSummary } from '../../src/contract/tensor';

export interface Inquiry {
  weightSummary(key: string, signal: AbortSignal): Promise<TensorSummary>;
  pictures(request: PictureRequest, signal: AbortSignal): Promise<readonly Picture[]>;
  /** Asks for the number; the clamp that is put is told of by an event. */
  clamp(site: string, how: ClampWay): Promise<void>;
  exportWeight(key: string): Promise<void>;
  openPlace(place: SourcePlace): Promise<void>;
  openFrame(selection: Selection, frame: number | 'outside'): Promise<void>;
  writeExportScript(): Promise<void>;
  /** Records a value that the shown run did not. */
  record(site: string): Promise<void>;
  /** Attribution of a value, or of one number of it. */
  whatDrives(value: string, objective: string | null): Promise<void>;
}
