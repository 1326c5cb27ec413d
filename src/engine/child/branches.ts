/**
 * Values in a branch of an `If` inside a loop: only some iterations make them, and what the loop stacks has to be of one
 * shape. So a run before the run asks which iterations make them and with what dims; then the others give zeros of those
 * dims, which are left out of what is shown.
 */
import { Failure } from '../../base/errors';
import type { TensorData } from '../../contract/tensor';
import { isBranchInLoop } from '../../onnx/rewrite/lift';
import type { CaptureAt, Plan } from '../../onnx/rewrite/plan';
import type { Executor, Settings } from './executor';
import { inferGraph } from './infer';
import type { EngineModel } from './model';
import type { Planned } from './request';
import type { StepNumbers } from './stepNumbers';

export interface Settled {
  readonly plan: Plan;
  /** By place among the plan's captures: the iterations that make it, where not all do. */
  readonly made: ReadonlyMap<number, readonly number[]>;
}

/** The plan with dims for what branches in loops give. Throws `unsupported` where there is no one shape. */
export async function settleBranches(
  executor: Executor,
  model: EngineModel,
  { plan, given }: Pick<Planned, 'plan' | 'given'>,
  numbers: readonly StepNumbers[],
  feeds: Readonly<Record<string, TensorData>>,
  settings: Settings,
  signal?: AbortSignal,
): Promise<Settled> {
  const { graph } = model.skeleton;
  const places = [...plan.captures.keys()].filter((at) =>
    isBranchInLoop(graph, plan.captures[at]?.path ?? ''),
  );
  const made = new Map<number, readonly number[]>();
  if (places.length === 0) return { plan, made };
  for (const at of places) await inferGraph(model, plan.captures[at]?.path ?? '', signal);
  const own = places.flatMap((at) => plan.captures[at] ?? []);
  const ask = async (
    planned: Pick<Planned, 'plan' | 'given'>,
    steps: readonly StepNumbers[],
    asked: readonly CaptureAt[],
  ): Promise<Measured[]> => {
    const measuring = { ...planned, plan: { ...planned.plan, outputs: [], captures: asked } };
    const run = await executor.run(model, measuring, steps, feeds, settings, signal);
    return asked.map((capture, at) => readMeasure(capture, run.captures[at] ?? null, run.stacked[at] ?? 0));
  };
  const measure = async (
    ...how: [Pick<Planned, 'plan' | 'given'>, readonly StepNumbers[]]
  ): Promise<Measured[]> => {
    const ranks = await ask(
      ...how,
      own.map((capture) => ({ ...capture, branch: { kind: 'rank' } })),
    );
    const sized = own.map((capture, index): CaptureAt => {
      const [rank = 0] = ranks[index]?.said ?? [];
      return { ...capture, branch: { kind: 'measure', rank } };
    });
    return ask(...how, sized);
  };
  const found = await measure({ plan, given }, numbers);
  const idle = found.some(({ iterations }) => iterations?.length === 0);
  // What is checked against this run goes the plain model's way, where the branch may be taken.
  const changed = plan.steps.length > 0 || given.size > 0;
  const plain =
    idle && changed
      ? await measure({ plan: { ...plan, steps: [], given: [] }, given: new Map() }, [])
      : found;
  const captures = [...plan.captures];
  own.forEach((capture, index) => {
    const [at, { said, iterations }] = [places[index] ?? 0, found[index] ?? NOTHING];
    const dims = iterations?.length === 0 ? (plain[index] ?? NOTHING).said : said;
    captures[at] = { ...capture, branch: { kind: 'dims', dims } };
    if (iterations !== null) made.set(at, iterations);
  });
  return { plan: { ...plan, captures }, made };
}

const NOTHING: Measured = { said: [], iterations: null };

/** What all iterations that make a value say of it, and which those are (null: all). */
interface Measured {
  readonly said: readonly number[];
  readonly iterations: readonly number[] | null;
}

/** From the stacked measures of a value, one row an iteration: 1 and what is said, or zeros. */
function readMeasure({ value, branch }: CaptureAt, measure: TensorData | null, stacked: number): Measured {
  const width = branch?.kind === 'measure' ? 1 + branch.rank : 2;
  const nothing = new Array<number>(width - 1).fill(0);
  if (measure === null) return { said: nothing, iterations: null };
  const numbers = Array.from(measure.data as ArrayLike<number | bigint>, Number);
  const rows = Array.from({ length: numbers.length / width }, (_, row) =>
    numbers.slice(row * width, (row + 1) * width),
  );
  const iterations = [...rows.keys()].filter((row) => rows[row]?.[0] === 1);
  const [first = nothing, ...others] = iterations.map((row) => rows[row]?.slice(1) ?? nothing);
  if (others.some((said) => said.join() !== first.join())) throw varies(value);
  if (iterations.length === rows.length) return { said: first, iterations: null };
  if (iterations.length > 0 && stacked > 1) throw ragged(value);
  return { said: first, iterations };
}

function varies(value: string): Failure {
  return new Failure({
    code: 'unsupported',
    message: `"${value}" changes its shape from one iteration to the next, so its values cannot be stacked.`,
    remedy: 'Choose a value of the body whose shape stays the same.',
  });
}

function ragged(value: string): Failure {
  return new Failure({
    code: 'unsupported',
    message: `"${value}" lies in a branch that only some iterations of loops within each other take, so its values cannot be stacked.`,
    remedy: 'Choose a value outside the branch, or one that the inner loop gives out.',
  });
}
