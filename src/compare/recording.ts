/**
 * What a framework recorded of its own run, by module path, and where a model departs from it. Keys as `recorder.ts`
 * writes them: `input:NAME`, `module:PATH`, `module:PATH@1` for a second call, `module:PATH[1]` for a second tensor,
 * `output:0`, and `floor:…` for the framework's own rounding; a key without a kind is a module's path. Pure: what reads
 * the archive and what runs the model are handed in.
 */
import type { ScopeTree } from '../contract/scopes';
import type { TensorData } from '../contract/tensor';
import { toNumbers } from '../tensor/buffers';
import { differenceBetween, squeezed, type Capture } from './activations';
import { byCall, callsIn, outputsOfCalls } from './calls';
import { departuresOf, LEAST_NORMAL, RANDOM_FLOOR, type Compared, type Departures } from './departures';
import type { Facts } from './facts';
import type { RecordedArray, Recording } from './recorded';
import { nameOf, settle, type Claim } from './folding';
import { moduleOutputs, type ModuleOutput } from './modules';
import { pathsInModel } from './recordedPaths';

export interface RecordingReport {
  readonly departures: Departures;
  /** Recorded modules that no module of the model is: never called when exported, or folded into others. */
  readonly missing: readonly string[];
  /** Sentences on what was taken for what: folded modules, shapes. */
  readonly notes: readonly string[];
  /** The same captures judged by another threshold. */
  by(threshold: number): RecordingReport;
}

/** What a recording says went into the model: by name where names agree, else in order. */
export function recordedFeeds(recording: Recording, inputs: readonly string[]): Record<string, TensorData> {
  const recorded = recording.arrays.filter(({ kind }) => kind === 'input');
  const named = inputs.every((name) => recorded.some(({ path }) => path === name));
  const feeds: Record<string, TensorData> = {};
  inputs.forEach((name, position) => {
    const found = named ? recorded.find(({ path }) => path === name) : recorded[position];
    if (found !== undefined) feeds[name] = recording.read(found.key);
  });
  return feeds;
}

interface Candidate {
  readonly array: RecordedArray;
  /** Whether the model's values may be fewer than what the module gave: then only shapes tell which is which. */
  readonly byShape: boolean;
  /** Values that may be what the module gave, likeliest first. */
  readonly sites: readonly ModuleOutput[];
}

/** Captures what every recorded module gives in the model, and compares. */
export async function compareWithRecording(
  facts: Facts,
  scopes: ScopeTree,
  recording: Recording,
  capture: Capture,
  threshold: number,
  signal?: AbortSignal,
): Promise<RecordingReport> {
  const { candidates, missing } = findModules(facts, scopes, recording);
  const wanted = new Set(candidates.flatMap(({ sites }) => sites.map(({ site }) => site)));
  const captured = await capture([...wanted], signal);
  const claims: (Claim & { readonly fits: boolean })[] = [];
  const shapes = new Set<string>();
  for (const { array, sites, byShape } of candidates) {
    const reference = recording.read(array.key);
    const dimsOf = ({ site }: ModuleOutput): readonly number[] => captured.get(site)?.dims ?? [];
    const exactly = (one: ModuleOutput): boolean => String(dimsOf(one)) === String(reference.dims);
    const nearly = (one: ModuleOutput): boolean => squeezed(dimsOf(one)) === squeezed(reference.dims);
    // Of tensors of one module that only their shapes tell apart, the first of each shape.
    const shape = `${array.path} ${squeezed(reference.dims)}`;
    const fitting = byShape && shapes.has(shape) ? undefined : (sites.find(exactly) ?? sites.find(nearly));
    shapes.add(shape);
    const found = fitting ?? (byShape ? undefined : sites[0]);
    const data = found && captured.get(found.site);
    if (found !== undefined && data !== undefined)
      claims.push({ array, ...found, reference, data, fits: fitting !== undefined });
    else if (byShape) missing.push(array);
  }
  // What has another shape than a value is not what somebody else's recording of the same shape is.
  const taken = new Set(claims.filter(({ fits }) => fits).map(({ site }) => site));
  const likely = claims.filter(({ fits, site }) => fits || !taken.has(site));
  for (const claim of claims) if (!likely.includes(claim)) missing.push(claim.array);
  return judge(facts, recording, likely, missing, threshold);
}

function judge(
  facts: Facts,
  recording: Recording,
  claims: readonly Claim[],
  missing: readonly RecordedArray[],
  threshold: number,
): RecordingReport {
  const settled = settle(claims, missing, recording, threshold);
  const rows = settled.claims.map((claim): Compared => {
    const { array, site, node, reference, data, name } = claim;
    const found = differenceBetween(reference, data);
    const [numbers, problem] = typeof found === 'string' ? [null, found] : [found, null];
    return {
      site,
      other: name,
      node,
      dims: data.dims,
      numbers,
      problem,
      floor: floorOf(recording, array.key),
    };
  });
  return {
    departures: departuresOf(facts, rows, threshold),
    missing: settled.missing.map(nameOf),
    notes: [...randomness(recording), ...settled.notes],
    by: (other) => judge(facts, recording, claims, missing, other),
  };
}

/** Where the framework's own two runs part by more than rounding can explain: the first place, in its own order. */
function randomness(recording: Recording): string[] {
  for (const array of recording.arrays) {
    if (array.kind !== 'module' && array.kind !== 'output') continue;
    const floor = floorOf(recording, array.key);
    if (floor === null || floor <= RANDOM_FLOOR || isTiny(recording.read(array.key))) continue;
    return [
      `The framework's own two runs differ from ${nameOf(array)} on, by ${floor.toPrecision(3)} of its size: something random is on, such as a dropout in training mode.`,
    ];
  }
  return [];
}

/** Whether the numbers are so small that they have lost digits. */
function isTiny({ dtype, data }: TensorData): boolean {
  if (!ArrayBuffer.isView(data)) return false;
  const numbers = toNumbers(dtype, data);
  for (let i = 0; i < numbers.length; i++) if (Math.abs(numbers[i] ?? 0) >= LEAST_NORMAL) return false;
  return true;
}

/** The framework's own rounding at a place: its run against the same in double precision. */
function floorOf(recording: Recording, key: string): number | null {
  const floor = recording.arrays.find(({ kind, path }) => kind === 'floor' && path === key);
  if (floor === undefined) return null;
  const { dtype, data } = recording.read(floor.key);
  const value = ArrayBuffer.isView(data) ? toNumbers(dtype, data)[0] : undefined;
  return value === undefined || Number.isNaN(value) ? null : value;
}

/** Recorded arrays with the values of the model that may be theirs. */
function findModules(
  facts: Facts,
  scopes: ScopeTree,
  { arrays }: Recording,
): { readonly candidates: Candidate[]; readonly missing: RecordedArray[] } {
  const recorded = arrays.filter(({ kind }) => kind === 'module' || kind === 'output');
  const paths = recorded.filter(({ kind }) => kind === 'module').map(({ path }) => path);
  const inModel = pathsInModel(paths, moduleOutputs(facts, scopes));
  const calls = callsIn(paths.map(inModel));
  const outputsOf = outputsOfCalls(moduleOutputs(facts, byCall(scopes, calls)), calls);
  const tensors = new Map<string, number>();
  for (const { path, index } of recorded) tensors.set(path, Math.max(tensors.get(path) ?? 0, index + 1));
  const candidates: Candidate[] = [];
  const missing: RecordedArray[] = [];
  const graphOutputs = facts.skeleton.graph.outputs.map(({ name }) => name);
  for (const array of recorded) {
    if (array.kind === 'output') {
      const site = graphOutputs[array.path === '' ? array.index : Number(array.path)];
      const node = site === undefined ? -1 : producerOf(facts, site);
      if (site !== undefined && node >= 0)
        candidates.push({ array, sites: [{ site, node }], byShape: false });
      continue;
    }
    const found = outputsOf(inModel(array.path));
    // Several tensors of one module are told apart by their order; else the last made is likeliest.
    const byShape = (tensors.get(array.path) ?? 1) > Math.max(1, found.length);
    const sites = array.index > 0 && !byShape ? found.slice(array.index) : [...found].reverse();
    if (sites.length === 0) missing.push(array);
    else candidates.push({ array, sites, byShape });
  }
  return { candidates, missing };
}

function producerOf({ wiring }: Facts, name: string): number {
  const id = wiring.graphOutputs.find((value) => wiring.values[value]?.name === name);
  return wiring.values[id ?? -1]?.producer ?? -1;
}
