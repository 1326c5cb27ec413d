/**
 * `patchclamp script`: the short Python that exports a class with all that links need, or that records what the modules of
 * the framework's model give. Reads the source, runs nothing; printed, or written beside the class's file.
 */
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { Failure } from '../base/errors';
import { recorderScript, RECORDING } from '../compare/recorder';
import { writeSafely } from '../data/safeWrite';
import { fileUnreadable } from '../onnx/errors';
import { openLocal } from '../onnx/files';
import { freeTarget, planExport, snakeName } from '../source/exportPlan';
import { exportScript } from '../source/exportScript';
import { moduleClasses } from '../source/moduleClasses';
import { readOutline } from '../source/python/outline';
import { openSourceFolder } from './sourceFolder';
import { parseOptions, usage, type Command, type Io } from './options';

export const command: Command = {
  name: 'script',
  usage: 'script FILE.py [CLASS] [--source DIR] [--write], or: script --record MODEL',
  summary:
    'Write the short Python that exports a class as links need it, its guesses marked; --write puts it beside the file ' +
    'unless one is there. With --record the lines that record what each module of the PyTorch model gives.',
  async run(args, io) {
    const { positionals, options } = parseOptions(args, { source: 'one', write: 'flag', record: 'one' });
    const [file, wanted, ...rest] = positionals;
    if (options.record !== undefined) {
      if (file !== undefined || options.write)
        throw usage(
          '--record takes a model and nothing else.',
          'Write patchclamp script --record MODEL.onnx.',
        );
      io.out((await recorderFor(options.record, io)).trimEnd());
      return 0;
    }
    if (file === undefined || rest.length > 0)
      throw usage(
        'Name one file of Python, and at most one class of it.',
        'Write patchclamp script model.py Net.',
      );
    const path = await realpath(resolve(file)).catch((error: unknown) => {
      throw fileUnreadable(file, error);
    });
    const folder = resolve(options.source ?? dirname(path));
    const root = await openSourceFolder(folder, (line) => io.err(line));
    const inside = relative(await realpath(folder), path)
      .split(sep)
      .join('/');
    if (inside.startsWith('../') || !(await root.list(io.signal)).includes(inside))
      throw usage(`${file} is no Python file of ${folder}.`, 'Name the folder that holds it with --source.');
    const className = wanted ?? onlyClass(await readFile(path, 'utf8'), file);
    const name = snakeName(className);
    const script = `export_${name}.py`;
    const target = await freeTarget(name, (free) => exists(join(dirname(path), free)));
    const plan = await planExport(root, { file: inside, className, script, target }, io.signal);
    const text = exportScript(plan);
    const guesses = [plan.model, ...plan.inputs].filter(({ why }) => why !== null).length;
    io.err(`${String(guesses)} guess${guesses === 1 ? ' is' : 'es are'} marked in it.`);
    if (!options.write) {
      io.out(text.trimEnd());
      return 0;
    }
    const out = join(dirname(path), script);
    if (await exists(out)) throw thereAlready(out);
    await writeSafely(out, text);
    io.out(out);
    return 0;
  },
};

async function recorderFor(model: string, io: Io): Promise<string> {
  const { skeleton, source } = await openLocal(model, io.signal);
  await source.close();
  return recorderScript(
    skeleton.graph.inputs.map(({ name }) => name),
    RECORDING,
  );
}

/** The one class of a file that no other of it is a part of. */
function onlyClass(text: string, file: string): string {
  const classes = moduleClasses(readOutline('', text)).filter(({ outermost }) => outermost);
  const [only] = classes;
  if (only === undefined)
    throw usage(`${file} has no module class at its top level.`, 'Name a file that defines one.');
  if (classes.length > 1)
    throw usage(
      `${file} has several module classes.`,
      `Name one of ${classes.map(({ name }) => name).join(', ')}.`,
    );
  return only.name;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

function thereAlready(path: string): Failure {
  return new Failure({
    code: 'not-writable',
    message: `${path} is there already, and may hold changes of yours.`,
    remedy: 'Move it away, or leave --write out and take what is printed.',
  });
}
