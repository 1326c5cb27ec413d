/** The host's promise: answered, failed with the run named, or cancelled; nothing else lost. Against a real child. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCancelled } from '../../../src/base/cancel';
import { isFailure } from '../../../src/base/errors';
import type { RunRequest } from '../../../src/contract/run';
import { cleanEnvironment } from '../../../src/engine/childProcess';
import { EngineClient, type EngineClientOptions, type EngineState } from '../../../src/engine/client';
import { floats, slowModel, tinyModel } from './models';

const SCRIPT = join(__dirname, '..', '..', '..', 'src', 'engine', 'child', 'main.ts');
const CHILD = { script: SCRIPT, execArgv: ['--import', 'tsx'] };

describe('the engine client', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-client-'));
  const tiny = join(folder, 'tiny.onnx');
  const slow = join(folder, 'slow.onnx');
  const clients: EngineClient[] = [];
  const start = (options: Partial<EngineClientOptions> = {}): EngineClient => {
    const client = new EngineClient({ ...CHILD, ...options });
    clients.push(client);
    return client;
  };
  const request: RunRequest = { feeds: { x: floats([2, 3], 0) }, capture: ['h'] };
  // About 10 s of one kernel on any machine: the child is deaf all the while.
  const long: RunRequest = { feeds: { x: floats([1500, 1500], 0) }, capture: [] };

  before(() => {
    writeFileSync(tiny, tinyModel());
    writeFileSync(slow, slowModel(400));
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.dispose();
  });
  after(() => rmSync(folder, { recursive: true }));

  it('starts at the first need and answers', async () => {
    const client = start();
    assert.equal(client.pid, undefined);
    const model = await client.open(tiny);
    assert.deepEqual(model.inputs, [{ name: 'x', dtype: 'float32', shape: ['n', 3], optional: false }]);
    const result = await client.run(model.id, request);
    assert.equal(result.check, 'equal');
    const [h] = result.captures;
    assert.ok(h?.handle);
    assert.deepEqual(
      (await client.tensor(h.handle)).data,
      Float32Array.of(0, 1, 2, 3, 4, 5).map((v) => Math.max(v - 2, 0)),
    );
  });

  it('passes a failure on with its code and sentence, and lives on', async () => {
    const client = start();
    await assert.rejects(client.open(join(folder, 'none.onnx')), { code: 'file-unreadable' });
    const model = await client.open(tiny);
    const pid = client.pid;
    await assert.rejects(client.run(model.id, { ...request, capture: ['hh'] }), {
      code: 'bad-site',
      message: /has no value "hh"\. The nearest names are "h"/,
    });
    assert.equal((await client.run(model.id, request)).captures.length, 1);
    assert.equal(client.pid, pid);
  });

  it('cancels a run that blocks the child, the caller at once, and goes on in a new one', async () => {
    const client = start();
    const model = await client.open(slow);
    const quick = await client.open(tiny);
    const pid = client.pid;
    const abort = new AbortController();
    const running = client.run(model.id, long, abort.signal);
    const waiting = client.run(quick.id, request);
    await busy(client);
    abort.abort();
    await assert.rejects(running, isCancelled);
    assert.ok(isAlive(pid ?? 0), 'the caller waited for the process');
    // What waited behind it is asked again in the new process, by itself.
    assert.equal((await waiting).captures.length, 1);
    assert.notEqual(client.pid, pid);
  });

  it('ends the deaf process itself, long before its run would have ended', async () => {
    const client = start();
    const model = await client.open(slow);
    const pid = client.pid ?? 0;
    const abort = new AbortController();
    const running = client.run(model.id, long, abort.signal);
    await busy(client);
    abort.abort();
    await assert.rejects(running, isCancelled);
    // How soon is measured beside the engine's other times; a run of ten seconds only ends early when it is ended.
    const asked = performance.now();
    while (isAlive(pid)) await pause(10);
    assert.ok(performance.now() - asked < 8000, `${String(performance.now() - asked)} ms`);
  });

  it('leaves a child alone that hears of the cancel by itself', async () => {
    // Long enough for a process that has to wait for a processor on a loaded machine.
    const client = start({ patience: 1500 });
    const model = await client.open(tiny);
    const pid = client.pid;
    const abort = new AbortController();
    const running = client.run(model.id, request, abort.signal);
    abort.abort();
    await assert.rejects(running, isCancelled);
    await pause(2000);
    assert.equal(client.pid, pid);
    assert.equal((await client.run(model.id, request)).captures.length, 1);
  });

  it('names the run that was at work when the child was killed, and asks the others again', async () => {
    const client = start();
    const model = await client.open(slow);
    const quick = await client.open(tiny);
    const running = client.run(model.id, { ...long, capture: ['s7'] });
    const waiting = client.run(quick.id, request);
    await busy(client);
    process.kill(client.pid ?? 0, 'SIGKILL');
    await assert.rejects(running, (error) => {
      assert.ok(isFailure(error));
      assert.equal(error.code, 'engine-crashed');
      assert.match(
        error.message,
        /was killed .* while capturing s7, in a run of slow\.onnx; it has been replaced/,
      );
      return true;
    });
    assert.equal((await waiting).captures.length, 1);
    const again = await client.run(quick.id, request);
    assert.equal(again.captures.length, 1);
  });

  it('asks again what a dying process never heard, and blames nothing for it', async () => {
    const client = start();
    const { id } = await client.open(tiny);
    process.kill(client.pid ?? 0, 'SIGKILL');
    // The host has not seen its end yet: this goes to a process that is gone.
    const result = await client.run(id, request);
    assert.equal(result.check, 'equal');
  });

  it('asks a process that dies of the call without a word twice, and no more', async () => {
    const script = join(folder, 'dies.cjs');
    const log = join(folder, 'asked');
    writeFileSync(
      script,
      `process.on('message', ({ t }) => {
        if (t !== 'call') return;
        require('node:fs').appendFileSync(${JSON.stringify(log)}, 'x');
        process.exit(3);
      });
      process.send({ t: 'event', event: 'ready', data: { pid: process.pid } });`,
    );
    const client = start({ script, execArgv: [] });
    await assert.rejects(client.open(tiny), { code: 'engine-crashed', message: /while opening tiny\.onnx/ });
    assert.equal(readFileSync(log, 'utf8'), 'xx');
  });

  it('says that a tensor is gone with the process that held it', async () => {
    const client = start();
    const model = await client.open(tiny);
    const { captures } = await client.run(model.id, request);
    process.kill(client.pid ?? 0, 'SIGKILL');
    await pause(100);
    assert.equal((await client.run(model.id, request)).captures.length, 1);
    await assert.rejects(client.tensor(captures[0]?.handle ?? ''), {
      code: 'disconnected',
      message: /Run again\.$/,
    });
  });

  it('stops a run that takes more memory than it may', async () => {
    const client = start({ memoryCap: 200_000_000 });
    const model = await client.open(slow);
    const large = { feeds: { x: floats([6000, 6000], 0) }, capture: [] };
    await assert.rejects(client.run(model.id, large), (error) => {
      assert.ok(isFailure(error));
      assert.equal(error.code, 'out-of-memory');
      assert.match(
        error.message,
        /was stopped while running slow\.onnx: it had taken .* and the limit is 200 MB\./,
      );
      return true;
    });
  });

  it('gives up with a sentence when the process never comes up', async () => {
    const client = start({ script: join(folder, 'none.js') });
    await assert.rejects(client.open(tiny), {
      code: 'engine-crashed',
      message: /^The engine does not start with /,
    });
  });

  it('tells what it is doing', async () => {
    const client = start();
    const states: EngineState[] = [];
    client.onDidChangeState((state) => states.push(state));
    const model = await client.open(tiny);
    await client.run(model.id, request);
    const kinds = states.map(({ kind }) => kind);
    assert.deepEqual([kinds[0], kinds.at(-1)], ['starting', 'idle']);
    const work = states.find((state) => state.kind === 'busy' && state.text.startsWith('Running'));
    assert.ok(work?.kind === 'busy' && work.predictedMs > 0);
  });

  it('hands the child nothing of VS Code', () => {
    const env = cleanEnvironment({
      PATH: '/bin',
      VSCODE_PID: '1',
      ELECTRON_X: '1',
      NODE_OPTIONS: '--inspect',
    });
    assert.deepEqual(env, { PATH: '/bin', ELECTRON_RUN_AS_NODE: '1' });
  });
});

async function busy(client: EngineClient): Promise<void> {
  for (;;) {
    const { state } = client;
    if (state.kind === 'busy' && state.text.startsWith('Running')) break;
    await pause(5);
  }
  await pause(150);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
    return false;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
