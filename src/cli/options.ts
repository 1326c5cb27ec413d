/**
 * What every command shares: how its arguments are read, where its lines go, and what a command is.
 * Knows no command by name; `cli.ts` holds that list.
 */
import { Failure } from '../base/errors';

/** Where a command's lines go, and when it should stop. */
export interface Io {
  /** One line on standard output, without its line feed. */
  out(line: string): void;
  /** One line on standard error. */
  err(line: string): void;
  /** Fires on Ctrl+C. */
  readonly signal: AbortSignal;
}

export interface Command {
  readonly name: string;
  /** One line: `inspect MODEL… [--source DIR] [--json]`. */
  readonly usage: string;
  /** One sentence for `patchclamp --help`. */
  readonly summary: string;
  /** The exit code: 0 done, 1 something could not be done. Throws `usage` failures (exit code 2) and other `Failure`s (1). */
  run(args: readonly string[], io: Io): Promise<number>;
}

/** `flag` takes nothing, `one` takes a value once, `many` takes a value and may come again. */
export type OptionKind = 'flag' | 'one' | 'many';

export interface Parsed<Spec extends Readonly<Record<string, OptionKind>>> {
  readonly positionals: readonly string[];
  readonly options: {
    readonly [K in keyof Spec]: Spec[K] extends 'flag'
      ? boolean
      : Spec[K] extends 'one'
        ? string | undefined
        : readonly string[];
  };
}

/**
 * Reads `--name value`, `--name=value` and `--flag`; `--` ends the options. Everything else is positional.
 * Throws `usage` for an unknown option, a missing value, or an option given twice.
 */
export function parseOptions<const Spec extends Readonly<Record<string, OptionKind>>>(
  args: readonly string[],
  spec: Spec,
): Parsed<Spec> {
  const positionals: string[] = [];
  const values = new Map<string, string[]>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--') {
      positionals.push(...args.slice(i + 1));
      break;
    }
    if (!arg.startsWith('--')) {
      if (/^-[a-z]/i.test(arg)) {
        throw usage(
          `There is no option ${arg} here.`,
          `${known(spec)} A file of that name is written after --, or as ./${arg}.`,
        );
      }
      positionals.push(arg);
      continue;
    }
    const equals = arg.indexOf('=');
    const name = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
    const kind = Object.hasOwn(spec, name) ? spec[name] : undefined;
    if (kind === undefined) throw usage(`There is no option --${name} here.`, known(spec));
    const earlier = values.get(name);
    if (earlier !== undefined && kind !== 'many') throw usage(`--${name} was given twice.`, 'Give it once.');
    if (kind === 'flag') {
      if (equals >= 0) throw usage(`--${name} takes no value.`, `Write --${name} alone.`);
      values.set(name, []);
      continue;
    }
    const value = equals < 0 ? args[++i] : arg.slice(equals + 1);
    if (value === undefined) throw usage(`--${name} needs a value.`, `Write --${name} VALUE.`);
    if (earlier === undefined) values.set(name, [value]);
    else earlier.push(value);
  }
  const options: Record<string, boolean | string | undefined | readonly string[]> = {};
  for (const [name, kind] of Object.entries(spec)) {
    const given = values.get(name);
    options[name] = kind === 'flag' ? given !== undefined : kind === 'one' ? given?.[0] : (given ?? []);
  }
  return { positionals, options: options as Parsed<Spec>['options'] };
}

/** A usage error: the sentence goes to standard error and the exit code is 2. */
export function usage(message: string, remedy: string): Failure {
  return new Failure({ code: 'usage', message, remedy });
}

function known(spec: Readonly<Record<string, OptionKind>>): string {
  const names = Object.keys(spec).map((name) => `--${name}`);
  return names.length === 0 ? 'It takes none.' : `It takes ${names.join(', ')}.`;
}
