import assert from 'node:assert/strict';
import { toldFailures } from '../../../src/editor/telling';

describe('failures of what a person asked for in a page', () => {
  const told: string[] = [];
  const local = toldFailures(
    {
      exportWeight: () => Promise.reject(new Error('disk full')),
      reveal: () => {
        throw new Error('no such line');
      },
      run: (id: string) => Promise.resolve(`ran ${id}`),
      pictures: () => Promise.reject(new Error('gone')),
      neurons: () => Promise.reject(new Error('none')),
    },
    (method, error) => told.push(`${method}: ${(error as Error).message}`),
    ['neurons'],
  );

  it('are told, whether they come at once or later', async () => {
    await (local.exportWeight() as Promise<unknown>);
    await (local.reveal() as unknown as Promise<unknown>);
    assert.deepEqual(told, ['exportWeight: disk full', 'reveal: no such line']);
  });

  it('stay with the page where it shows them itself', async () => {
    await assert.rejects(local.pictures(), /gone/);
    await assert.rejects(local.neurons(), /none/);
    assert.equal(told.length, 2);
  });

  it('take nothing from what succeeds', async () => {
    assert.equal(await local.run('7'), 'ran 7');
  });
});
