/** Links against ground truth that PyTorch gave at run time. Prints the confusion table; the bars are the issue's. */
import assert from 'node:assert/strict';
import { casesIn, lineOf, tally, type Tally } from './truth';

const FIXTURES = 'test/fixtures/links';

function sum(tallies: readonly Tally[], pick: (tally: Tally) => number): number {
  return tallies.reduce((total, tally) => total + pick(tally), 0);
}

describe('links against ground truth', function () {
  this.timeout(120_000);
  const tallies: Tally[] = [];

  before(async () => {
    for (const [folder, name] of await casesIn(FIXTURES)) tallies.push(await tally(folder, name));
    console.log(tallies.map(lineOf).join('\n'));
  });

  const exports = (): Tally[] => tallies.filter(({ kind }) => kind === 'export');
  const scripts = (): Tally[] => tallies.filter(({ kind }) => kind === 'torchscript');

  it('covers at least fourteen models in both exporters', () => {
    const models = new Set(tallies.map(({ name }) => name.split('/')[0]));
    assert.ok(models.size >= 14, `only ${[...models].join(', ')}`);
    assert.ok(exports().length >= 28 && scripts().length >= 12);
  });

  it('never calls a wrong link exact', () => {
    const wrong = tallies.flatMap(({ name, wrong: lines }) =>
      lines.filter((line) => line.startsWith('WRONG')).map((line) => `${name}: ${line}`),
    );
    assert.deepEqual(wrong, []);
  });

  it('has truth for every exact claim', () => {
    assert.equal(
      sum(tallies, ({ unchecked }) => unchecked),
      0,
    );
  });

  it('finds file and call line of at least 95 % of the nodes of torch.export models', () => {
    for (const tally of exports()) assert.ok(tally.rightCalls >= 0.95 * tally.calls, lineOf(tally));
  });

  it('finds the definition of at least 90 % of the nodes that belong to a module there', () => {
    for (const tally of exports())
      assert.ok(tally.rightDefinitions >= 0.9 * tally.definitions, lineOf(tally));
  });

  it('finds the definition of at least 80 % of such nodes of TorchScript models', () => {
    for (const tally of scripts())
      assert.ok(tally.rightDefinitions >= 0.8 * tally.definitions, lineOf(tally));
  });

  it('claims no definition for functional calls', () => {
    assert.equal(
      sum(tallies, ({ spurious }) => spurious),
      0,
    );
  });

  it('proves at least four of five links in torch.export models', () => {
    assert.ok(sum(exports(), ({ exact }) => exact) >= 0.8 * sum(exports(), ({ nodes }) => nodes));
  });
});
