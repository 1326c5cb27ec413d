/**
 * Small models in which Python does what reading it would not lead one to expect, against what PyTorch did
 * (make_truth.py): decorators, properties, `__getattr__`, hooks that change values, classes made by `type`. A link may be
 * wrong there, never exact and wrong.
 */
import assert from 'node:assert/strict';
import { casesIn, lineOf, tally, type Tally } from './truth';

const FIXTURES = 'test/fixtures/links/nasty';

describe('links of models that do more than they say', function () {
  this.timeout(120_000);
  const tallies: Tally[] = [];

  before(async () => {
    for (const [folder, name] of await casesIn(FIXTURES)) tallies.push(await tally(folder, name));
    console.log(tallies.map(lineOf).join('\n'));
  });

  it('never calls a wrong link exact', () => {
    assert.ok(tallies.length >= 56);
    assert.deepEqual(
      tallies.flatMap(({ name, wrong }) =>
        wrong.filter((line) => line.startsWith('WRONG')).map((line) => `${name} ${line}`),
      ),
      [],
    );
  });

  it('has truth for every exact claim, and makes such claims', () => {
    const sum = (pick: (tally: Tally) => number): number => tallies.reduce((all, one) => all + pick(one), 0);
    assert.equal(
      sum(({ unchecked }) => unchecked),
      0,
    );
    assert.ok(sum(({ exact }) => exact) >= 300);
  });
});
