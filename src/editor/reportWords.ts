/** The words the report panel shows, in the person's language. */
import { l10n } from 'vscode';

export function reportWords(): Record<string, string> {
  return {
    table: l10n.t('Table'),
    picture: l10n.t('Picture'),
    rowsShown: l10n.t('First {0} of {1} rows.'),
    control: l10n.t('control'),
    noControl: l10n.t('no control'),
    controls: l10n.t('Controls'),
    caveats: l10n.t('Read with care'),
    provenance: l10n.t('Provenance'),
    input: l10n.t('Input'),
    stop: l10n.t('Stop'),
    runAgain: l10n.t('Run Again'),
    experiment: l10n.t('Keep as an Experiment File'),
    openExperiment: l10n.t('Open {0}'),
    asCsv: l10n.t('CSV'),
    showLog: l10n.t('Show Log'),
    reading: l10n.t('Reading the report…'),
    waiting: l10n.t('No finding yet.'),
    stopped: l10n.t('Stopped before there was a finding.'),
    progress: l10n.t('{0} ({1} of {2})'),
    passed: l10n.t('passed'),
    failed: l10n.t('failed'),
    model: l10n.t('Model'),
    inputs: l10n.t('Inputs'),
    parameters: l10n.t('Parameters'),
    seed: l10n.t('Seed'),
    versions: l10n.t('Versions'),
    hash: l10n.t('SHA-256 of the model file'),
    revealValue: l10n.t('Show {0} in the graph'),
  };
}
