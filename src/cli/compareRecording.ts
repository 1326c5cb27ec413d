/** `patchclamp compare MODEL RECORDED.npz`: where a model departs from what its framework recorded of itself. */
import { readFile } from 'node:fs/promises';
import { thresholdFor } from '../compare/departures';
import { factsOf } from '../compare/facts';
import { recordedArray, type Recording } from '../compare/recorded';
import { compareWithRecording, recordedFeeds } from '../compare/recording';
import { arrayNames, readArray } from '../data/npz';
import { fileUnreadable } from '../onnx/errors';
import { openLocal } from '../onnx/files';
import { buildScopes } from '../onnx/scopes';
import { linesOf } from './compareModel';
import { captureBy } from './compareRun';
import { jsonLine, printValues, reportValues } from './compareValues';
import { commandEngine, openModel } from './engine';
import { usage, type Io } from './options';

export interface RecordingOptions {
  readonly model: string;
  readonly recording: string;
  /** undefined: by the model's own types. */
  readonly threshold: number | undefined;
  readonly source: string | undefined;
  readonly json: boolean;
}

/** `--json`: `{a, b, activations, missing, notes}` with `activations` as between two models; `b` of a row is the module. */
export async function compareRecording(options: RecordingOptions, io: Io): Promise<void> {
  const { model: file, recording: archive, threshold, source: folder, json } = options;
  const { skeleton, source } = await openLocal(file, io.signal);
  await source.close();
  const scopes = buildScopes(skeleton);
  const recording = await openRecording(archive);
  const engine = commandEngine(io);
  try {
    const model = await openModel(engine, file, io);
    const feeds = recordedFeeds(
      recording,
      model.inputs.map(({ name }) => name),
    );
    const unfed = model.inputs.filter(({ name, optional }) => !optional && !Object.hasOwn(feeds, name));
    if (unfed.length > 0) {
      throw usage(
        `${archive} does not say what went into ${unfed.map(({ name }) => `"${name}"`).join(', ')}.`,
        'Record it again with Patchclamp’s recorder, which keeps the inputs as input:NAME.',
      );
    }
    const capture = captureBy(engine, model.id, feeds);
    const report = await compareWithRecording(
      factsOf(skeleton, scopes),
      scopes,
      recording,
      capture,
      threshold ?? thresholdFor(skeleton),
      io.signal,
    );
    const control = 'floor: the framework’s own run against the same in double precision.';
    const lines = await linesOf(skeleton, folder, io);
    const activations = reportValues(report.departures, control, lines);
    const { missing, notes } = report;
    if (json) {
      io.out(jsonLine({ a: file, b: archive, activations, missing, notes }));
      return;
    }
    for (const line of printValues(activations)) io.out(line);
    for (const note of notes) io.out(note);
    if (missing.length > 0) io.out(`Recorded, but not found in the model: ${missing.join(', ')}.`);
  } finally {
    engine.dispose();
  }
}

async function openRecording(file: string): Promise<Recording> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw fileUnreadable(file, error);
  });
  const arrays = arrayNames(bytes, file).map(recordedArray);
  return { arrays, read: (key) => readArray(bytes, file, key) };
}
