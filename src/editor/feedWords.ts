/** The words of feeds and guesses, in the person's language. */
import { l10n } from 'vscode';
import type { GuessWords } from './feedDefaults';
import type { PartWords } from './feedParts';

export function partWords(): PartWords {
  return {
    source: l10n.t('Source'),
    size: l10n.t('Size'),
    crop: l10n.t('crop'),
    channels: l10n.t('Channels'),
    scale: l10n.t('Scale'),
    mean: l10n.t('mean'),
    std: l10n.t('std'),
    layout: l10n.t('Layout'),
    seed: l10n.t('seed'),
    below: l10n.t('Below'),
    tokenizer: l10n.t('Tokenizer'),
    field: l10n.t('Field'),
    special: l10n.t('special tokens'),
    noSpecial: l10n.t('no special tokens'),
    pad: l10n.t('pad'),
    random: l10n.t('random'),
    inverted: l10n.t('inverted'),
    ownSize: l10n.t('own size'),
  };
}

export function guessWords(): GuessWords {
  return {
    firstImage: l10n.t('the first image near the model'),
    exampleText: l10n.t('an example'),
    firstPrompt: (file) => l10n.t('the first of {0}', file),
    arrayName: l10n.t('a file near the model has its name'),
    arrayShape: l10n.t('a file near the model has its type and shape'),
    nothingBetter: l10n.t('nothing beside the model says better'),
    usual: l10n.t('a usual size'),
    shape: l10n.t('the input’s shape'),
    itsName: l10n.t('its name'),
    emptyState: l10n.t('a state begins as zeros'),
  };
}
