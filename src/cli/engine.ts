/** The engine for a command: the same supervised process the editor has, found beside the command line's own file. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { OpenedModel } from '../contract/engineApi';
import { EngineClient } from '../engine/client';
import type { Io } from './options';

/** Starts no process yet. The caller disposes it. */
export function commandEngine(io: Io): EngineClient {
  const onLog = (level: string, text: string): void => {
    if (level === 'error') io.err(text);
  };
  const built = join(__dirname, 'engine.js');
  if (existsSync(built)) return new EngineClient({ script: built, onLog });
  // Straight from the sources, as the tests run it.
  const script = join(__dirname, '..', 'engine', 'child', 'main.ts');
  return new EngineClient({ script, execArgv: ['--import', 'tsx'], onLog });
}

/** More than this is for `inspect` to list. */
const MOST_WARNINGS = 3;

/** Opens a model, and says on standard error what is odd about its file. */
export async function openModel(
  engine: Pick<EngineClient, 'open'>,
  file: string,
  io: Io,
): Promise<OpenedModel> {
  const model = await engine.open(file, io.signal);
  const { warnings } = model;
  for (const warning of warnings.slice(0, MOST_WARNINGS)) io.err(`${basename(file)}: ${warning}`);
  const more = warnings.length - MOST_WARNINGS;
  if (more > 0) io.err(`${basename(file)}: ${String(more)} more warnings; patchclamp inspect lists them.`);
  return model;
}
