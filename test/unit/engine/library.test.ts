/** The face for programs, over a real child: values handed over, outputs with and without, streams that survive a kill. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delay } from '../../../src/base/cancel';
import type { ApiModel } from '../../../src/contract/extensionApi';
import { EngineClient } from '../../../src/engine/client';
import { openForPrograms } from '../../../src/engine/library';
import { floats, tinyModel } from './models';

const SCRIPT = join(__dirname, '..', '..', '..', 'src', 'engine', 'child', 'main.ts');

describe('the face for programs', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-library-'));
  const client = new EngineClient({ script: SCRIPT, execArgv: ['--import', 'tsx'] });
  let opened: ApiModel | undefined;
  const model = (): ApiModel => opened ?? assert.fail('the model was opened');

  before(async () => {
    writeFileSync(join(folder, 'tiny.onnx'), tinyModel());
    opened = await openForPrograms(client, join(folder, 'tiny.onnx'));
  });
  after(() => {
    client.dispose();
    rmSync(folder, { recursive: true });
  });

  it('hands over what sites hold', async () => {
    const values = await model().capture({ x: floats([1, 3], 2) }, ['h', 'h#1', 'd']);
    assert.deepEqual(
      Object.entries(values).map(([site, { data }]) => [site, [...data]]),
      [
        ['h', [0, 1, 2]],
        ['h#1', [1]],
        ['d', [0, 1, 2]],
      ],
    );
  });

  it('gives outputs with and without interventions', async () => {
    const feeds = { x: floats([1, 3], 2) };
    const { outputs, baseline, notes } = await model().intervene(feeds, [
      { kind: 'scale', site: 'h#2', factor: 0 },
      { kind: 'add', site: 'h#0', value: floats([], 5) },
    ]);
    assert.deepEqual(
      [[...(outputs['y']?.data ?? [])], [...(baseline['y']?.data ?? [])]],
      [
        [15, 3, 0],
        [0, 3, 6],
      ],
    );
    assert.deepEqual(notes, []);
  });

  it('goes through the examples of a stream again when the engine is replaced', async () => {
    let started = 0;
    const examples = async function* () {
      started++;
      for (let i = 0; i < 600; i++) {
        // Between two pages, as another call's cancel would do it.
        if (started === 1 && i === 300 && client.pid !== undefined) {
          process.kill(client.pid, 'SIGKILL');
          while (isUp(client)) await delay(10);
        }
        yield { x: floats([1, 3], i) };
      }
    };
    const progress: number[] = [];
    const request = { reductions: [{ kind: 'moments' as const, site: 'h', per: 'unit' }] };
    const result = await model().stream(request, examples, ({ examples: done }) => progress.push(done));
    assert.equal(started, 2);
    assert.equal(result.examples, 600);
    assert.deepEqual(progress, [256, 256, 512, 600]);
    const [moments] = result.reduced;
    assert.ok(moments?.kind === 'moments');
    // relu(x - 2) over x = i, i + 1, i + 2 for i below 600.
    const mean = (from: number): number =>
      Array.from({ length: 600 }, (_, i) => Math.max(0, i + from - 2)).reduce((a, b) => a + b, 0) / 600;
    assert.deepEqual(
      [...moments.mean].map((x) => x.toFixed(9)),
      [0, 1, 2].map((from) => mean(from).toFixed(9)),
    );
  });
});

function isUp({ pid }: EngineClient): boolean {
  return pid !== undefined;
}
