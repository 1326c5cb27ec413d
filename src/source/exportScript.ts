/**
 * The text of an export script: short Python that a person can read and change, which writes an ONNX file with all that
 * links need. What was guessed is a comment on its own line. Pure: from a plan to a text; `exportPlan.ts` makes plans.
 */

/** A piece of Python with the reason it was chosen; null where there was nothing to choose. */
export interface Guess {
  readonly code: string;
  readonly why: string | null;
}

export interface ExampleInput extends Guess {
  /** Parameter of `forward`. */
  readonly name: string;
  /** Axes whose size may change, by name; empty for inputs that are no tensors. */
  readonly axes: ReadonlyMap<number, string>;
}

export interface ExportPlan {
  /** Dotted name in its file: `Net`, `Outer.Inner`. */
  readonly className: string;
  /** The class's file, relative to the source root, with '/'. */
  readonly file: string;
  /** Dotted module to import the class from. */
  readonly module: string;
  /** Folders to import from, relative to the script's own: '.', '..'. */
  readonly paths: readonly string[];
  /** Names to import besides the class, by module. */
  readonly imports: ReadonlyMap<string, readonly string[]>;
  /** An expression that makes the model. */
  readonly model: Guess;
  /** True where that expression gives a pair of the model and a tuple `examples`. */
  readonly withExamples: boolean;
  readonly inputs: readonly ExampleInput[];
  /** Parameters of `forward` left at their defaults. */
  readonly left: readonly string[];
  /** Names for the outputs; empty leaves the exporter's. */
  readonly outputs: readonly string[];
  /** Sentences about what may surprise. */
  readonly notes: readonly string[];
  /** Names of the script and of the model it writes, beside the class's file. */
  readonly script: string;
  readonly target: string;
}

const WIDTH = 100;

/** The script, ending in a line feed. */
export function exportScript(plan: ExportPlan): string {
  const { className, file, target } = plan;
  const lines = [
    `"""Writes ${target} from ${className} in ${baseOf(file)}, with what links to source need.`,
    '',
    'Made by Patchclamp, and yours to change: lines marked "guess" may need it.',
    'Needs PyTorch 2.6 or later and onnxscript. The model file will hold the paths of its source files.',
    '"""',
    '',
    ...imports(plan),
    `OUT = HERE / ${text(target)}`,
    'WEIGHTS = None  # a file with a state_dict, such as HERE / "weights.pt"',
    '',
    ...plan.notes.map((note) => `# ${note}`),
    ...guessed(`${plan.withExamples ? 'model, examples' : 'model'} = ${plan.model.code}`, plan.model.why),
    'if WEIGHTS is not None:',
    '    model.load_state_dict(torch.load(WEIGHTS, map_location="cpu"))',
    'model.eval()',
    '',
    ...inputs(plan),
    '',
    'program = torch.onnx.export(',
    '    model,',
    '    kwargs=inputs,',
    '    dynamo=True,  # this exporter writes the stack trace and the module of each node',
    '    dynamic_shapes=dynamic,',
    ...(plan.outputs.length === 0 ? [] : [`    output_names=[${plan.outputs.map(text).join(', ')}],`]),
    '    optimize=False,  # fusing operators would take their lines; constants are folded below',
    '    verbose=False,',
    ')',
    'optimizer.fold_constants_ir(program.model)',
    'optimizer.remove_unused_nodes(program.model)',
    'program.save(str(OUT))',
    '',
    'nodes = list(program.model.graph)',
    'traced = sum("pkg.torch.onnx.stack_trace" in node.metadata_props for node in nodes)',
    'print(f"{OUT}: {len(nodes)} nodes, {traced} with a line of source")',
  ];
  return `${lines.join('\n')}\n`;
}

function imports({ paths, module, className, imports: others }: ExportPlan): string[] {
  const outer = className.split('.')[0] ?? className;
  const own = isDotted(module)
    ? [`from ${module} import ${unique([outer, ...(others.get(module) ?? [])]).join(', ')}`]
    : [`${outer} = importlib.import_module(${text(module)}).${outer}`];
  for (const [other, names] of others)
    if (other !== module) own.push(`from ${other} import ${unique(names).join(', ')}`);
  const library = [
    ...(isDotted(module) ? [] : ['import importlib']),
    ...(paths.length === 0 ? [] : ['import sys']),
    'from pathlib import Path',
    '',
    'import torch',
    'from onnxscript import optimizer',
    '',
  ];
  const here = 'HERE = Path(__file__).resolve().parent';
  if (paths.length === 0) return [...library, ...own, '', here];
  return [
    ...library,
    here,
    ...paths.map((folder) => `sys.path.insert(0, str(HERE${up(folder)}))`),
    '',
    ...own,
    '',
  ];
}

function up(folder: string): string {
  return folder
    .split('/')
    .filter((part) => part !== '.' && part !== '')
    .map((part) => (part === '..' ? '.parent' : ` / ${text(part)}`))
    .join('');
}

function inputs({ inputs: all, left }: ExportPlan): string[] {
  const axes = all.filter((input) => input.axes.size > 0);
  const names = unique(axes.flatMap((input) => [...input.axes.values()]));
  const sizes = axes.map((input) => {
    const dims = [...input.axes].map(([axis, name]) => `${String(axis)}: ${name}`);
    return `${text(input.name)}: {${dims.join(', ')}}`;
  });
  const rest = all.filter((input) => input.axes.size === 0).map(({ name }) => `${text(name)}: None`);
  return [
    '# Example inputs: their types and shapes matter, their numbers do not.',
    'inputs = {',
    ...all.flatMap(({ name, code, why }) => guessed(`${text(name)}: ${code},`, why, '    ')),
    '}',
    ...(left.length === 0
      ? []
      : [`# Left at ${left.length === 1 ? 'its default' : 'their defaults'}: ${left.join(', ')}.`]),
    ...(sizes.length === 0
      ? ['dynamic = None  # every size stays as it is above']
      : [
          ...names.map((name) => `${name} = torch.export.Dim(${text(name)})`),
          `dynamic = {${[...sizes, ...rest].join(', ')}}  # sizes that may change; None keeps all as they are`,
        ]),
  ];
}

/** A line with its reason behind it, or above it where both would be too long. */
function guessed(code: string, why: string | null, indent = ''): string[] {
  if (why === null) return [indent + code];
  const comment = `# guess: ${why.replaceAll(/\s+/g, ' ')}`;
  const line = `${indent}${code}  ${comment}`;
  return line.length <= WIDTH ? [line] : [indent + comment, indent + code];
}

/** A Python string literal. */
export function text(value: string): string {
  return JSON.stringify(value);
}

function isDotted(module: string): boolean {
  return /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/.test(module);
}

function baseOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
