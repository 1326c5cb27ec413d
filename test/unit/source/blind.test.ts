/** Links against the blind truth: models and truth by someone who had not read the linker. The bars are the issue's. */
import assert from 'node:assert/strict';
import { blindCases, tallyBlind } from './blindTruth';
import { lineOf, type Tally } from './truth';

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

  it('finds file and call line of at least 95 % of the nodes of torch.export models', () => {
    for (const tally of tallies.filter(({ kind }) => kind === 'export'))
      assert.ok(tally.rightCalls >= 0.95 * tally.calls, lineOf(tally));
  });

  it('finds the definition of at least 90 % of the nodes that belong to a module there', () => {
    for (const tally of tallies.filter(({ kind }) => kind === 'export'))
      assert.ok(tally.rightDefinitions >= 0.9 * tally.definitions, lineOf(tally));
  });

  it('finds the definition of at least 80 % of such nodes of TorchScript models', () => {
    for (const tally of tallies.filter(({ kind }) => kind === 'torchscript'))
      assert.ok(tally.rightDefinitions >= 0.8 * tally.definitions, lineOf(tally));
  });

  it('points at one of the right places, or at none, where a library made the module inside of what the person made', () => {
    assert.ok(tallies.some(({ either }) => either > 200));
    for (const { name, eitherWrong } of tallies) assert.equal(eitherWrong, 0, name);
  });
});
