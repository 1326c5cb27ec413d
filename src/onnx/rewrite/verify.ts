/**
 * A rewrite against its plan, before it runs: every node that is left is the model's own and reads what it read, every
 * capture comes from the value it names, every intervention sits between its value's maker and its readers, with its own
 * numbers and in order. Written without the code that rewrites, so that a slip there does not pass here. Pure.
 */
import { Failure } from '../../base/errors';
import type { Graph, Node } from '../../contract/skeleton';
import { bodiesOf } from '../walk';
import type { StepForm } from './intervene';
import type { Plan, Rewritten } from './plan';

/** Throws `internal` with what does not hold. `model` is what was rewritten. */
export function verifyRewrite(model: Graph, plan: Plan, rewritten: Rewritten): void {
  const { graph } = rewritten.model;
  const made = makersOf(graph);
  verifyNodes(model, plan, graph);
  const moved = new Map<string, string>();
  const before = makersOf(model);
  for (const { path, value } of plan.steps)
    if (path === '') {
      const given = plan.given.some(({ name }) => name === value);
      moved.set(value, sourceOf(value, given ? undefined : before.get(value), graph, rewritten));
    }
  verifySteps(plan, rewritten, made, moved);
  plan.captures.forEach(({ path, value, raw, take = [] }, index) => {
    const capture = rewritten.captures[index];
    if (capture === undefined) throw slip(`nothing was captured for "${value}"`);
    if (!graph.outputs.some(({ name }) => name === capture.name)) throw slip(`"${value}" does not come out`);
    if (path !== '' || take.length > 0) return;
    const expected = raw ? (moved.get(value) ?? value) : value;
    let name = capture.name;
    for (let node = made.get(name); name !== expected; node = made.get(name)) {
      if (node === undefined || node.id !== -1 || !/^(Identity|Cast)$/.test(node.op))
        throw slip(`the capture of "${value}" reads "${name}"`);
      name = node.inputs[0] ?? '';
    }
  });
  for (const { name } of plan.given) {
    if ((made.get(name)?.id ?? -1) >= 0) throw slip(`"${name}" is handed in and computed as well`);
  }
}

/** Nodes that the model has are as they were, but for values that are handed in or changed. */
function verifyNodes(model: Graph, plan: Plan, graph: Graph): void {
  // Functions written out come with a node's id as often as they are called.
  const own = byId(model.nodes);
  const free = new Set([
    ...plan.given.map(({ name }) => name),
    ...plan.steps.filter(({ path }) => path === '').map(({ value }) => value),
  ]);
  for (const node of graph.nodes) {
    if (node.id < 0) continue;
    const were = (own.get(node.id) ?? []).filter(
      ({ op, domain }) => op === node.op && domain === node.domain,
    );
    if (were.length === 0) throw slip(`node ${String(node.id)} is not the model's own`);
    if (bodiesOf(node).length > 0 || node.op === 'BatchNormalization') continue;
    const same = were.some(
      (was) =>
        node.attributes === was.attributes &&
        was.inputs.every((name, at) => node.inputs[at] === name) &&
        was.outputs.every((name, at) => node.outputs[at] === name || free.has(name)),
    );
    if (!same) throw slip(`node ${String(node.id)} (${node.op}) does not read and make what it did`);
  }
  for (const [name, weight] of graph.initializers) {
    const was = model.initializers.get(name);
    if (was !== undefined && was.where !== weight.where) throw slip(`the weight "${name}" is another one`);
  }
}

/** What a changed value is called where it comes from: an output of its own maker, an input, or a weight. */
function sourceOf(
  value: string,
  maker: Node | undefined,
  graph: Graph,
  { renamedInputs }: Rewritten,
): string {
  if (maker === undefined) {
    const input = renamedInputs.get(value);
    // Of a type that Node has no array for: it comes in as another one, and is cast to its own first.
    const own = graph.nodes.find(({ id, op, inputs }) => id === -1 && op === 'Cast' && inputs[0] === input);
    if (input !== undefined) return own?.outputs[0] ?? input;
    const weights = [...graph.initializers.keys(), ...graph.sparseInitializers.keys()];
    return weights.find((name) => name.startsWith(`${value}~raw`)) ?? value;
  }
  const at = maker.outputs.indexOf(value);
  const same = graph.nodes.filter((node) => node.id === maker.id);
  const now =
    same.length === 1
      ? same[0]
      : same.find((node) => node.inputs.every((name, place) => name === maker.inputs[place]));
  return now?.outputs[at] ?? value;
}

const LAST_OP: Readonly<Record<StepForm, string>> = {
  multiply: 'Mul',
  add: 'Add',
  scatter: 'ScatterND',
  swap: 'Identity',
  pick: 'Gather',
};

/** From each changed value back: its steps' numbers, last to first, then what it was. */
function verifySteps(
  { steps }: Plan,
  { steps: inputs }: Rewritten,
  made: ReadonlyMap<string, Node>,
  moved: ReadonlyMap<string, string>,
): void {
  const operands = new Set(inputs.map(({ operand }) => operand));
  for (const [value, source] of moved) {
    const mine = steps.flatMap((step, index) => (step.path === '' && step.value === value ? [index] : []));
    let name = value;
    for (const index of mine.toReversed()) {
      const step = steps[index];
      const operand = inputs[index]?.operand ?? '';
      let node = made.get(name);
      // Casts stand around a step that computes in another type.
      if (node?.op === 'Cast' && node.id === -1) node = made.get(node.inputs[0] ?? '');
      // Nobody reads it: it was cut away.
      if (node === undefined && name === value) break;
      if (node?.id !== -1 || step === undefined || node.op !== LAST_OP[step.form])
        throw slip(`"${value}" is not changed as asked`);
      const data = dataOf(node, step.form, made);
      if (data.operand !== operand || (data.x !== null && operands.has(data.x)))
        throw slip(`"${value}" is changed by another intervention's numbers`);
      if (data.x === null) {
        name = source;
        break;
      }
      const cast = made.get(data.x);
      name = step.own !== undefined && cast?.op === 'Cast' ? (cast.inputs[0] ?? '') : data.x;
    }
    if (name !== value && name !== source) throw slip(`the change of "${value}" starts from "${name}"`);
  }
}

/** What a step's last node changes (null where it takes the operand whole), and by what. */
function dataOf(
  node: Node,
  form: StepForm,
  made: ReadonlyMap<string, Node>,
): { readonly x: string | null; readonly operand: string } {
  if (form === 'swap') return { x: null, operand: node.inputs[0] ?? '' };
  if (form === 'scatter') return { x: node.inputs[0] ?? '', operand: node.inputs[2] ?? '' };
  if (form !== 'pick') return { x: node.inputs[0] ?? '', operand: node.inputs[1] ?? '' };
  const both = made.get(node.inputs[0] ?? '');
  const line = made.get(both?.inputs[0] ?? '');
  return { x: line?.inputs[0] ?? '', operand: both?.inputs[1] ?? '' };
}

function byId(nodes: readonly Node[]): ReadonlyMap<number, readonly Node[]> {
  const found = new Map<number, Node[]>();
  for (const node of nodes) {
    const same = found.get(node.id) ?? [];
    same.push(node);
    found.set(node.id, same);
  }
  return found;
}

function makersOf(graph: Graph): ReadonlyMap<string, Node> {
  const made = new Map<string, Node>();
  for (const node of graph.nodes) for (const name of node.outputs) if (name !== '') made.set(name, node);
  return made;
}

function slip(what: string): Failure {
  return new Failure({
    code: 'internal',
    message: `The model was not changed as planned: ${what}, so nothing of this run is shown.`,
    remedy: 'Report this with the model if you can; capture or change another value.',
  });
}
