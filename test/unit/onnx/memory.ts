/** Reading models from memory in tests: a source, and a folder whose files are in memory too. */
import { MemorySource } from '../../../src/base/bytes';
import type { Skeleton } from '../../../src/contract/skeleton';
import { badExternalData } from '../../../src/onnx/errors';
import type { ModelFolder } from '../../../src/onnx/folder';
import { readSkeleton } from '../../../src/onnx/skeleton';

/** A folder of these files. `asked` collects every location that was asked for. */
export function memoryFolder(files: Readonly<Record<string, Uint8Array>>, asked: string[] = []): ModelFolder {
  const find = (location: string): Promise<MemorySource> => {
    asked.push(location);
    const bytes = files[location];
    if (bytes !== undefined) return Promise.resolve(new MemorySource(location, bytes));
    return Promise.reject(badExternalData(location, "is not in the model's folder", 'Copy it there.'));
  };
  return { size: async (location) => (await find(location)).size, open: find };
}

export async function read(bytes: Uint8Array, folder: ModelFolder | null = null): Promise<Skeleton> {
  return readSkeleton(new MemorySource('model.onnx', bytes), { folder });
}
