/**
 * Recordings that PyTorch made of itself (record.py), faithful and with one thing changed after the export: the first
 * module to depart is the one that was changed, through both exporters; and nothing departs where nothing was changed.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { main } from '../../../src/cli';
import { readArray } from '../../../src/data/npz';
import type { ValuesReport } from '../../../src/cli/compareValues';

const folder = join(__dirname, 'recordings');

interface Report {
  readonly activations: ValuesReport;
  readonly missing: readonly string[];
  readonly notes: readonly string[];
}

async function compare(model: string, recording: string, ...options: string[]): Promise<Report> {
  const [out, err]: [string[], string[]] = [[], []];
  const io = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
    signal: new AbortController().signal,
  };
  const code = await main(
    ['compare', join(folder, model), join(folder, recording), ...options, '--json'],
    io,
  );
  assert.equal(code, 0, err.join('\n'));
  return JSON.parse(out[0] ?? '') as Report;
}

function recorded(name: string, module: string): number[] {
  const { data } = readArray(readFileSync(join(folder, `${name}.npz`)), name, `module:${module}`);
  assert.ok(data instanceof Float32Array);
  return [...data];
}

/** By recording: the module that was changed. */
const CHANGED: Readonly<Record<string, string>> = {
  'picture-batch-norm-eps': 'body.norm',
  'picture-batch-norm-training': 'body.norm',
  'picture-weight': 'head',
  'text-gelu-tanh': 'blocks.0.act',
  'text-layer-norm-eps': 'blocks.1.norm2',
  'text-key-bias': 'blocks.1.attn.key',
};

describe("a model against its framework's own activations", () => {
  for (const exporter of ['', '.torchscript']) {
    for (const [recording, changed] of Object.entries(CHANGED)) {
      const model = `${recording.split('-')[0] ?? ''}${exporter}.onnx`;
      it(`finds what ${recording} changed in ${model}`, async () => {
        const { activations } = await compare(model, `${recording}.npz`);
        assert.equal(activations.first?.b, changed);
        assert.equal(activations.values.filter(({ begins }) => begins).length, 1);
      });
    }

    for (const sample of ['picture', 'text']) {
      it(`finds no departure in ${sample}${exporter}.onnx, and errors as small as PyTorch's own rounding`, async () => {
        const { activations } = await compare(`${sample}${exporter}.onnx`, `${sample}.npz`);
        assert.equal(activations.first, null);
        assert.ok(activations.values.length >= (sample === 'text' ? 15 : 5));
        for (const { relative, floor, b } of activations.values) {
          assert.ok(relative !== null && relative < 1e-6, `${b}: ${String(relative)}`);
          assert.ok(floor !== null && floor < 1e-6, `${b}: floor ${String(floor)}`);
        }
      });
    }

    it(`says that a dropout is in training mode, though picture${exporter}.onnx has none`, async () => {
      const { activations, notes, missing } = await compare(
        `picture${exporter}.onnx`,
        'picture-dropout-training.npz',
      );
      assert.equal(activations.first?.b, 'head');
      assert.ok(missing.includes('dropout'));
      assert.ok(notes.some((note) => note.includes('differ from dropout on')));
    });
  }

  it('compares a folded batch norm with what the convolution holds, and says so', async () => {
    const { activations, notes } = await compare('picture.torchscript.onnx', 'picture.npz');
    assert.ok(activations.values.some(({ b, node }) => b === 'stem.norm' && node.op === 'Conv'));
    assert.equal(notes.filter((note) => note.includes('holds what')).length, 2);
  });

  for (const model of ['shared.onnx', 'shared.torchscript.onnx']) {
    it(`tells the two calls of one module apart in ${model}, below one that is never called`, async () => {
      const { activations } = await compare(model, 'shared.npz');
      assert.equal(activations.first, null);
      const inner = ['layers.0.mix', 'layers.0.norm', 'act', 'out'].flatMap((name) => [
        `model.core.${name}`,
        `model.core.${name}@1`,
      ]);
      // The second call's second tensor is all that leaves it.
      for (const name of [...inner, 'model.core@1[1]', 'head']) {
        const found = activations.values.find(({ b }) => b === name);
        assert.ok((found?.relative ?? 1) < 1e-6 && (found?.floor ?? 1) < 1e-6, name);
      }
      const changed = await compare(model, 'shared-norm-eps.npz');
      assert.equal(changed.activations.first?.b, 'model.core.layers.0.norm');
      // PyTorch's own two recordings of the second call say by how much.
      const key = 'model.core@1[1]';
      const [before, after] = [recorded('shared', key), recorded('shared-norm-eps', key)];
      const size = Math.hypot(...after);
      const apart = Math.hypot(...after.map((x, i) => x - (before[i] ?? 0))) / size;
      const second = changed.activations.values.find(({ b }) => b === key);
      assert.ok(Math.abs((second?.relative ?? 0) - apart) < 1e-5, String(second?.relative));
    });
  }

  it('gives the line that calls the module and the one that makes it', async () => {
    const source = ['--source', __dirname];
    const { activations } = await compare('text.onnx', 'text-layer-norm-eps.npz', ...source);
    assert.match(activations.first?.line ?? '', /^tiny\.py:\d+$/);
    assert.match(activations.first?.definition ?? '', /^tiny\.py:\d+$/);
  });

  it('uses every recording that record.py and shared.py made', () => {
    const made = readdirSync(folder).filter((file) => file.endsWith('.npz'));
    const used = [
      ...Object.keys(CHANGED),
      'picture',
      'text',
      'picture-dropout-training',
      'shared',
      'shared-norm-eps',
    ];
    assert.deepEqual(made.sort(), used.map((name) => `${name}.npz`).sort());
  });
}).timeout(60_000);
