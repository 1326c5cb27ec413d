/** The Python extension's interface, as its published types have it, and as they do not. */
import assert from 'node:assert/strict';
import { interpreterOf } from '../../../src/editor/pythonExtension';

const RESOURCE = { fsPath: '/work/net.py' };

/** As `@vscode/python-extension` declares it: methods that need their object, a URI that may be missing. */
class Environments {
  readonly asked: unknown[] = [];
  constructor(
    private readonly active: unknown,
    private readonly resolved: unknown,
  ) {}

  getActiveEnvironmentPath(resource: unknown): unknown {
    this.asked.push(resource);
    return this.active;
  }

  resolveEnvironment(environment: unknown): Promise<unknown> {
    this.asked.push(environment);
    return Promise.resolve(this.resolved);
  }
}

const ACTIVE = { id: '/work/.venv/bin/python', path: '/work/.venv' };

describe('the interpreter that the Python extension has chosen', () => {
  it('is the executable of the environment that is active for the file', async () => {
    const environments = new Environments(ACTIVE, {
      executable: { uri: { scheme: 'file', fsPath: '/work/.venv/bin/python' }, bitness: '64-bit' },
    });
    assert.equal(await interpreterOf({ environments }, RESOURCE), '/work/.venv/bin/python');
    assert.deepEqual(environments.asked, [RESOURCE, ACTIVE]);
  });

  it('is the path it names where the environment cannot be resolved, or has no executable', async () => {
    for (const resolved of [undefined, {}, { executable: {} }, { executable: { uri: undefined } }])
      assert.equal(
        await interpreterOf({ environments: new Environments(ACTIVE, resolved) }, RESOURCE),
        '/work/.venv',
      );
  });

  it('is nobody’s where the interface is another', async () => {
    const strange: unknown[] = [
      undefined,
      null,
      'python',
      {},
      { environments: null },
      { environments: {} },
      { environments: { getActiveEnvironmentPath: 'python', resolveEnvironment: 7 } },
      { environments: new Environments(undefined, undefined) },
      { environments: new Environments({ path: 3 }, { executable: { uri: { fsPath: 5 } } }) },
      { environments: new Environments({ path: '' }, { executable: { uri: { fsPath: '' } } }) },
    ];
    for (const api of strange) assert.equal(await interpreterOf(api, RESOURCE), undefined);
  });

  it('says what went wrong where the extension does', async () => {
    const environments = {
      getActiveEnvironmentPath: () => ACTIVE,
      resolveEnvironment: () => Promise.reject(new Error('busy')),
    };
    await assert.rejects(interpreterOf({ environments }, RESOURCE), /busy/);
  });
});
