/**
 * The interpreter that the Python extension has chosen, read from its public interface. That interface is another's, so it
 * is taken for nothing in particular: what is not there, or of another form, says nothing. Pure; knows no editor.
 */

/** The path of the interpreter for a file, or undefined. Rejects only when the extension's own code does. */
export async function interpreterOf(api: unknown, resource: unknown): Promise<string | undefined> {
  const environments = member(api, 'environments');
  const active = call(environments, 'getActiveEnvironmentPath', resource);
  const resolved = await call(environments, 'resolveEnvironment', active);
  // An environment may be chosen that has no Python yet; its path is then a folder's.
  const own = member(member(member(resolved, 'executable'), 'uri'), 'fsPath');
  const file = typeof own === 'string' && own !== '' ? own : member(active, 'path');
  return typeof file === 'string' && file !== '' ? file : undefined;
}

function member(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null
    ? (object as Record<string, unknown>)[name]
    : undefined;
}

function call(object: unknown, name: string, argument: unknown): unknown {
  const method = member(object, name);
  return typeof method === 'function' ? (method.call(object, argument) as unknown) : undefined;
}
