/** How the paths that a framework recorded lead to a model's modules. Pure. */

/**
 * The way of writing recorded paths under which most are modules of the model: as they are, with one wrapping more or
 * less around either side, or as PyTorch's older exporter names modules.
 */
export function pathsInModel(
  recorded: readonly string[],
  modules: ReadonlyMap<string, unknown>,
): (path: string) => string {
  const roots = new Set([...modules.keys()].map((path) => path.split('.')[0] ?? ''));
  const [root] = roots;
  const ways = [
    (path: string): string => path,
    (path: string): string => path.slice(path.indexOf('.') + 1),
    ...(roots.size === 1 && root !== undefined ? [(path: string): string => `${root}.${path}`] : []),
    byCalls(recorded),
  ];
  const hits = ways.map((way) => recorded.filter((path) => modules.has(way(path))).length);
  return ways[hits.indexOf(Math.max(...hits))] ?? ((path) => path);
}

/**
 * Paths as the older exporter writes them: a module has the names of those that were called around it, each without what
 * lies between the two but for numbers: where `model` is never called, `model.decoder.layers.0.fc1` is
 * `decoder.layers.0.fc1`.
 */
function byCalls(recorded: readonly string[]): (path: string) => string {
  const called = new Set(recorded.map((path) => path.replace(/@\d+$/, '')));
  return (path) => {
    const parts = path.split('.');
    const kept: string[] = [];
    let named = 0;
    for (let end = 1; end <= parts.length; end++) {
      if (end < parts.length && !called.has(parts.slice(0, end).join('.'))) continue;
      let start = end - 1;
      while (start > named && /^\d+(@\d+)?$/.test(parts[start] ?? '')) start--;
      kept.push(...parts.slice(start, end));
      named = end;
    }
    return kept.join('.');
  };
}
