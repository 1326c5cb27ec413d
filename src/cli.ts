/**
 * The command line: the same engine without an editor. Finds the command, runs it, turns failures into sentences and
 * exit codes. Commands live in `cli/`, each loaded only when asked for, so that looking never loads native code.
 */
import { isCancelled } from './base/cancel';
import { describe, isFailure } from './base/errors';
import { usage, type Command, type Io } from './cli/options';

const COMMANDS: Readonly<Record<string, () => Promise<{ readonly command: Command }>>> = {
  compare: () => import('./cli/compare'),
  grad: () => import('./cli/grad'),
  inspect: () => import('./cli/inspect'),
  layout: () => import('./cli/layout'),
  link: () => import('./cli/link'),
  methods: () => import('./cli/methods'),
  probe: () => import('./cli/probe'),
  nonfinite: () => import('./cli/compareNonFinite'),
  run: () => import('./cli/run'),
  neurons: () => import('./cli/neurons'),
  script: () => import('./cli/script'),
  times: () => import('./cli/times'),
  weights: () => import('./cli/weights'),
};

/** Runs `patchclamp ARGS…` and gives the exit code: 0 done, 1 failed, 2 used wrongly, 130 stopped. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  try {
    if (name === undefined) throw usage('No command was given.', await help());
    if (name === '--help' || name === '-h' || name === 'help') {
      io.out(await help());
      return 0;
    }
    const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (load === undefined) throw usage(`There is no command "${name}".`, await help());
    const { command } = await load();
    if (rest.includes('--help') || rest[0] === '-h') {
      io.out(`${command.summary}\nUsage: patchclamp ${command.usage}`);
      return 0;
    }
    try {
      return await command.run(rest, io);
    } catch (error) {
      if (isFailure(error) && error.code === 'usage') {
        io.err(`${error.message}\nUsage: patchclamp ${command.usage}`);
        return 2;
      }
      throw error;
    }
  } catch (error) {
    if (isCancelled(error)) return 130;
    io.err(isFailure(error) ? error.message : unexpected(error));
    return isFailure(error) && error.code === 'usage' ? 2 : 1;
  }
}

async function help(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map(async (load) => (await load()).command));
  const lines = commands.map((command) => `  patchclamp ${command.usage}\n      ${command.summary}`);
  return ['Usage:', ...lines].join('\n');
}

/** A bug of ours: its stack is what a report needs. */
function unexpected(error: unknown): string {
  const stack = error instanceof Error && error.stack !== undefined ? error.stack : describe(error);
  return `Something went wrong inside Patchclamp. Please report this:\n${stack}`;
}

async function fromProcess(): Promise<void> {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort());
  process.once('SIGTERM', () => controller.abort());
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  process.exitCode = await main(process.argv.slice(2), {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    signal: controller.signal,
  });
}

if (require.main === module) void fromProcess();
