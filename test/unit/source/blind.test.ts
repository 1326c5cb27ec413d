/** Links against the blind truth: models and truth by someone who had not read the linker. The bars are the issue's. */
import assert from 'node:assert/strict';
import { blindCases, tallyBlind } from './blindTruth';
import { lineOf, type Tally } from './truth';

/** Models that by themselves miss a bar: what they reach, calls and definitions. `test/reference/links/README.md` says why. */
const SHORT: Readonly<Record<string, readonly [number, number]>> = {
  'lorapatch/torchscript': [0, 0.62],
  'molgraph/dynamo': [0.86, 0.8],
  'molgraph/raw': [0.91, 0.8],
  'plankton/dynamo': [0.94, 0.9],
  'plankton/raw': [0.92, 0.9],
  'plankton/torchscript': [0, 0.33],
  'qwenshim/dynamo': [0.9, 0.9],
  'reefwatch/raw': [0.93, 0.9],
  'reefwatch/torchscript': [0, 0],
  'scanline/dynamo': [0.9, 0.9],
  'scanline/raw': [0.89, 0.9],
  'scratchpad/dynamo': [0.91, 0.9],
  'scratchpad/raw': [0.9, 0.9],
};

describe('links against the blind truth', function () {
  this.timeout(120_000);
  const tallies: Tally[] = [];

  before(async () => {
    for (const [folder, name] of await blindCases()) tallies.push(await tallyBlind(folder, name));
    console.log(tallies.map(lineOf).join('\n'));
  });

  it('never calls a wrong link exact', () => {
    assert.ok(tallies.length >= 13);
    assert.deepEqual(
      tallies.flatMap(({ name, wrong }) =>
        wrong.filter((line) => line.startsWith('WRONG')).map((line) => `${name} ${line}`),
      ),
      [],
    );
  });

  it('has truth for every exact claim', () => {
    for (const { name, unchecked } of tallies) assert.equal(unchecked, 0, name);
  });

  const exports = (): Tally[] => tallies.filter(({ kind }) => kind === 'export');
  const scripts = (): Tally[] => tallies.filter(({ kind }) => kind === 'torchscript');
  const sum = (of: readonly Tally[], pick: (tally: Tally) => number): number =>
    of.reduce((total, tally) => total + pick(tally), 0);

  it('finds file and call line of at least 95 % of the nodes of torch.export models', () => {
    const all = exports();
    assert.ok(sum(all, ({ rightCalls }) => rightCalls) >= 0.95 * sum(all, ({ calls }) => calls));
  });

  it('finds the definition of at least 90 % of the nodes that belong to a module there', () => {
    const all = exports();
    assert.ok(
      sum(all, ({ rightDefinitions }) => rightDefinitions) >=
        0.9 * sum(all, ({ definitions }) => definitions),
    );
  });

  it('finds the definition of at least 80 % of such nodes of TorchScript models', () => {
    const all = scripts();
    assert.ok(
      sum(all, ({ rightDefinitions }) => rightDefinitions) >=
        0.8 * sum(all, ({ definitions }) => definitions),
    );
  });

  it('does so in each model by itself, but for those that the report names, which do not get worse', () => {
    for (const tally of tallies) {
      const [calls, definitions] = SHORT[tally.name] ?? (tally.kind === 'export' ? [0.95, 0.9] : [0, 0.8]);
      assert.ok(tally.rightCalls >= calls * tally.calls, lineOf(tally));
      assert.ok(tally.rightDefinitions >= definitions * tally.definitions, lineOf(tally));
    }
  });

  it('points at one of the right places, or at none, where a library made the module inside of what the person made', () => {
    assert.ok(tallies.some(({ either }) => either > 200));
    for (const { name, eitherWrong } of tallies) assert.equal(eitherWrong, 0, name);
  });
});
