/**
 * Parameters of a method, checked: from texts (the command line, a form) or from JSON (an experiment file) to one value
 * of the right type for every parameter the method names. Knows no method.
 */
import { Failure } from '../base/errors';
import type { Method, Params, ParamSpec, ParamValue } from '../contract/method';

/** The method of that id. Throws `usage`, listing what there is. */
export function findMethod(methods: readonly Method[], id: string): Method {
  const found = methods.find((method) => method.id === id);
  if (found !== undefined) return found;
  throw wrong(`There is no method "${id}".`, `Choose from ${methods.map((method) => method.id).join(', ')}.`);
}

export function defaults(method: Method): Params {
  return Object.fromEntries(method.params.map((spec) => [spec.name, spec.default]));
}

/** Values as an experiment file holds them; what is left out is the default. Throws `usage`. */
export function checkParams(method: Method, given: Readonly<Record<string, unknown>>): Params {
  const values: Record<string, ParamValue> = { ...defaults(method) };
  for (const [name, value] of Object.entries(given))
    values[name] = checked(specOf(method, name), value, method);
  return values;
}

/** Values as a person types them, `name=value` split already. Throws `usage`. */
export function parseParams(method: Method, texts: Readonly<Record<string, string>>): Params {
  const given = Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, fromText(specOf(method, name), text)]),
  );
  return checkParams(method, given);
}

/** A text as a value of this parameter's type, not yet checked. */
export function fromText(spec: ParamSpec, text: string): unknown {
  switch (spec.type) {
    case 'number':
    case 'integer':
      return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'sites':
      return splitSites(text);
    default:
      return text;
  }
}

/** The objectives among a method's parameters, as they are written. */
export function objectiveTexts(method: Method, params: Params): string[] {
  return method.params
    .filter(({ type }) => type === 'objective')
    .map(({ name }) => String(params[name] ?? ''));
}

/** What a parameter's values look like, in a few words; '' where its description says it all. */
export function describeValues(spec: ParamSpec): string {
  if (spec.type === 'choice') return `One of ${spec.choices.join(', ')}.`;
  if (spec.type !== 'number' && spec.type !== 'integer') return '';
  const { min, max } = spec;
  if (min !== undefined && max !== undefined) return `From ${String(min)} to ${String(max)}.`;
  if (max !== undefined) return `At most ${String(max)}.`;
  return min === undefined ? '' : `At least ${String(min)}.`;
}

/** Sites stand between commas; a comma inside brackets belongs to a site. */
function splitSites(text: string): string[] {
  return text
    .split(/,(?![^([]*[)\]])/)
    .map((site) => site.trim())
    .filter((site) => site !== '');
}

function specOf(method: Method, name: string): ParamSpec {
  const spec = method.params.find((candidate) => candidate.name === name);
  if (spec !== undefined) return spec;
  const names = method.params.map((candidate) => candidate.name).join(', ');
  throw wrong(
    `The method ${method.id} has no parameter "${name}".`,
    names === '' ? 'It takes none.' : `It takes ${names}.`,
  );
}

function checked(spec: ParamSpec, value: unknown, method: Method): ParamValue {
  if (holds(spec, value)) return value;
  const values = describeValues(spec);
  throw wrong(
    `The parameter "${spec.name}" of ${method.id} cannot be ${JSON.stringify(value)}.`,
    `Give ${KINDS[spec.type]}${values === '' ? '.' : `: ${values.charAt(0).toLowerCase()}${values.slice(1)}`}`,
  );
}

const KINDS: Readonly<Record<ParamSpec['type'], string>> = {
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  choice: 'a choice',
  sites: 'a list of sites',
  site: 'a site',
  objective: 'an objective',
  string: 'a text',
};

function holds(spec: ParamSpec, value: unknown): value is ParamValue {
  switch (spec.type) {
    case 'number':
    case 'integer':
      return (
        typeof value === 'number' &&
        (spec.type === 'integer' ? Number.isInteger(value) : Number.isFinite(value)) &&
        value >= (spec.min ?? -Infinity) &&
        value <= (spec.max ?? Infinity)
      );
    case 'boolean':
      return typeof value === 'boolean';
    case 'choice':
      return typeof value === 'string' && spec.choices.includes(value);
    case 'sites':
      return Array.isArray(value) && value.every((site) => typeof site === 'string');
    default:
      return typeof value === 'string';
  }
}

function wrong(message: string, remedy: string): Failure {
  return new Failure({ code: 'usage', message, remedy });
}
