/**
 * What an export script says, and why: the class's import, how the model is made, which inputs are guessed. The texts
 * checked here were run by a real PyTorch when they were written; no test needs one.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Failure } from '../../../src/base/errors';
import { planExport, snakeName, type ExportWish } from '../../../src/source/exportPlan';
import { exportScript, type ExportPlan } from '../../../src/source/exportScript';
import { moduleClasses } from '../../../src/source/moduleClasses';
import { readOutline } from '../../../src/source/python/outline';
import { rootOf, sourcesOf } from './fixtures';

const HEAD = 'import torch\nfrom torch import nn\n';

function plan(
  files: Record<string, string>,
  wish: Partial<ExportWish> & { file?: string } = {},
): Promise<ExportPlan> {
  return planExport(rootOf(files), { file: 'model.py', className: 'Net', ...wish });
}

async function inputOf(text: string, wish: Partial<ExportWish> = {}): Promise<string> {
  const { inputs } = await plan({ 'model.py': HEAD + text }, wish);
  return inputs.map(({ name, code }) => `${name}: ${code}`).join('; ');
}

describe('an export script', () => {
  it('is short, imports the class and marks every guess', async () => {
    const text = exportScript(
      await plan(
        { 'model.py': readFileSync('media/samples/digits/model.py', 'utf8') },
        { className: 'Digits' },
      ),
    );
    assert.ok(text.split('\n').length < 55, `${String(text.split('\n').length)} lines`);
    for (const line of text.split('\n')) assert.ok(line.length <= 100, line);
    assert.match(text, /^from model import Digits, build$/m);
    assert.match(text, /^model = build\(\) {2}# guess: build of model\.py makes one$/m);
    assert.match(
      text,
      /# guess: .*\[batch, 1, 28, 28\], and stem\.conv\.conv is Conv2d\(1, …\)\n\s+"image": torch\.randn\(2, 1, 28, 28\),/,
    );
    assert.match(text, /dynamo=True/);
    assert.match(text, /dynamic = \{"image": \{0: batch\}\}/);
    assert.match(text, /output_names=\["logits"\]/);
    assert.match(text, /^OUT = HERE \/ "digits\.onnx"$/m);
  });

  it('keeps what links need: the new exporter, nothing fused, constants folded', async () => {
    const text = exportScript(
      await plan({
        'model.py': `${HEAD}class Net(nn.Module):\n    def forward(self, x):\n        return x\n`,
      }),
    );
    for (const piece of [
      'dynamo=True',
      'optimize=False',
      'fold_constants_ir(program.model)',
      'program.save(str(OUT))',
    ])
      assert.ok(text.includes(piece), piece);
  });

  it('names its files after the class', () => {
    const names = ['Net', 'ResNet50', 'TinyGPT', 'UNet', 'Outer.Inner', 'VisionTransformer', 'GPT'];
    assert.deepEqual(names.map(snakeName), [
      'net',
      'res_net50',
      'tiny_gpt',
      'unet',
      'inner',
      'vision_transformer',
      'gpt',
    ]);
  });

  it('gives text as literals that no name can leave', async () => {
    const text = exportScript({
      ...(await plan({
        'model.py': `${HEAD}class Net(nn.Module):\n    def forward(self, x):\n        return x\n`,
      })),
      target: 'a"b\n.onnx',
      module: 'my-model',
    });
    assert.ok(text.includes('OUT = HERE / "a\\"b\\n.onnx"'));
    assert.ok(text.includes('Net = importlib.import_module("my-model").Net'));
  });
});

describe('how the model of an export is made', () => {
  it('takes a function of the file that makes one', async () => {
    const { model, imports } = await plan({
      'model.py': `${HEAD}class Net(nn.Module):\n    def __init__(self, width):\n        super().__init__()\n    def forward(self, x):\n        return x\ndef build(seed=0):\n    return Net(8)\n`,
    });
    assert.equal(model.code, 'build()');
    assert.deepEqual([...imports], [['model', ['build']]]);
  });

  it('takes the examples that come with it', async () => {
    const made = await planExport(rootOf(sourcesOf('resnet')), { file: 'network.py', className: 'ResNet' });
    const text = exportScript(made);
    assert.match(text, /^model, examples = build\(\)/m);
    assert.match(text, /"x": examples\[0\],/);
  });

  it('takes the defaults where there are only defaults', async () => {
    const { model } = await plan({
      'model.py': `${HEAD}class Net(nn.Module):\n    def __init__(self, width=8, *, depth=2):\n        super().__init__()\n    def forward(self, x):\n        return x\n`,
    });
    assert.equal(model.code, 'Net()');
  });

  it('gives what a script of the workspace gives', async () => {
    const { model, inputs } = await plan({
      'model.py': `${HEAD}class Net(nn.Module):\n    def __init__(self, inp, hidden):\n        super().__init__()\n        self.fc = nn.Linear(inp, hidden)\n    def forward(self, x):\n        return self.fc(x)\n`,
      'train.py': 'from model import Net\nWIDTH = 12\nmodel = Net(WIDTH, hidden=2 * WIDTH)\n',
    });
    assert.equal(model.code, 'Net(12, hidden=24)');
    assert.match(model.why ?? '', /as train\.py makes it/);
    assert.equal(inputs[0]?.code, 'torch.randn(2, 12)');
  });

  it('makes up sizes, and configurations of the workspace', async () => {
    const { model, imports } = await plan({
      'config.py': 'from dataclasses import dataclass\n@dataclass\nclass Config:\n    width: int = 32\n',
      'model.py': `${HEAD}from config import Config\nclass Net(nn.Module):\n    def __init__(self, cfg: Config, n_classes: int):\n        super().__init__()\n    def forward(self, x):\n        return x\n`,
    });
    assert.equal(model.code, 'Net(cfg=Config(), n_classes=10)');
    assert.match(model.why ?? '', /made up/);
    assert.deepEqual([...imports], [['config', ['Config']]]);
  });

  it('leaves a gap, with a word, where nothing can be guessed', async () => {
    const { model } = await plan({
      'model.py': `${HEAD}class Net(nn.Module):\n    def __init__(self, backbone):\n        super().__init__()\n    def forward(self, x):\n        return x\n`,
    });
    assert.equal(model.code, 'Net(backbone=...)');
    assert.match(model.why ?? '', /fill in backbone/);
  });
});

describe('the example inputs of an export', () => {
  const net = (init: string, forward: string, signature = 'self, x'): string =>
    `class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n${init}\n    def forward(${signature}):\n${forward}\n`;
  const lines = (...texts: string[]): string => texts.map((text) => `        ${text}`).join('\n');

  it('follow the first layer through helpers, containers and loops', async () => {
    const files = {
      'model.py': `${HEAD}from parts import Stem\n${net(
        lines('self.stem = nn.Sequential(nn.Identity(), Stem(4))'),
        lines('return self.features(x * 2 - 1)'),
      )}    def features(self, image):\n        h = image.float()\n        return self.stem(h)\n`,
      'parts.py': `${HEAD}class Stem(nn.Module):\n    def __init__(self, width):\n        super().__init__()\n        self.blocks = nn.ModuleList([nn.Conv2d(5, width, 3), nn.ReLU()])\n    def forward(self, x):\n        for block in self.blocks:\n            x = block(x)\n        return x\n`,
    };
    const { inputs } = await plan(files);
    assert.equal(inputs[0]?.code, 'torch.randn(2, 5, 32, 32)');
    assert.match(inputs[0].why ?? '', /Conv2d\(5, …\)/);
  });

  it('know indices, sequences and vectors by the layer that reads them', async () => {
    assert.equal(
      await inputOf(net(lines('self.e = nn.Embedding(50, 8)'), lines('return self.e(x)'))),
      'x: torch.randint(0, 50, (2, 8))',
    );
    assert.equal(
      await inputOf(net(lines('self.e = nn.LSTM(12, 8)'), lines('return self.e(x)[0]'))),
      'x: torch.randn(2, 8, 12)',
    );
    assert.equal(
      await inputOf(net(lines('self.e = nn.Linear(9, 8)'), lines('b, t, c = x.shape', 'return self.e(x)'))),
      'x: torch.randn(2, 8, 9)',
    );
  });

  it('are sequences where the class is of a kind that reads them', async () => {
    const attention = net(lines('self.qkv = nn.Linear(9, 27)'), lines('return self.qkv(x)'), 'self, x, mask');
    assert.equal(
      await inputOf(attention.replace('class Net', 'class SelfAttention'), { className: 'SelfAttention' }),
      'x: torch.randn(2, 8, 9); mask: torch.ones(8, 8, dtype=torch.bool)',
    );
  });

  it('believe a shape that somebody wrote down', async () => {
    assert.equal(
      await inputOf(net('', lines('"""x: (B, 3, 17)"""', 'return x'))),
      'x: torch.randn(2, 3, 17)',
    );
    assert.equal(await inputOf(net('', lines('# x [batch, 4 * 7]', 'return x'))), 'x: torch.randn(2, 28)');
    assert.equal(
      await inputOf(net('', lines('return x'), 'self, x: Float[Tensor, "batch 2 5"]')),
      'x: torch.randn(2, 2, 5)',
    );
  });

  it('are not led astray by brackets in code', async () => {
    assert.equal(await inputOf(net('', lines('return torch.reshape(x, (2, 3))'))), 'x: torch.randn(2, 16)');
  });

  it('use annotations and names last, and leave defaults out', async () => {
    assert.equal(
      await inputOf(
        net('', lines('return x'), 'self, input_ids, attention_mask, scale: float, xs: list[Tensor], y=None'),
      ),
      'input_ids: torch.randint(0, 16, (2, 8)); attention_mask: torch.ones(2, 8, dtype=torch.long); scale: 1.0; xs: [torch.randn(2, 16)]',
    );
    const { left } = await plan({ 'model.py': HEAD + net('', lines('return x'), 'self, x, y=None, *, z=1') });
    assert.deepEqual(left, ['y', 'z']);
  });

  it('are those of an earlier export where there is one', async () => {
    const known = [{ name: 'x', dtype: 'int64', dims: ['batch', 20], model: 'net.onnx' }];
    const { inputs } = await plan({ 'model.py': HEAD + net('', lines('return x')) }, { known });
    assert.equal(inputs[0]?.code, 'torch.randint(0, 16, (2, 20))');
    assert.equal(inputs[0].why, 'as in net.onnx');
  });
});

describe('how an export imports a class', () => {
  const body = 'class Net(nn.Module):\n    def forward(self, x):\n        return x\n';

  it('names a plain file by its name', async () => {
    const { module, paths } = await plan({ 'lib/model.py': HEAD + body }, { file: 'lib/model.py' });
    assert.deepEqual([module, paths], ['model', []]);
  });

  it('starts from above a package, also one without __init__', async () => {
    const file = 'src/pkg/nets/model.py';
    const packed = await plan(
      { [file]: HEAD + body, 'src/pkg/__init__.py': '', 'src/pkg/nets/__init__.py': '' },
      { file },
    );
    assert.deepEqual([packed.module, packed.paths], ['pkg.nets.model', ['../..']]);
    const relative = await plan(
      { [file]: `${HEAD}from .parts import a\n${body}`, 'src/pkg/nets/parts.py': 'a = 1\n' },
      { file },
    );
    assert.deepEqual([relative.module, relative.paths], ['nets.model', ['..']]);
  });

  it('adds the folder that absolute imports start from', async () => {
    const file = 'experiments/model.py';
    const { paths } = await plan(
      { [file]: `from common.blocks import Block\n${HEAD}${body}`, 'common/blocks.py': 'Block = 1\n' },
      { file },
    );
    assert.deepEqual(paths, ['..']);
  });

  it('warns when importing the file does more than define', async () => {
    const { notes } = await plan({ 'model.py': `${HEAD}${body}for i in range(3):\n    print(i)\n` });
    assert.match(notes.join(), /runs its line 6/);
  });

  it('says so when there is no such class', async () => {
    await assert.rejects(plan({ 'model.py': 'def make():\n    class Net: pass\n' }), (error: Failure) => {
      assert.equal(error.code, 'bad-source');
      assert.match(error.message, /no class Net/);
      return true;
    });
  });
});

describe('the module classes of a file', () => {
  const classesOf = (text: string): string[] =>
    moduleClasses(readOutline('model.py', text)).map(
      ({ name, line, outermost }) => `${name}:${String(line)}${outermost ? '*' : ''}`,
    );

  it('are found by base, by inheritance and by a forward; parts are told from models', () => {
    assert.deepEqual(
      classesOf(
        'class Config: pass\n' +
          'class Block(nn.Module):\n    pass\n' +
          'class Net(Base):\n    def forward(self, x): return Block()(x)\n' +
          'class Big(Net):\n    pass\n' +
          'class Plain(object):\n    def forward(self, x): return x\n',
      ),
      ['Block:2', 'Net:4*', 'Big:6*'],
    );
  });

  it('are those that can be imported', () => {
    assert.deepEqual(
      classesOf(
        'def f():\n    class Inner(nn.Module): pass\n@deco\nclass Outer(nn.Module):\n    class In(nn.Module): pass\n',
      ),
      ['Outer:4*', 'Outer.In:5*'],
    );
  });

  it('are read from a file that does not parse as a whole', () => {
    assert.deepEqual(
      classesOf(
        'class Net(nn.Module):\n    def forward(self, x):\n        return (\nclass Two(nn.Module):\n    pass\n',
      ).includes('Net:1*'),
      true,
    );
  });
});
