/** How nodes and graphs are called in sentences. */
import type { Node } from '../contract/skeleton';

const MAX_NAME = 60;

/** `node 12 (Conv "stem/conv")`, with the body or function it lies in. */
export function describeNode(node: Pick<Node, 'index' | 'op' | 'name' | 'graph'>): string {
  const op = node.op === '' ? 'no operator' : shorten(node.op);
  const name = node.name === '' ? '' : ` "${shorten(node.name)}"`;
  const where = node.graph === '' ? '' : ` in ${shorten(node.graph)}`;
  return `node ${node.index} (${op}${name})${where}`;
}

/** Keeps both ends of a long name. */
export function shorten(text: string, limit = MAX_NAME): string {
  if (text.length <= limit) return text;
  const half = Math.floor((limit - 1) / 2);
  return `${text.slice(0, half)}…${text.slice(text.length - half)}`;
}

/** With a capital letter, for the start of a sentence. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
