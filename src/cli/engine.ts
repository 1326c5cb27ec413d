/** The engine for a command: the same supervised process the editor has, found beside the command line's own file. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
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
