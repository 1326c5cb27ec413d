/** The words the comparison panel shows, in the person's language. */
import { l10n } from 'vscode';

export function compareWords(): Record<string, string> {
  return {
    reading: l10n.t('Comparing…'),
    stop: l10n.t('Stop'),
    again: l10n.t('Compare Again'),
    threshold: l10n.t('departs beyond'),
    thresholdOf: l10n.t('Relative error beyond which a value departs'),
    asCsv: l10n.t('CSV'),
    showLog: l10n.t('Show Log'),
    filter: l10n.t('Filter'),
    filterOf: l10n.t('Filter {0}'),
    shown: l10n.t('{0} of {1} rows'),
    more: l10n.t('Show {0} more'),
    showInGraph: l10n.t('Show in the graph'),
    openLine: l10n.t('Open {0}'),
    sortBy: l10n.t('Sort by {0}'),
    noControl: l10n.t('no control'),
    floor: l10n.t('floor {0}'),
    departsFirst: l10n.t('departs first'),
    departs: l10n.t('departs'),
    stopped: l10n.t('Stopped before anything was found.'),
    tables: l10n.t('What was compared'),
    notes: l10n.t('Notes'),
    table: l10n.t('Table'),
    picture: l10n.t('Picture'),
    rowsShown: l10n.t('First {0} of {1} rows.'),
  };
}
