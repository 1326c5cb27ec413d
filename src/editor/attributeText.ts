/** An attribute as one line: its name, its value cut to what a line holds, the whole on hover. */
import { l10n } from 'vscode';
import type { Fact } from '../contract/hostApi';
import type { Attribute, AttributeValue } from '../contract/skeleton';
import { formatNumber } from '../tensor/format';
import { formatShape } from '../tensor/shape';

const LINE = 60;
const LIST = 2000;

export function attributeFact({ name, value }: Attribute): Fact {
  const full = attributeText(value, LIST);
  const text = attributeText(value, 16);
  return { label: name, text: text.length > LINE ? `${text.slice(0, LINE - 1)}…` : text, full };
}

function attributeText(value: AttributeValue, limit: number): string {
  switch (value.type) {
    case 'float':
      return limit === LIST ? String(value.value) : formatNumber(value.value);
    case 'int':
      return String(value.value);
    case 'string':
      return JSON.stringify(value.value);
    case 'floats':
    case 'ints':
      return list(value.value.map(String), limit);
    case 'strings':
      return list(
        value.value.map((text) => JSON.stringify(text)),
        limit,
      );
    case 'tensor':
      return `${value.value.dtype} ${formatShape(value.value.dims)}`;
    case 'sparse-tensor':
      return `${value.value.values.dtype} ${formatShape(value.value.dims)} (${l10n.t('sparse')})`;
    case 'tensors':
      return l10n.t('{0} tensors', value.value.length);
    case 'graph':
      return l10n.t('body of {0} nodes', value.value.nodes.length);
    case 'graphs':
      return l10n.t('{0} bodies', value.value.length);
    case 'type':
    case 'types':
      return l10n.t('a type');
    case 'reference':
      return l10n.t('attribute {0} of the calling node', value.name);
    case 'opaque':
      return l10n.t('{0} bytes of a kind this version does not know', value.bytes.byteLength);
  }
}

function list(items: readonly string[], limit: number): string {
  const shown = items.slice(0, limit).join(', ');
  return items.length > limit ? `[${shown}, … ${l10n.t('{0} in all', items.length)}]` : `[${shown}]`;
}
