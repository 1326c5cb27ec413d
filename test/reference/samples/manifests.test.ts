/**
 * What every sample has to have: a manifest that tells the truth about its files, a page of words, a source whose
 * lines are those that the model's traces quote, a tokenizer that reads alike in JavaScript and in Python.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { type ModelProto, ModelProtoSchema } from 'onnx-buf';
import { jsonLines, manifest, samples, session, tokenizer } from './support';

const names = readdirSync(samples, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== '__pycache__')
  .map((entry) => entry.name);

const MEGABYTE = 1e6;
const size = (file: string): number => statSync(file).size;
const bytesOf = (file: string): Buffer => readFileSync(file);
const read = (file: string): ModelProto => fromBinary(ModelProtoSchema, bytesOf(file));

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('__pycache__'))
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** Every frame of every trace that lies in the sample's own folder: file name, line, and the text it quotes. */
function quotes(model: ModelProto): { file: string; line: number; text: string }[] {
  const traces = (model.graph?.node ?? []).flatMap((node) =>
    node.metadataProps
      .filter((entry) => entry.key === 'pkg.torch.onnx.stack_trace')
      .map((entry) => entry.value),
  );
  return traces.flatMap((trace) =>
    [
      ...trace.matchAll(/File "\/home\/researcher\/(?!\.venv)[^"]*\/([^/"]+)", line (\d+), in \w+\n\s*(.*)/g),
    ].map(([, file = '', line = '', text = '']) => ({ file, line: Number(line), text })),
  );
}

/** Every frame of a TorchScript export's traces that lies in the sample's own folder: file, line and function. */
function frames(model: ModelProto): { file: string; line: number; inside: string }[] {
  return (model.graph?.node ?? []).flatMap(({ docString }) =>
    [...docString.matchAll(/^\/home\/researcher\/(?!\.venv)[^(]*\/([^/(]+\.py)\((\d+)\): (\w+)$/gm)].map(
      ([, file = '', line = '', inside = '']) => ({ file, line: Number(line), inside }),
    ),
  );
}

/** The function that a line lies in: that of the last `def` above it that is indented less. */
function functionAt(source: readonly string[], line: number): string | undefined {
  const indent = (text: string): number => text.length - text.trimStart().length;
  let depth = indent(source[line - 1] ?? '');
  for (let i = line - 2; i >= 0; i--) {
    const text = source[i] ?? '';
    if (text.trim() === '' || indent(text) >= depth) continue;
    const name = /^\s*def (\w+)\(/.exec(text)?.[1];
    if (name !== undefined) return name;
    depth = indent(text);
  }
  return undefined;
}

describe('the sample models', () => {
  it('are the seven that were asked for, and one made by hand', () => {
    assert.deepEqual(names.toSorted(), [
      'capitals',
      'digits',
      'gridworld',
      'honesty',
      'indirect-object',
      'induction',
      'modular-addition',
      'sparse',
    ]);
  });

  it('ship models of at most 6 MB together, and keep at most 80 MB in the repository', () => {
    const shipped = names.map((name) => size(path.join(samples, name, manifest(name).model)));
    assert.ok(shipped.reduce((a, b) => a + b, 0) <= 6 * MEGABYTE);
    const kept = filesBelow(samples).map(size);
    assert.ok(kept.reduce((a, b) => a + b, 0) <= 80 * MEGABYTE);
  });

  for (const name of names)
    describe(name, () => {
      const folder = path.join(samples, name);
      const stated = manifest(name);

      it('has a page of words and every file that its manifest names, and no model that it does not', () => {
        assert.ok(stated.ships.includes('README.md') && stated.ships.includes(stated.model));
        const files = [...stated.ships, ...stated.others, ...stated.feeds.flatMap((feed) => feed.files)];
        for (const file of [...files, ...Object.values(stated.labels)])
          assert.ok(existsSync(path.join(folder, file)), `${name}/${file} is named and missing`);
        const models = filesBelow(folder).filter((file) => file.endsWith('.onnx'));
        assert.deepEqual(
          models.map((file) => path.relative(folder, file).replaceAll(path.sep, '/')).toSorted(),
          [stated.model, ...stated.others].toSorted(),
        );
        for (const feed of stated.feeds)
          for (const file of feed.files) assert.ok(stated.ships.includes(file));
      });

      it('states a score for every model', () => {
        const scored = new Set(stated.scores.map((score) => score.model));
        for (const model of [stated.model, ...stated.others])
          assert.ok(scored.has(model), `${name}/${model}`);
        assert.ok(stated.scores.some((score) => score.model === stated.model && score.atLeast !== null));
      });

      it('has in its model the lines of its source, and nobody else’s disk', () => {
        const found = quotes(read(path.join(folder, stated.model)));
        assert.ok(found.length > 0);
        for (const { file, line, text } of found) {
          const source = readFileSync(path.join(folder, file), 'utf8').split('\n');
          assert.equal(source[line - 1]?.trim(), text.trim(), `${name}/${file}:${line}`);
        }
        for (const model of [stated.model, ...stated.others]) {
          const foreign = /\/(?:work|opt|root|Users)\/|[A-Z]:\\\\/.exec(
            bytesOf(path.join(folder, model)).toString('latin1'),
          );
          assert.equal(foreign, null, `${name}/${model} holds ${foreign?.[0] ?? ''}`);
        }
      });

      it('has a TorchScript export whose traces name lines of its source, each in the function named', () => {
        const exported = `${name}.torchscript.onnx`;
        assert.ok(stated.others.includes(exported) && !stated.ships.includes(exported));
        const found = frames(read(path.join(folder, exported)));
        assert.ok(found.some(({ file, inside }) => file === 'model.py' && inside === 'forward'));
        for (const { file, line, inside } of new Map(
          found.map((frame) => [JSON.stringify(frame), frame]),
        ).values()) {
          const source = readFileSync(path.join(folder, file), 'utf8').split('\n');
          assert.equal(functionAt(source, line), inside, `${name}/${file}:${line}`);
        }
      });

      it('has inputs of the names its manifest feeds, and outputs of the names it labels', async () => {
        const model = await session(path.join(folder, stated.model));
        assert.deepEqual(
          stated.feeds.map((feed) => feed.input),
          [...model.inputNames],
        );
        for (const output of Object.keys(stated.labels)) assert.ok(model.outputNames.includes(output));
      });

      if (existsSync(path.join(folder, 'tokenizer.json')))
        it('has a tokenizer that gives the ids that Python’s gave', () => {
          const words = tokenizer(name);
          const prompts = jsonLines(path.join(folder, 'prompts.jsonl')) as { text: string; ids: number[] }[];
          assert.ok(prompts.length >= 4);
          for (const { text, ids } of prompts) assert.deepEqual(words.encode(text).ids, ids, text);
        });
    });
});
