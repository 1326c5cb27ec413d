/** The search for PyTorch's own functions that a workspace replaces. */
import assert from 'node:assert/strict';
import { patchesIn } from '../../../src/source/patches';
import { clean } from '../../../src/source/statements';

describe('functions of PyTorch that code replaces', () => {
  const of = (text: string): [string[], boolean] => {
    const { names, any } = patchesIn(clean(text));
    return [[...names].sort(), any];
  };

  it('are named', () => {
    const named: [string, string[]][] = [
      ['torch.relu = louder', ['relu']],
      ['F.gelu = nn.functional.silu = quiet', ['gelu', 'silu']],
      ['torch.relu, F.gelu = a, b', ['gelu', 'relu']],
      ['torch.Tensor.double = lambda self: self * 2', ['double']],
      ['import torch.nn.functional as fn\nfn.relu = f', ['relu']],
      ['from torch import Tensor\nTensor.half = f', ['half']],
      ['from torch.nn import functional as G, Linear\nG.relu = f\nLinear.forward = g', ['forward', 'relu']],
      ['setattr(torch, "relu", f)', ['relu']],
      ['monkeypatch.setattr("torch.nn.functional.relu", f)', ['relu']],
      ['with mock.patch.object(torch, "relu", f): pass', ['relu']],
    ];
    for (const [text, names] of named) assert.deepEqual(of(text), [names, false], text);
  });

  it('may be any where the name is computed', () => {
    assert.deepEqual(of('for name in names: setattr(torch.nn.functional, name, f)'), [[], true]);
  });

  it('are none in what only uses it', () => {
    for (const text of [
      'x = torch.relu(x)',
      'y = F.gelu(x) == z',
      'self.torch.relu = 1',
      'def f(nn=torch.nn): pass',
      '# torch.relu = f',
      'setattr(self, "relu", nn.ReLU())',
    ])
      assert.deepEqual(of(text), [[], false], text);
  });
});
