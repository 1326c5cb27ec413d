/**
 * Models whose layers or methods are replaced after they were constructed, in every way that code in the wild does it,
 * against what PyTorch did (make_truth.py). A link may be wrong there, never exact and wrong.
 */
import assert from 'node:assert/strict';
import { surgeryIn } from '../../../src/source/surgery';
import { casesIn, lineOf, tally, type Tally } from './truth';

const FIXTURES = 'test/fixtures/links/surgery';

describe('links of models changed after their construction', function () {
  this.timeout(120_000);
  const tallies: Tally[] = [];

  before(async () => {
    for (const [folder, name] of await casesIn(FIXTURES)) tallies.push(await tally(folder, name));
    console.log(tallies.map(lineOf).join('\n'));
  });

  it('never calls a wrong link exact', () => {
    assert.ok(tallies.length >= 39);
    assert.deepEqual(
      tallies.flatMap(({ name, wrong }) =>
        wrong.filter((line) => line.startsWith('WRONG')).map((line) => `${name} ${line}`),
      ),
      [],
    );
  });

  it('still finds nine of ten calls, and leaves untouched what only one name concerns', () => {
    const sum = (pick: (tally: Tally) => number): number => tallies.reduce((all, one) => all + pick(one), 0);
    assert.ok(sum(({ rightCalls }) => rightCalls) >= 0.9 * sum(({ calls }) => calls));
    const named = tallies.find(({ name }) => name === 'set_submodule/dynamo');
    assert.equal(named?.exact, named?.nodes);
  });
});

describe('the search for code that changes modules from outside', () => {
  const none = { names: [], items: false, modules: false, members: false };
  const of = (text: string): typeof none => {
    const { names, ...rest } = surgeryIn(text);
    return { ...rest, names: [...names] as never[] };
  };

  it('finds nothing in constructors, reading, and what is no module', () => {
    const quiet = [
      'class A(nn.Module):\n    def __init__(self):\n        self.fc = nn.Linear(1, 1)\n        self.s[0] = nn.ReLU()\n        setattr(self, name, nn.ReLU())\n        self.add_module(f"a{i}", nn.ReLU())',
      'class A:\n    def __init__(self):\n        self.fill()\n    def fill(self):\n        setattr(self, f"a{i}", nn.ReLU())',
      'for name, child in m._modules.items():\n    print(name, m._modules[name], vars(args), m.__dict__["a"] == 1)',
      'seq = nn.Sequential()\nfor i in range(3):\n    seq.add_module(f"c{i}", nn.Conv2d(1, 1, 1))',
      'counts = {}\ncounts[key] = Counter(words)\nx[mask] = 0\nprint(end="m.fc = 1")\n# m.fc = 2',
      'monkeypatch.setattr("package.Net.helper", other)',
      'f(a=m.fc, b=n[0])',
      'a: dict[str, list[int]] = {}',
      'def f(widths):\n    kind: Callable[..., nn.Module] = partial(nn.Linear, bias=False)',
    ];
    for (const text of quiet) assert.deepEqual(of(text), none, text);
  });

  it('names what is replaced by name', () => {
    const named: [string, string[]][] = [
      ['m.a.fc = x', ['fc']],
      ['self.model.fc = x', ['fc']],
      ['(m.a.fc, m.b.gc), *m.rest = x', ['fc', 'gc', 'rest']],
      ['m.get_submodule("a").fc = x', ['fc']],
      ['if wide: m.fc = x', ['fc']],
      ['m.fc: nn.Module = x', ['fc']],
      ['(m or n).fc = x', ['fc']],
      ['m.net[\n    index["a"]\n] = x', ['net']],
      ['del m.net[0]', ['net']],
      ['m.set_submodule("a.fc", x)', ['fc']],
      ['m._modules["fc"] = x', ['fc']],
      ['m.__dict__["helper"] = x', ['helper']],
      ['vars(m)["helper"] = x', ['helper']],
      ['delattr(m, "fc")', ['fc']],
    ];
    for (const [text, names] of named) assert.deepEqual(of(text).names.sort(), names, text);
  });

  it('gives up all names where the code tells none', () => {
    for (const text of [
      'setattr(k, name, x)',
      'partial(setattr, m)',
      'm.__dict__.update(parts)',
      'm.__class__ = B',
    ])
      assert.equal(of(text).members, true, text);
    for (const text of [
      'm.set_submodule(path, x)',
      'm._modules[name] = x',
      'm._modules.update(x)',
      'm.add_module(name, x)',
    ])
      assert.equal(of(text).modules, true, text);
    assert.equal(of('def swap(layers):\n    layers[0] = nn.Linear(1, 1)').items, true);
  });
});
