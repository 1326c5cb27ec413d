/**
 * The sentences of the engine. What the runtime says is kept, behind the words that say which node and operator it is
 * about and what to do.
 */
import { Failure } from '../../base/errors';
import type { FeedSpec } from '../../contract/run';
import type { Skeleton, ValueType } from '../../contract/skeleton';
import { describeNode } from '../../onnx/names';
import { nearestNames } from '../../onnx/nearest';
import { formatBytes } from '../../tensor/format';
import { formatShape } from '../../tensor/shape';

/** `float32 1×3×?×?`. */
export function formatSpec({ dtype, shape }: Pick<FeedSpec, 'dtype' | 'shape'>): string {
  return `${dtype} ${formatShape(shape)}`;
}

export function unknownModel(id: string): Failure {
  return new Failure({
    code: 'disconnected',
    message: `The engine does not hold the model ${id}.`,
    remedy: 'Open it again.',
  });
}

export function goneTensor(): Failure {
  return new Failure({
    code: 'disconnected',
    message: 'The engine no longer holds this tensor: it was let go, or the engine was replaced.',
    remedy: 'Run again.',
  });
}

export function unknownFeed(name: string, inputs: readonly FeedSpec[]): Failure {
  if (inputs.some((input) => input.name === name && /sequence$/.test(input.container ?? '')))
    return new Failure({
      code: 'bad-feed',
      message: `The input "${name}" is a sequence.`,
      remedy: `Feed its elements as "${name}[0]", "${name}[1]", and so on.`,
    });
  const names = inputs.map((input) => input.name);
  const [near] = nearestNames(name, names);
  const list =
    names.length === 0 ? 'It takes no inputs.' : `Its inputs are ${names.slice(0, 12).join(', ')}.`;
  return new Failure({
    code: 'bad-feed',
    message: `The model has no input "${name}".`,
    remedy: near === undefined ? list : `Did you mean "${near}"? ${list}`,
  });
}

export function unknownOutput(name: string, outputs: readonly string[]): Failure {
  return new Failure({
    code: 'usage',
    message: `The model has no output "${name}".`,
    remedy: `Its outputs are ${outputs.slice(0, 12).join(', ')}.`,
  });
}

/** `type`: what is known of the value, where it is no tensor. */
export function unknownType(site: string, type: ValueType | undefined): Failure {
  const other = type !== undefined && type.kind !== 'unknown' && type.kind !== 'tensor';
  return new Failure({
    code: 'bad-intervention',
    message: other
      ? `"${site}" is a sequence, a map or an optional, and only tensors can be changed.`
      : `The type of "${site}" is not known: the runtime cannot infer it.`,
    remedy: other ? 'Choose a value that it is made from, or that is made from it.' : 'Choose another value.',
  });
}

export function severalCalls(site: string, values: readonly string[]): Failure {
  return new Failure({
    code: 'bad-site',
    message: `"${site}" lies in a function that ${String(values.length)} nodes call, so it stands for as many values.`,
    remedy: `Choose one: ${values.slice(0, 6).join(', ')}${values.length > 6 ? ', …' : '.'}`,
  });
}

export function conflict(first: string, second: string): Failure {
  return new Failure({
    code: 'bad-intervention',
    message: `Two interventions fix the same elements: "${first}" and "${second}".`,
    remedy: 'Keep one of them.',
  });
}

export function reshaped(site: string, before: readonly number[], after: readonly number[]): Failure {
  return new Failure({
    code: 'bad-intervention',
    message: `The value at "${site}" is ${formatShape(before)}, and ${formatShape(after)} once the other interventions are at work, so its elements cannot be named.`,
    remedy: 'Leave out the intervention that changes its shape, or this one.',
  });
}

export function beforeItself(site: string, value: string): Failure {
  return new Failure({
    code: 'bad-intervention',
    message: `"${site}" is the value as it was before interventions, which none of them changes.`,
    remedy: `Intervene at "${value}".`,
  });
}

export function notComputed(value: string): Failure {
  return new Failure({
    code: 'bad-intervention',
    message: `"${value}" is not computed with these inputs: the branch that makes it is not taken.`,
    remedy: 'Change the input that decides, or choose a value of the other branch.',
  });
}

export function noIteration(value: string): Failure {
  return new Failure({
    code: 'bad-intervention',
    message: `"${value}" is not computed with these inputs: the loop around it makes no iteration.`,
    remedy: 'Change the input that decides, or choose a value outside the loop.',
  });
}

/** Neither an output nor a value inside. */
export function nothingAsked({ file, graph }: Skeleton): Failure {
  const none = graph.outputs.length === 0;
  return new Failure({
    code: 'usage',
    message: none
      ? `${file} has no outputs.`
      : 'This run asks for no output that can be shown, and for no value.',
    remedy: 'Name a value to capture.',
  });
}

export function noProvider(asked: string, listed: readonly string[]): Failure {
  return new Failure({
    code: 'unsupported',
    message: `This machine's runtime has no execution provider "${asked}".`,
    remedy: `It has ${listed.join(', ')}.`,
  });
}

export function notATensor(site: string): Failure {
  return new Failure({
    code: 'unsupported',
    message: `"${site}" is a sequence, a map or an optional, and only tensors can be captured.`,
    remedy: 'Choose a value that is made from it.',
  });
}

export function missingFeed(spec: FeedSpec): Failure {
  return new Failure({
    code: 'bad-feed',
    message: `The input "${spec.name}" was not given.`,
    remedy: `Feed it ${formatSpec(spec)}.`,
  });
}

export function missingElement(element: string): Failure {
  return new Failure({
    code: 'bad-feed',
    message: `Elements of a sequence are fed from the first on, and "${element}" was not given.`,
    remedy: 'Feed it, or number the elements from 0.',
  });
}

export function wrongFeed(
  spec: FeedSpec,
  given: { dtype: string; dims: readonly number[] },
  what: string,
): Failure {
  return new Failure({
    code: 'bad-feed',
    message: `The input "${spec.name}" takes ${formatSpec(spec)}, but ${given.dtype} ${formatShape(given.dims)} was given: ${what}.`,
    remedy: 'Change the feed.',
  });
}

export function uncarried(what: string, dtype: string): Failure {
  return new Failure({
    code: 'unsupported',
    message: `${what} is ${dtype}, which onnxruntime-node cannot hand over.`,
    remedy: 'Choose a value of another type.',
  });
}

/** An error the runtime threw while making a session or running. */
export function runtimeFailure(error: unknown, skeleton: Skeleton, doing: string): Failure {
  if (error instanceof Failure) return error;
  const said = error instanceof Error ? error.message : String(error);
  if (
    /bad_alloc|BFCArena|failed to allocate|AllocateRawInternal|out of memory|Array buffer allocation failed/i.test(
      said,
    )
  ) {
    return new Failure({
      code: 'out-of-memory',
      message: `${doing} needs more memory than there is${asked(skeleton, said)}.`,
      remedy: 'Use a smaller input, a smaller batch, or capture fewer values.',
      cause: error,
    });
  }
  const missing = /Could not find an implementation for (\w+)\((\d+)\) node with name '([^']*)'/.exec(said);
  if (missing !== null) {
    const [, op = '', version = '', name = ''] = missing;
    return new Failure({
      code: 'unsupported',
      message: `The runtime has no ${op} (version ${version}) for the types that ${nodeCalled(skeleton, name, op)} uses.`,
      remedy: 'Export the model with other types or another opset; it can still be looked at.',
      cause: error,
    });
  }
  const provider =
    /OrtSessionOptionsAppendExecutionProvider_?(\w*): ([\s\S]*)/.exec(said) ??
    /^(?=[\s\S]*\b(WebGPU|DirectML|CoreML)\b (?:adapter|device))([\s\S]*)/i.exec(said);
  if (provider !== null) {
    const [, asked = '', why = ''] = provider;
    return new Failure({
      code: 'unsupported',
      message: `The execution provider ${asked.toLowerCase()} cannot be used on this machine: ${sentence(why)}`,
      remedy: 'Install what it needs, or choose cpu.',
      cause: error,
    });
  }
  const unregistered = unregisteredOperator(said);
  if (unregistered !== null) {
    const { op, version } = unregistered;
    const node = skeleton.nodes.find((candidate) => candidate.op === op);
    const where = node === undefined ? '' : `: ${describeNode(node)}`;
    const own = node === undefined || node.domain === '' ? '' : ` of "${node.domain}"`;
    return new Failure({
      code: 'unsupported',
      message: `The runtime has no operator ${op}${own} in version ${version}${where}.`,
      remedy:
        'The model can be looked at but not run; values before that node can be recorded without the outputs. Custom operators need a library that registers them.',
      cause: error,
    });
  }
  const opset = /Opset (\d+) is under development[\s\S]*domain (\S+) is till opset (\d+)/.exec(said);
  if (opset !== null) {
    const [, version = '', domain = '', known = ''] = opset;
    return new Failure({
      code: 'unsupported',
      message: `The model says opset ${version} of ${domain}; the runtime knows those up to ${known}.`,
      remedy: 'Export it again with an opset that the runtime knows; it can still be looked at.',
      cause: error,
    });
  }
  const ir = /Unsupported model IR version: (\d+), max supported IR version: (\d+)/.exec(said);
  if (ir !== null) {
    const [, version = '', known = ''] = ir;
    return new Failure({
      code: 'unsupported',
      message: `The model says version ${version} of ONNX's file format (ir_version); the runtime knows those up to ${known}.`,
      remedy: `Set ir_version to ${known} when it is saved, as \`model.ir_version = ${known}\` before \`onnx.save\`; it can still be looked at.`,
      cause: error,
    });
  }
  const atNode = /while running (\w+) node\. Name:'([^']*)' Status Message: ([\s\S]*)/.exec(said);
  if (atNode !== null) {
    const [, op = '', name = '', why = ''] = atNode;
    return new Failure({
      code: 'runtime',
      message: `${doing} stopped at ${nodeCalled(skeleton, name, op)}: ${sentence(why)}`,
      remedy: 'Check the shapes and values of the inputs.',
      cause: error,
    });
  }
  // What the reader found wrong with the file says more than what the runtime stumbles over, and what to do.
  const [fault] = skeleton.warnings;
  const what = `${doing} failed: ${sentence(said)}`;
  return new Failure({
    code: 'runtime',
    message: fault === undefined ? what : `${what} The file has a fault: ${fault.message}`,
    remedy:
      fault === undefined
        ? 'Export the model again, or check it with onnx.checker; it can still be looked at.'
        : '',
    cause: error,
  });
}

/** The operator that the runtime has no kernel for, where that is what it said. */
export function unregisteredOperator(said: string): { readonly op: string; readonly version: string } | null {
  const found =
    /No Op registered for (\S+) with domain_version of (\d+)/.exec(said) ??
    /(?:Fatal error: )?(?:[\w.]+:)?([\w.]+)\(-?(\d+)\) is not a registered function\/op/.exec(said);
  return found === null ? null : { op: found[1] ?? '', version: found[2] ?? '' };
}

/** Which node asked for how much, where the runtime says so. */
function asked(skeleton: Skeleton, said: string): string {
  const [, op, name = ''] = /while running (\w+) node\. Name:'([^']*)'/.exec(said) ?? [];
  const bytes = /requested buffer of size (\d+)/.exec(said)?.[1];
  const much = bytes === undefined ? 'more' : formatBytes(Number(bytes));
  return op === undefined ? '' : `: ${nodeCalled(skeleton, name, op)} asked for ${much}`;
}

/** The runtime names nodes by name, and by place where they have none. */
function nodeCalled(skeleton: Skeleton, name: string, op: string): string {
  const named = skeleton.nodes.filter((node) => node.name === name && node.op === op && name !== '');
  const [only] = named;
  if (only !== undefined && named.length === 1) return describeNode(only);
  const alone = skeleton.nodes.filter((node) => node.op === op);
  const [single] = alone;
  if (single !== undefined && alone.length === 1) return describeNode(single);
  return `a node (${op}${name === '' ? '' : ` "${name}"`})`;
}

/** The runtime's text without its codes, paths, signatures and stack. */
function sentence(said: string): string {
  const text = firstLine(said)
    .replace(/^\[ONNXRuntimeError\] : \d+ : \w+ : /, '')
    .replace(/^Non-zero status code returned /, '')
    .replace(/^Exception during initialization: /, '')
    .replace(/(?:[A-Za-z]:)?[\\/][\w.\\/-]+\.(?:cc|h|hpp):\d+ /g, '')
    // `Kernel::Kernel(const Info&) [with …] condition was false. What it means.`
    .replace(/^(?:\w[\w:<>,&* ]* )?onnxruntime::.*?\)\s+(?:\[with [^\]]*\]\s+)?/, '')
    .replace(/^.{0,200}? was false\. /, '')
    .trim();
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0]?.slice(0, 800) ?? '';
}
