/**
 * Time per node: asks the runtime to profile the chosen inputs in a session of its own, and keeps the last answer for
 * each version of a model. The second of two runs is what counts; the first maps the weights.
 */
import { l10n } from 'vscode';
import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/event';
import type { NodeTimes } from '../contract/hostApi';
import type { EngineAccess } from './engineAccess';
import type { OpenModel } from './openModel';
import type { RunController } from './runController';

/** Microseconds of one line of Python. */
export interface LineTime {
  readonly line: number;
  readonly microseconds: number;
  readonly nodes: number;
}

interface Measured {
  readonly skeleton: object;
  /** Microseconds by skeleton node id. */
  readonly byId: ReadonlyMap<number, number>;
  readonly total: number;
  readonly elsewhere: number;
}

export class NodeTiming implements Disposable {
  readonly #measured = new Map<OpenModel, Measured>();
  readonly #changed = new Emitter<OpenModel>();
  readonly onDidChange = this.#changed.event;

  constructor(
    private readonly engine: EngineAccess,
    private readonly runs: RunController,
  ) {}

  /** Measures with the chosen inputs. Trouble is shown in the run bar, as a run's is. */
  async measure(model: OpenModel): Promise<void> {
    const skeleton = model.content?.skeleton;
    if (skeleton === undefined) return;
    const text = l10n.t('Measuring time per node of {0}', model.name);
    await this.runs.work(model, text, async (feeds, signal) => {
      const times = await this.engine.profile(model, feeds, signal);
      const byId = new Map<number, number>();
      let total = 0;
      let elsewhere = 0;
      for (const { node, microseconds } of times) {
        total += microseconds;
        if (node < 0) elsewhere += microseconds;
        else byId.set(node, (byId.get(node) ?? 0) + microseconds);
      }
      this.#measured.set(model, { skeleton, byId, total, elsewhere });
      this.#changed.fire(model);
    });
  }

  /** Forgets every model's times. */
  clear(): Promise<void> {
    const models = [...this.#measured.keys()];
    this.#measured.clear();
    for (const model of models) this.#changed.fire(model);
    return Promise.resolve();
  }

  /** For the graph; null where nothing was measured of this version. */
  column(model: OpenModel): NodeTimes | null {
    const measured = this.#of(model);
    const graph = model.content?.graph;
    if (measured === undefined || graph === undefined) return null;
    const byNode = Float32Array.from(graph.nodes.id, (id) => measured.byId.get(id) ?? Number.NaN);
    return { revision: model.revision, byNode, total: measured.total, elsewhere: measured.elsewhere };
  }

  /** Microseconds in all kernels, and by line of a file: what the line's calls took. */
  lines(model: OpenModel, file: string): { readonly total: number; readonly lines: readonly LineTime[] } {
    const measured = this.#of(model);
    if (measured === undefined) return { total: 0, lines: [] };
    const lines = new Map<number, { line: number; microseconds: number; nodes: number }>();
    for (const { kind, claim, nodes } of model.index.inFile(file)) {
      if (kind !== 'call') continue;
      const { line } = claim.place;
      const sum = lines.get(line) ?? { line, microseconds: 0, nodes: 0 };
      lines.set(line, sum);
      for (const id of nodes) {
        const took = measured.byId.get(id);
        if (took === undefined) continue;
        sum.microseconds += took;
        sum.nodes++;
      }
    }
    return { total: measured.total, lines: [...lines.values()].filter(({ nodes }) => nodes > 0) };
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #of(model: OpenModel): Measured | undefined {
    const measured = this.#measured.get(model);
    return measured?.skeleton === model.content?.skeleton ? measured : undefined;
  }
}
