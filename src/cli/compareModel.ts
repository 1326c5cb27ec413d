/** A model that is compared: open for its weights, and with the lines of Python that its nodes come from. */
import type { PlaceClaim } from '../contract/link';
import type { Skeleton } from '../contract/skeleton';
import { openLocal, type LocalModel } from '../onnx/files';
import { buildScopes } from '../onnx/scopes';
import { WeightReader } from '../onnx/weights';
import { linkModel } from '../source/linkModel';
import type { LineOf } from './compareValues';
import type { Io } from './options';
import { openSourceFolder } from './sourceFolder';

export class Opened {
  private constructor(
    readonly model: LocalModel,
    readonly reader: WeightReader,
  ) {}

  static async open(file: string, io: Io): Promise<Opened> {
    const model = await openLocal(file, io.signal);
    return new Opened(model, new WeightReader(model.source, model.folder));
  }

  async close(): Promise<void> {
    await this.reader.close();
    await this.model.source.close();
  }
}

/** `model.py:42` of the call and of the definition by node, where a folder of source is named and the line is known. */
export async function linesOf(skeleton: Skeleton, folder: string | undefined, io: Io): Promise<LineOf> {
  if (folder === undefined) return () => ({ call: null, definition: null });
  const root = await openSourceFolder(folder, (sentence) => {
    io.err(sentence);
  });
  const { links } = await linkModel(skeleton, buildScopes(skeleton), root, io.signal);
  return (node) => ({ call: line(links[node]?.call), definition: line(links[node]?.definition) });
}

function line(claim: PlaceClaim | null | undefined): string | null {
  return claim ? `${claim.place.file}:${String(claim.place.line)}` : null;
}
