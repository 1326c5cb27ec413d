/** What a tooltip and a screen reader are told about a box or a tensor: short lines, most telling first. */
import { NodeKind } from '../../src/contract/graphModel';
import { formatBytes, formatCount } from '../../src/tensor/format';
import type { Scene } from './scene';
import { phrase } from './words';

export interface FactLines {
  readonly title: string;
  readonly lines: readonly string[];
}

type Words = Readonly<Record<string, string>>;

/** Types of values as the shown run had them take precedence over what the model says. */
export type TypeOf = (value: number) => string;

export function boxFacts(scene: Scene, box: number, words: Words, typeOf: TypeOf): FactLines {
  const { model } = scene;
  const { nodes, scopes } = model;
  const lines: string[] = [];
  const node = scene.nodeOf(box);
  if (node >= 0) {
    const op = scene.text(nodes.op[node]);
    const name = scene.text(nodes.name[node]);
    const terminal = nodes.kind[node] === NodeKind.Input || nodes.kind[node] === NodeKind.Output;
    if (!terminal && name !== '') lines.push(name);
    const detail = scene.text(nodes.detail[node]);
    if (detail !== '') lines.push(detail);
    const bytes = nodes.weightBytes[node] ?? 0;
    if (bytes > 0) lines.push(formatBytes(bytes));
    lines.push(...outputLines(scene, box, typeOf));
    return { title: terminal ? name : op, lines };
  }
  const scope = scene.scopeOf(box);
  const className = scene.text(scopes.className[scope]);
  if (className !== '') lines.push(className);
  const path = scene.text(scopes.path[scope]);
  const repeat = scene.result.boxes.repeat[box] ?? 1;
  const parameters = scopes.parameters[scope] ?? 0;
  if (parameters > 0) lines.push(phrase(words, 'parameters', formatCount(parameters)));
  lines.push(...outputLines(scene, box, typeOf));
  return { title: repeat > 1 ? `${path} ×${String(repeat)}` : path, lines };
}

export function edgeFacts(scene: Scene, edge: number, words: Words, typeOf: TypeOf): FactLines {
  const { edges } = scene.result;
  const value = edges.value[edge] ?? 0;
  const type = typeOf(value);
  const name = scene.text(scene.model.values.name[value]);
  const from = edges.from[edge] ?? 0;
  let readers = 0;
  for (let k = scene.outOf.start[from] ?? 0; k < (scene.outOf.start[from + 1] ?? 0); k++) {
    if (edges.value[scene.outOf.rows[k] ?? 0] === value) readers++;
  }
  const ends = `${scene.label(from).title} → ${scene.label(edges.to[edge] ?? 0).title}`;
  const lines = [name, ends];
  if (readers > 1) lines.push(phrase(words, 'consumers', readers));
  return { title: type === '' ? phrase(words, 'unknownShape') : type, lines };
}

/** Types of what a box gives, each once. */
function outputLines(scene: Scene, box: number, typeOf: TypeOf): string[] {
  const seen = new Set<number>();
  const lines: string[] = [];
  for (let k = scene.outOf.start[box] ?? 0; k < (scene.outOf.start[box + 1] ?? 0) && lines.length < 4; k++) {
    const value = scene.result.edges.value[scene.outOf.rows[k] ?? 0] ?? 0;
    if (seen.has(value)) continue;
    seen.add(value);
    const type = typeOf(value);
    if (type !== '') lines.push(`→ ${type}`);
  }
  return lines;
}
