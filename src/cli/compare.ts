/**
 * `patchclamp compare A B`: what differs between two models, node by node, module by module and weight by weight,
 * without any mapping file. See `compareReport.ts` for the shape of `--json`.
 */
import type { LocalModel } from '../onnx/files';
import { openLocal } from '../onnx/files';
import { buildScopes } from '../onnx/scopes';
import { WeightReader } from '../onnx/weights';
import { differenceOf, type Difference } from '../compare/difference';
import { fingerprintsOf } from '../compare/fingerprints';
import { compareWeights, pairWeights, type WeightDifference } from '../compare/weights';
import { printDifference, reportDifference } from './compareReport';
import { parseOptions, usage, type Command, type Io } from './options';

export const command: Command = {
  name: 'compare',
  usage: 'compare A.onnx B.onnx [--no-weights] [--json]',
  summary:
    'Say what differs between two models: nodes that are the same, changed, added and removed, by module, and how far ' +
    'apart their weights are.',
  async run(args, io) {
    const { positionals, options } = parseOptions(args, { 'no-weights': 'flag', json: 'flag' });
    const [first, second] = positionals;
    if (first === undefined || second === undefined || positionals.length > 2)
      throw usage('Name two models.', 'Write patchclamp compare A.onnx B.onnx.');
    const a = await Opened.open(first, io);
    try {
      const b = await Opened.open(second, io);
      try {
        const start = performance.now();
        const difference = await compareModels(a, b, io);
        const ms = performance.now() - start;
        const weights = options['no-weights'] ? null : await weightsBetween(difference, a, b, io);
        if (options.json) io.out(JSON.stringify(reportDifference([first, second], difference, weights, ms)));
        else for (const line of printDifference([first, second], difference, weights, ms)) io.out(line);
        return 0;
      } finally {
        await b.close();
      }
    } finally {
      await a.close();
    }
  },
};

/** A model with what reads its weights. */
export class Opened {
  private constructor(
    readonly model: LocalModel,
    readonly reader: WeightReader,
  ) {}

  static async open(file: string, io: Io): Promise<Opened> {
    const model = await openLocal(file, io.signal);
    return new Opened(model, new WeightReader(model.source, model.folder));
  }

  async close(): Promise<void> {
    await this.reader.close();
    await this.model.source.close();
  }
}

async function compareModels(a: Opened, b: Opened, io: Io): Promise<Difference> {
  const sides = [a, b].map(({ model: { skeleton } }) => ({ skeleton, scopes: buildScopes(skeleton) }));
  const fingerprints = new Map([
    ...(await fingerprintsOf(a.model.skeleton, a.reader, io.signal)),
    ...(await fingerprintsOf(b.model.skeleton, b.reader, io.signal)),
  ]);
  const [left, right] = sides;
  if (left === undefined || right === undefined) throw new Error('Two models were opened.');
  return differenceOf(left, right, fingerprints);
}

async function weightsBetween(
  difference: Difference,
  a: Opened,
  b: Opened,
  io: Io,
): Promise<WeightDifference[]> {
  return compareWeights(pairWeights(difference), [a.reader, b.reader], io.signal);
}
