/**
 * What an export script for a class should say: how to import it, how to make the model, which example inputs to give.
 * Reads the workspace's Python, runs nothing. Where something cannot be known, the plan says so in words.
 */
import { throwIfCancelled } from '../base/cancel';
import { Failure } from '../base/errors';
import { Constructor } from './constructions';
import { exampleInput, type KnownInput } from './exampleInputs';
import type { ExampleInput, ExportPlan } from './exportScript';
import { UseFinder } from './firstUse';
import { importingOf } from './importing';
import { Interpreter } from './interpret/interpreter';
import type { ClassValue, FunctionValue, Instance } from './interpret/values';
import type { Parameter, Stmt } from './python/ast';
import { blocksOf, definitionAt, type Outline } from './python/outline';
import { Sources, type SourceRoot } from './sources';

export interface ExportWish {
  /** Relative to the root. */
  readonly file: string;
  /** Dotted name in the file. */
  readonly className: string;
  /** Inputs of a model exported from this class before. */
  readonly known?: readonly KnownInput[];
  /** Names of the script and the model; by default from the class's name. */
  readonly script?: string;
  readonly target?: string;
}

/** `ResNet50` becomes `resnet50`, `Outer.TinyGPT` becomes `tiny_gpt`. */
export function snakeName(className: string): string {
  const last = className.slice(className.lastIndexOf('.') + 1);
  return last
    .replace(/([a-z\d])([A-Z][a-z])/g, '$1_$2')
    .replace(/([a-z])([A-Z]{2,})/g, '$1_$2')
    .toLowerCase();
}

/** A model's name that no file has yet: an export must not replace a trained model by a new one. */
export async function freeTarget(base: string, exists: (name: string) => Promise<boolean>): Promise<string> {
  for (let i = 0; ; i++) {
    const name = i === 0 ? `${base}.onnx` : `${base}.export${i === 1 ? '' : String(i)}.onnx`;
    if (!(await exists(name))) return name;
  }
}

/** Plans an export. Rejects with a sentence where the class cannot be imported or is none. */
export async function planExport(
  root: SourceRoot,
  wish: ExportWish,
  signal?: AbortSignal,
): Promise<ExportPlan> {
  const sources = new Sources(await root.list(signal));
  if (!sources.has(wish.file)) sources.set(wish.file, await root.read(wish.file, signal));
  throwIfCancelled(signal);
  const made = await sources.settle(root, () => Promise.resolve(plan(sources, wish)), signal);
  if (made !== null) return made;
  throw new Failure({
    code: 'bad-source',
    message: `${wish.file} has no class ${wish.className} that a script could import.`,
    remedy:
      'Put the cursor on a class at the top level of a file, and correct the file where it does not parse.',
  });
}

/** null where there is no such class, or its file has not been read yet. */
function plan(sources: Sources, wish: ExportWish): ExportPlan | null {
  const { file, className } = wish;
  const interpreter = new Interpreter(sources);
  const cls = classNamed(interpreter, file, className);
  if (cls === null) return null;
  const name = snakeName(className);
  const script = wish.script ?? `export_${name}.py`;
  const target = wish.target ?? `${name}.onnx`;
  const importing = importingOf(sources, file);
  const construction = new Constructor(sources, interpreter).of(cls, className);
  const forward = interpreter.classAttribute(cls, 'forward');
  const outline = sources.outline(file);
  const notes = outline === undefined ? [] : importNotes(outline);
  const base = {
    className,
    file,
    ...importing,
    imports: construction.imports,
    model: { code: construction.code, why: construction.why },
    withExamples: construction.examples > 0,
    script,
    target,
  };
  if (forward?.kind !== 'function') {
    const inputs = inherited(interpreter, cls);
    notes.push(`forward is inherited from a library: see its own documentation for the inputs.`);
    return { ...base, inputs, left: [], outputs: [], notes };
  }
  const given = forward.params.slice(1);
  const wanted = given.filter(({ fallback, stars }) => fallback === null && stars === 0);
  const left = given.filter(({ fallback }) => fallback !== null).map((param) => param.name);
  if (given.some(({ stars }) => stars === 1))
    notes.push('forward takes any number of tensors: give them with args=(...) below, not with kwargs.');
  const reader = new ForwardReader(interpreter, sources, construction.instance, forward, wish.known ?? []);
  return {
    ...base,
    inputs: wanted.map((param, i) => {
      const input = reader.input(param);
      if (i >= construction.examples) return input;
      return { ...input, code: `examples[${String(i)}]`, why: null };
    }),
    left,
    outputs: reader.outputs(),
    notes,
  };
}

function classNamed(interpreter: Interpreter, file: string, className: string): ClassValue | null {
  const [first = '', ...rest] = className.split('.');
  let value = interpreter.moduleEnv(file)?.vars.get(first);
  for (const name of rest)
    value = value?.kind === 'class' ? interpreter.classAttribute(value, name) : undefined;
  return value?.kind === 'class' ? value : null;
}

/** What `forward` and the words around it say about inputs and outputs. */
class ForwardReader {
  readonly #finder: UseFinder;
  readonly #text: string;

  constructor(
    private readonly interpreter: Interpreter,
    private readonly sources: Sources,
    private readonly instance: Instance,
    private readonly forward: FunctionValue,
    private readonly known: readonly KnownInput[],
  ) {
    this.#finder = new UseFinder(interpreter);
    this.#text = this.#words();
  }

  input(param: Parameter): ExampleInput {
    const { name, annotation } = param;
    const outline = this.sources.outline(this.forward.env.file);
    const written =
      annotation === null ? '' : (outline?.lines.text.slice(annotation.from, annotation.to) ?? '');
    return exampleInput({
      name,
      annotation: written,
      text: this.#text,
      use: this.#finder.find({ ...this.forward, self: this.instance }, name),
      known: this.known.find((input) => input.name === name) ?? null,
      sequence: isSequence(this.instance),
      sizeOf: (size) => this.#size(size),
    });
  }

  /** Names of what is returned, where they are surely names of outputs and not of values inside. */
  outputs(): string[] {
    const params = new Set(this.forward.params.map(({ name }) => name));
    const usual =
      /^(?:logits|outputs?|probs?|probabilities|scores?|predictions?|boxes|embeddings?|hidden_states?|features|reconstruction|mu|logvar|loss|labels)$|[a-z]_[a-z]/;
    const good = (name: string): boolean => usual.test(name) && !params.has(name);
    const returned = 'statements' in this.forward.body ? lastReturn(this.forward.body.statements()) : null;
    const names =
      returned?.kind === 'name'
        ? [returned.id]
        : returned?.kind === 'list'
          ? returned.items.map((item) => (item.kind === 'name' ? item.id : ''))
          : [];
    if (names.length > 0 && names.every(good))
      return [...new Set(names)].length === names.length ? names : [];
    const written = /->\s*([A-Za-z_]\w*)\s*(?:of [^[(\n]{1,40})?[[(]/.exec(this.#text)?.[1];
    return written !== undefined && good(written) && returned?.kind !== 'list' ? [written] : [];
  }

  /** Docstrings of the class and of `forward`, and the comments of `forward`. */
  #words(): string {
    const { forward, instance } = this;
    const parts: string[] = [];
    if ('statements' in forward.body) parts.push(docstring(forward.body.statements()));
    const text =
      this.sources.outline(forward.env.file)?.lines.text.slice(forward.node.from, forward.node.to) ?? '';
    for (const match of text.matchAll(/#\s*(.+)$/gm)) parts.push(match[1] ?? '');
    if (instance.ref.kind === 'user') parts.push(docstring(instance.ref.cls.node.body()));
    return parts.join('\n');
  }

  /** A size by its name: an attribute, an argument, a field of its configuration, a constant of the file. */
  #size(name: string): number | null {
    const { instance, interpreter } = this;
    const candidates = [
      instance.attributes.get(name),
      new Constructor(this.sources, interpreter).argument(instance, name),
      this.#inConfig(name),
      interpreter.moduleEnv(this.forward.env.file)?.vars.get(name),
    ];
    for (const value of candidates) {
      if (value?.kind === 'constant' && typeof value.value === 'number' && value.value > 0)
        return value.value;
    }
    return null;
  }

  #inConfig(name: string): ReturnType<Instance['attributes']['get']> {
    for (const holder of ['config', 'cfg', 'args', 'hparams']) {
      const config = this.instance.attributes.get(holder) ?? this.instance.args.named.get(holder);
      if (config?.kind !== 'instance') continue;
      this.interpreter.fill(config);
      return config.attributes.get(name);
    }
    return undefined;
  }
}

function isSequence({ ref }: Instance): boolean {
  return ref.kind === 'user' && /attention|attn|transformer|gpt|bert|llama/i.test(ref.cls.name);
}

function docstring(body: readonly Stmt[]): string {
  const [first] = body;
  return first?.kind === 'expression' && first.value.kind === 'string' ? (first.value.value ?? '') : '';
}

function lastReturn(body: readonly Stmt[]): (Stmt & { kind: 'return' })['value'] {
  let found: (Stmt & { kind: 'return' })['value'] = null;
  for (const statement of body) {
    if (statement.kind === 'return') found = statement.value;
    else if (statement.kind !== 'function' && statement.kind !== 'class')
      for (const block of blocksOf(statement)) found = lastReturn(block) ?? found;
  }
  return found;
}

/** Inputs of a `forward` that a library wrote. */
function inherited(interpreter: Interpreter, cls: ClassValue): ExampleInput[] {
  const bases = interpreter.mro(cls).filter((base) => typeof base === 'string');
  const last = bases.map((base) => base.slice(base.lastIndexOf('.') + 1)).join(' ');
  const image = /Image|ViT|ResNet|Vision|ConvNe/.test(last);
  const name = /Sequential/.test(last)
    ? 'input'
    : image
      ? 'pixel_values'
      : /Transformer|timm/.test(last)
        ? 'x'
        : 'input_ids';
  const facts = {
    name,
    annotation: '',
    text: '',
    use: null,
    known: null,
    sequence: false,
    sizeOf: () => null,
  };
  return [exampleInput(facts)];
}

/** What importing the file does besides defining things. */
function importNotes(outline: Outline): string[] {
  const busy = outline.body.find(
    (statement) =>
      (statement.kind === 'expression' && statement.value.kind === 'call') ||
      statement.kind === 'for' ||
      statement.kind === 'while' ||
      statement.kind === 'with',
  );
  if (busy === undefined || definitionAt(outline, busy.from) !== undefined) return [];
  return [
    `Importing ${outline.file.slice(outline.file.lastIndexOf('/') + 1)} also runs its line ${String(outline.lines.lineAt(busy.from))}.`,
  ];
}
