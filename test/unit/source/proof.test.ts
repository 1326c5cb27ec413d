/** Calls in helpers, which no trace of a non-strict export names: proved where nothing else is possible, and only there. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { LinkTable } from '../../../src/contract/link';
import { openLocal } from '../../../src/onnx/files';
import { link, rootOf } from './fixtures';

const SAMPLE = 'media/samples/capitals';
const HELPER = '        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)';
const MASK = '        return torch.full((length, length), -1e4, device=x.device).triu(1)';

async function linked(
  change: (model: string) => string,
  more: Record<string, string> = {},
): Promise<LinkTable> {
  const { skeleton, source } = await openLocal(`${SAMPLE}/capitals.onnx`);
  await source.close();
  const model = readFileSync(`${SAMPLE}/model.py`, 'utf8');
  const changed = change(model);
  assert.equal(changed.split('\n').length, model.split('\n').length, 'traced lines stay where they are');
  return link(skeleton, rootOf({ 'model.py': changed, ...more }));
}

/** Confidences of the calls on the helper's line. */
function onLine(table: LinkTable, model: string, text: string): string[] {
  const line = model.split('\n').indexOf(text) + 1;
  assert.ok(line > 0);
  // Sizes that PyTorch asks for itself take the place of what uses them.
  const calls = table.links.flatMap(({ call }) => (call?.place.line === line ? [call] : []));
  const own = calls.filter(({ evidence }) => !(evidence[0] ?? '').startsWith('Without evidence'));
  return [...new Set(own.map(({ confidence }) => confidence))];
}

const model = readFileSync(`${SAMPLE}/model.py`, 'utf8');

describe('proofs of calls in helpers', () => {
  it('stand where every order the code can run in says the same', async () => {
    const table = await linked((text) => text);
    assert.deepEqual(onLine(table, model, HELPER), ['exact']);
    assert.deepEqual(onLine(table, model, MASK), ['exact']);
  });

  it('fall where a test nobody can decide leaves two ways', async () => {
    const either = `        return x.unflatten(-1, (4, -1)).transpose(1, 2) if self.heads else x.unflatten(-1, (-1, 16)).transpose(1, 2)`;
    const table = await linked((text) => text.replace(HELPER, either));
    assert.deepEqual(onLine(table, model.replace(HELPER, either), either), ['inferred']);
  });

  it('fall where the helper may be another', async () => {
    const table = await linked((text) => text, {
      'patch.py':
        'from model import Attention\ndef faster(self, x):\n    return x\nAttention.split_heads = faster\n',
      // Something has to make the linker read it.
      'run.py': 'import patch\nfrom model import Transformer\nmodel = Transformer(100)\n',
    });
    assert.ok(!onLine(table, model, HELPER).includes('exact') || table.counts.exact < 131);
  });

  it('fall where hooks may run', async () => {
    const table = await linked((text) => text, {
      'run.py':
        'from model import Transformer\nmodel = Transformer(100)\nfor m in model.modules():\n    m.register_forward_hook(print)\n',
    });
    assert.ok(!onLine(table, model, HELPER).includes('exact'));
    assert.ok(!onLine(table, model, MASK).includes('exact'));
  });

  it('fall where the code calls what cannot be looked into', async () => {
    const hidden = '        return magic(x.unflatten(-1, (self.heads, -1))).transpose(1, 2)';
    const table = await linked((text) => text.replace(HELPER, hidden));
    const calls = onLine(table, model.replace(HELPER, hidden), hidden);
    assert.ok(!calls.includes('exact'), calls.join());
  });

  it('fall where the code does something else than the model', async () => {
    const other = '        return x.unflatten(-1, (self.heads, -1)).permute(0, 2, 1, 3).contiguous()';
    const table = await linked((text) => text.replace(HELPER, other));
    assert.ok(!onLine(table, model.replace(HELPER, other), other).includes('exact'));
  });

  it('do not reach lines that the trace says have changed', async () => {
    const table = await linked((text) =>
      text.replace('query = self.split_heads(self.query(x))', 'query = self.split_heads(self.query(1 * x))'),
    );
    assert.equal(table.counts.exact, 0);
  });
});
