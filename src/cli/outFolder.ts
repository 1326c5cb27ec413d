/** The folder that --out names: tried before anything is computed, files named after sites, the model never touched. */
import { dirname, join } from 'node:path';
import type { Captured } from '../contract/run';
import type { WeightRef } from '../contract/skeleton';
import { prepareFolder, writeSafely } from '../data/safeWrite';
import type { EngineClient } from '../engine/client';
import { dataFilesOf } from '../onnx/dataFiles';
import { openLocal } from '../onnx/files';
import type { WeightReader } from '../onnx/weights';
import { writeNpy } from '../tensor/npy';
import { usage } from './options';

export class OutFolder {
  readonly #names = new FileNames();

  private constructor(
    readonly path: string,
    private readonly kept: readonly string[],
  ) {}

  /** Makes the folder and tries it. Throws `usage` for no name, `not-writable` where nothing can be written. */
  static async open(path: string, model: string): Promise<OutFolder> {
    if (path === '') throw usage('--out needs a folder.', 'Write --out DIR.');
    await prepareFolder(path);
    return new OutFolder(path, await filesOf(model));
  }

  /** Writes a tensor that the engine kept, lets it go there, and gives the file's name; null when nothing was kept. */
  async save(
    engine: EngineClient,
    { site, handle }: Pick<Captured, 'site' | 'handle'>,
    signal: AbortSignal,
  ): Promise<string | null> {
    if (handle === null) return null;
    const name = this.#names.next(site);
    await writeSafely(
      join(this.path, name),
      writeNpy(await engine.tensor(handle, undefined, signal)),
      this.kept,
    );
    engine.release([handle]);
    return name;
  }

  /** Writes a weight as it is read from the model's file, piece by piece, and gives the file's name. */
  async saveWeight(
    reader: WeightReader,
    ref: WeightRef,
    called: string,
    signal: AbortSignal,
  ): Promise<string> {
    const name = this.#names.next(called);
    const target = join(this.path, name);
    await writeSafely(
      target,
      async (write) => {
        for await (const piece of reader.npy(ref, signal)) await write(piece);
      },
      this.kept,
    );
    return name;
  }
}

/** Every file of a model: what a command must not write to. */
export async function filesOf(model: string): Promise<readonly string[]> {
  const { skeleton, source, path } = await openLocal(model);
  await source.close();
  return [path, ...[...dataFilesOf(skeleton)].map((file) => join(dirname(path), file))];
}

/** File names for sites: their own characters where every system takes them, and no two alike. */
export class FileNames {
  readonly #given = new Set<string>();

  next(site: string): string {
    const plain =
      site
        .replace(/[^\w.,@=-]+/g, '_')
        .slice(0, 120)
        .replace(/^\.+/, '_') || 'value';
    let name = `${plain}.npy`;
    for (let count = 2; this.#given.has(name.toLowerCase()); count++) name = `${plain}-${String(count)}.npy`;
    this.#given.add(name.toLowerCase());
    return name;
  }
}
