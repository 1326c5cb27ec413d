/** Comparisons -> the tables of the comparison panel, in the person's language. Says nothing new; loads nothing. */
import { l10n } from 'vscode';
import type { Departures } from '../compare/departures';
import type { Change, Difference } from '../compare/difference';
import type { Facts } from '../compare/facts';
import type { NonFiniteReport } from '../compare/nonFinite';
import type { WeightDifference } from '../compare/weights';
import type { CompareColumn, CompareMark, CompareRow, CompareTable } from '../contract/compareApi';
import { formatShape } from '../tensor/shape';

const text = (title: string): CompareColumn => ({ title, kind: 'text' });
const number = (title: string): CompareColumn => ({ title, kind: 'number' });
const share = (title: string): CompareColumn => ({ title, kind: 'share' });

/** Words of a mark, for the first column: nothing is told by colour alone. */
function markWord(mark: CompareMark): string {
  return {
    begins: l10n.t('departs first'),
    departs: l10n.t('departs'),
    changed: l10n.t('changed'),
    added: l10n.t('added'),
    removed: l10n.t('removed'),
    same: l10n.t('the same'),
  }[mark];
}

/** `other` is what the second column holds: the other model's value, or the recorded module. */
export function valuesTable({ rows }: Departures, other: string, control: string): CompareTable {
  return {
    id: 'values',
    title: l10n.t('Values'),
    columns: [
      text(l10n.t('Value')),
      share(l10n.t('Relative error')),
      text(other),
      text(l10n.t('Operator')),
      number(l10n.t('Largest')),
      { ...number(l10n.t('Cosine')), digits: 6 },
      number(l10n.t('Floor')),
      text(l10n.t('Module')),
      text(l10n.t('Shape')),
    ],
    rows: rows.map((row): CompareRow => {
      const mark = row.begins ? 'begins' : row.departs ? 'departs' : 'same';
      const { numbers, floor } = row;
      const { relative = null, max = null, cosine = null } = numbers ?? {};
      return {
        mark,
        cells: [row.site, relative, row.other, row.op, max, cosine, floor, row.module, formatShape(row.dims)],
        floor,
        target: { side: 'a', node: row.node },
        hint: row.problem ?? (mark === 'same' ? '' : markWord(mark)),
      };
    }),
    empty: l10n.t('No value of one is a value of the other.'),
    control,
  };
}

export function nodesTable(difference: Difference): CompareTable {
  const row = (mark: CompareMark, side: 'a' | 'b', id: number, what: string): CompareRow => {
    const facts = difference[side];
    const node = facts.skeleton.nodes[id];
    return {
      mark,
      cells: [
        markWord(mark),
        node?.op ?? '',
        node?.name === '' ? (node.outputs[0] ?? '') : (node?.name ?? ''),
        facts.module[id] ?? '',
        what,
      ],
      floor: null,
      target: { side, node: id },
      hint: '',
    };
  };
  return {
    id: 'nodes',
    title: l10n.t('Nodes'),
    columns: [
      text(l10n.t('Status')),
      text(l10n.t('Operator')),
      text(l10n.t('Node')),
      text(l10n.t('Module')),
      text(l10n.t('What changed')),
    ],
    rows: [
      ...difference.pairs
        .filter(({ changes }) => changes.length > 0)
        .map(({ a, changes }) => row('changed', 'a', a, changes.map(changeText).join('; '))),
      ...difference.removed.map((id) => row('removed', 'a', id, '')),
      ...difference.added.map((id) => row('added', 'b', id, '')),
    ],
    empty: l10n.t('Every node of one is a node of the other, and none is changed.'),
    control: '',
  };
}

function changeText({ kind, name, a, b }: Change): string {
  switch (kind) {
    case 'operator':
      return l10n.t('{0} is now {1}', a, b);
    case 'attribute':
      return l10n.t('{0}: {1} is now {2}', name, a, b);
    case 'weight':
      return l10n.t('weight {0}: {1} is now {2}', name, a, b);
    case 'input':
      return l10n.t('input {0} reads {2} instead of {1}', name, a, b);
  }
}

export function modulesTable({ modules, a, b }: Difference): CompareTable {
  return {
    id: 'modules',
    title: l10n.t('Modules'),
    columns: [
      text(l10n.t('Module')),
      number(l10n.t('Same')),
      number(l10n.t('Changed')),
      number(l10n.t('Added')),
      number(l10n.t('Removed')),
    ],
    rows: modules
      .filter(({ changed, added, removed }) => changed + added + removed > 0)
      .map((module): CompareRow => {
        const { path, same, changed, added, removed } = module;
        return {
          mark: removed > 0 ? 'removed' : added > 0 ? 'added' : 'changed',
          cells: [path === '' ? l10n.t('the whole model') : path, same, changed, added, removed],
          floor: null,
          target: firstIn(a, path, 'a') ?? firstIn(b, path, 'b'),
          hint: '',
        };
      }),
    empty: l10n.t('No module differs.'),
    control: '',
  };
}

function firstIn({ module }: Facts, path: string, side: 'a' | 'b'): CompareRow['target'] {
  const node = module.indexOf(path);
  return path === '' || node < 0 ? null : { side, node };
}

export function weightsTable(weights: readonly WeightDifference[], facts: Facts): CompareTable {
  const reader = new Map<string, number>();
  for (const node of facts.skeleton.nodes) {
    for (const name of node.inputs) if (!reader.has(name)) reader.set(name, node.id);
  }
  const differing = weights.filter(({ numbers }) => numbers?.equal !== true);
  return {
    id: 'weights',
    title: l10n.t('Weights'),
    columns: [
      text(l10n.t('Weight')),
      share(l10n.t('Relative difference')),
      number(l10n.t('Largest')),
      { ...number(l10n.t('Cosine')), digits: 6 },
      number(l10n.t('Elements that differ')),
      text(l10n.t('Type')),
      text(l10n.t('Shape')),
    ],
    rows: [...differing]
      .sort((x, y) => (y.numbers?.relative ?? -1) - (x.numbers?.relative ?? -1))
      .map(({ a, dtypeA, dtypeB, dims, numbers, problem }): CompareRow => {
        const node = reader.get(a);
        return {
          mark: 'changed',
          cells: [
            a,
            numbers?.relative ?? null,
            numbers?.max ?? null,
            numbers?.cosine ?? null,
            numbers?.differing ?? null,
            dtypeA === dtypeB ? dtypeA : `${dtypeA}, ${dtypeB}`,
            formatShape(dims),
          ],
          floor: null,
          target: node === undefined ? null : { side: 'a', node },
          hint: problem ?? '',
        };
      }),
    empty: l10n.t('All {0} weights are equal, number by number.', weights.length),
    control:
      differing.length === 0
        ? ''
        : l10n.t(
            '{0} of {1} weights are equal and left out.',
            weights.length - differing.length,
            weights.length,
          ),
  };
}

export function nonFiniteTable({ rows, checked }: NonFiniteReport): CompareTable {
  return {
    id: 'values',
    title: l10n.t('Values'),
    columns: [
      text(l10n.t('Value')),
      text(l10n.t('Operator')),
      text(l10n.t('Module')),
      number(l10n.t('NaN')),
      number(l10n.t('Infinite')),
      number(l10n.t('Elements')),
    ],
    rows: rows.map((row): CompareRow => {
      const mark = row.beginsNan || row.beginsInf ? 'begins' : 'departs';
      return {
        mark,
        cells: [row.site, row.op, row.module, row.nan, row.inf, row.count],
        floor: null,
        target: { side: 'a', node: row.node },
        hint: mark === 'begins' ? l10n.t('What it is computed from is finite.') : '',
      };
    }),
    empty: l10n.t('All {0} values are finite.', checked),
    control: '',
  };
}
