/** Experiment files: read, checked, printed; and run by the command line, with their findings beside them. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli';
import { methods } from '../../../src/methods';
import {
  findingsFile,
  methodOf,
  parseExperiment,
  printExperiment,
  type KeptFindings,
} from '../../../src/study/experiment';

const MODEL = join(__dirname, '../../reference/gradients/models/mlp.onnx');
const WRITTEN = {
  model: 'mlp.onnx',
  method: 'attribution',
  feeds: { x: 'random:1' },
  params: { steps: 5 },
  seed: 2,
};

describe('an experiment file', function () {
  this.timeout(60_000);
  let folder = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchclamp-experiment-'));
    await cp(MODEL, join(folder, 'mlp.onnx'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('is read with its defaults filled in', () => {
    const read = parseExperiment('{"model": "m.onnx", "method": "attribution"}', 'a.clamp.json');
    assert.deepEqual(read, {
      model: 'm.onnx',
      method: 'attribution',
      params: {},
      feeds: {},
      dims: {},
      seed: 0,
    });
    const { params } = methodOf(methods, read);
    assert.equal(params['steps'], 50);
  });

  it('is refused with what is wrong', () => {
    const refused: readonly (readonly [string, RegExp])[] = [
      ['{', /is not JSON/],
      ['[]', /does not hold an object/],
      ['{"method": "attribution"}', /names no model/],
      ['{"model": "m.onnx"}', /names no method/],
      ['{"model": "m.onnx", "method": "attribution", "feed": {}}', /unknown entry "feed"/],
      ['{"model": "m.onnx", "method": "attribution", "feeds": {"x": 1}}', /object of texts/],
      ['{"model": "m.onnx", "method": "attribution", "seed": 0.5}', /whole number/],
    ];
    for (const [text, says] of refused) assert.throws(() => parseExperiment(text, 'a.clamp.json'), says);
    const bad = parseExperiment(JSON.stringify({ ...WRITTEN, params: { steps: 0 } }), 'a.clamp.json');
    assert.throws(() => methodOf(methods, bad), /"steps" of attribution cannot be 0/);
  });

  it('is printed without what equals the defaults, and read back the same', () => {
    const read = parseExperiment(
      JSON.stringify({ ...WRITTEN, params: { steps: 5, stages: 4 } }),
      'a.clamp.json',
    );
    const printed = printExperiment(read, methods[0]);
    assert.doesNotMatch(printed, /stages/);
    assert.deepEqual(methodOf(methods, parseExperiment(printed, 'a.clamp.json')), methodOf(methods, read));
  });

  it('is run from the command line, its findings kept beside it, the same bytes each time', async () => {
    const file = join(folder, 'one.clamp.json');
    await writeFile(file, JSON.stringify(WRITTEN));
    const run = async (): Promise<string> => {
      const lines: string[] = [];
      const { signal } = new AbortController();
      const io = { out: (line: string) => lines.push(line), err: () => undefined, signal };
      assert.equal(await main(['probe', file, '--json'], io), 0);
      assert.equal((JSON.parse(lines.at(-1) ?? '{}') as { done?: boolean }).done, true);
      return readFile(findingsFile(file), 'utf8');
    };
    const first = await run();
    const { experiment, findings } = JSON.parse(first) as KeptFindings;
    assert.equal(experiment, 'one.clamp.json');
    assert.deepEqual([findings.length, findings[0]?.provenance.seed], [1, 2]);
    assert.equal(await run(), first);
  });
});
