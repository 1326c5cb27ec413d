/** Which files can be loaded together: what limits the doubt that code without names casts on modules. */
import assert from 'node:assert/strict';
import { hazardsOf } from '../../../src/source/hazards';
import { loadsOf, Reach } from '../../../src/source/reach';
import { Sources } from '../../../src/source/sources';
import { clean, statementsOf } from '../../../src/source/statements';

function around(files: Readonly<Record<string, string>>, home: string): string[] {
  const loads = Object.entries(files).map(([file, text]) => {
    const cleaned = clean(text);
    return [file, loadsOf(statementsOf(cleaned), cleaned, text)] as const;
  });
  return [...new Reach(new Map(loads)).around([home])].sort();
}

const NET = 'class Net(nn.Module): ...\n';

describe('the files around a class', () => {
  it('are what imports it, and what that imports', () => {
    const files = {
      'net.py': NET,
      'lora.py': '',
      'train.py': 'import net, lora as l\n',
      'other.py': 'import json\n',
      'tools/plot.py': 'import other\n',
    };
    assert.deepEqual(around(files, 'net.py'), ['lora.py', 'net.py', 'train.py']);
    assert.deepEqual(around(files, 'other.py'), ['other.py', 'tools/plot.py']);
  });

  const together: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'in a package, by names': {
      'src/pkg/net.py': NET,
      'src/pkg/lora.py': '',
      'run.py': 'from pkg import (\n    net,\n    lora,\n)\n',
    },
    'by relative imports': {
      'src/pkg/net.py': NET,
      'src/pkg/sub/lora.py': '',
      'src/pkg/run.py': 'from . import net\nfrom .sub.lora import inject\n',
    },
    'by a parent package': {
      'a/net.py': NET,
      'a/b/lora.py': '',
      'a/c/run.py': 'from ..b import lora\nfrom .. import net\n',
    },
    'through the package’s own file': {
      'pkg/__init__.py': 'from pkg.tools import lora\n',
      'pkg/tools/lora.py': '',
      'pkg/net.py': NET,
    },
    'inside a function, after a semicolon': {
      'net.py': NET,
      'lora.py': '',
      'run.py': 'def main():\n    if True: import net; import lora\n',
    },
    'over a line that goes on': {
      'net.py': NET,
      'lora.py': '',
      'run.py': 'from net \\\n  import Net\nimport \\\n  lora\n',
    },
    'by a name in a string': {
      'net.py': NET,
      'lora.py': '',
      'run.py': 'import net\nimportlib.import_module("lora")\n',
    },
    'by a name that is computed': {
      'net.py': NET,
      'lora.py': '',
      'run.py': 'm = importlib.import_module(args.model)\n',
    },
    'by running its text': { 'net.py': NET, 'lora.py': '', 'run.py': 'exec(open(path).read())\n' },
    'by a framework that reads its configuration': {
      'net.py': NET,
      'lora.py': '',
      'main.py': 'from lightning.pytorch.cli import LightningCLI\nLightningCLI()\n',
    },
    'by an object that was pickled': {
      'net.py': NET,
      'lora.py': 'model = torch.load("net.pt")\nfor k in ks: setattr(model, k, x)\n',
    },
    'by the test runner': {
      'tests/conftest.py': 'import lora\n',
      'tests/test_net.py': 'from net import Net\n',
      'net.py': NET,
      'lora.py': '',
    },
    'in a notebook': { 'net.py': NET, 'lora.py': '', 'try.ipynb': 'import net\n#run lora.py\n' },
    'whichever of two files a name means': {
      'net.py': NET,
      'legacy/lora.py': '',
      'lora.py': '',
      'run.py': 'import net\nimport lora\n',
    },
  };
  for (const [how, files] of Object.entries(together))
    it(`have in them what is loaded together ${how}`, () => {
      const home = Object.keys(files).find((file) => file.endsWith('net.py')) ?? '';
      const found = around(files, home);
      for (const file of Object.keys(files).filter((name) => name.endsWith('lora.py')))
        assert.ok(found.includes(file), `${file} not in ${found.join(', ')}`);
    });

  it('are not joined by weights, by comments, or by evaluation mode', () => {
    const files = {
      'net.py': NET,
      'run.py':
        '# import net\nmodel.load_state_dict(torch.load("a.pt"))\nw = torch.load(p, weights_only=True)\nmodel.eval()\n',
    };
    assert.deepEqual(around(files, 'net.py'), ['net.py']);
  });
});

describe('doubt without names', () => {
  const SET = 'def swap(m, name, x):\n    setattr(m, name, x)\n';
  const doubts = (files: Readonly<Record<string, string>>): boolean => {
    const sources = new Sources();
    for (const [file, text] of Object.entries(files)) sources.set(file, text);
    return hazardsOf(sources, ['net.py']).members.has('anything');
  };

  it('falls on what such code can meet, and only on that', () => {
    assert.equal(doubts({ 'net.py': NET, 'swap.py': SET, 'run.py': 'import net, swap\n' }), true);
    assert.equal(doubts({ 'net.py': NET, 'swap.py': SET, 'run.py': 'import swap\n' }), false);
    assert.equal(doubts({ 'net.py': NET + SET }), true);
  });

  it('follows an edit that brings both together', () => {
    const sources = new Sources();
    for (const [file, text] of [
      ['net.py', NET],
      ['swap.py', SET],
      ['run.py', 'import swap\n'],
    ] as const)
      sources.set(file, text);
    const asked = (): boolean => hazardsOf(sources, ['net.py']).members.has('anything');
    assert.equal(asked(), false);
    sources.set('run.py', 'import swap\nimport net\n');
    assert.equal(asked(), true);
    sources.remove('run.py');
    assert.equal(asked(), false);
  });

  it('still falls everywhere by name', () => {
    const sources = new Sources();
    sources.set('net.py', NET);
    sources.set('swap.py', 'def swap(m):\n    m.fc = x\n');
    assert.equal(hazardsOf(sources, ['net.py']).modules.has('fc'), true);
  });
});
