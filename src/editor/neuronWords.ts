/** The neuron graph's words in the person's language. */
import { l10n } from 'vscode';

export function neuronWords(): Record<string, string> {
  return {
    'neurons.title': l10n.t('Neurons'),
    'neurons.back': l10n.t('Back to the graph (Esc)'),
    'neurons.copy': l10n.t('Address of the chosen unit (y copies it)'),
    'neurons.keys': l10n.t('All keys (?)'),
    'neurons.strongestIn': l10n.t('To the unit it reads most from ([)'),
    'neurons.strongestOut': l10n.t('To the unit it gives most to (])'),
    'neurons.judge': l10n.t('Weight, or weight × activation (x)'),
    'neurons.farther': l10n.t('One hop farther (+)'),
    'neurons.nearer': l10n.t('One hop nearer (-)'),
    'neurons.centre': l10n.t('Its layer to the middle (.)'),
    'neurons.copyAddress': l10n.t('Copy the address (y)'),
    'neurons.clamp': l10n.t('Hold the unit at a number (c)'),
    'neurons.line': l10n.t('Open the line of its layer (l)'),
    'neurons.byWeight': l10n.t('Weight (x)'),
    'neurons.byContribution': l10n.t('Weight × activation (x)'),
    'neurons.hops': l10n.t('Hops (+ −)'),
    'neurons.empty': l10n.t('No layer of units was found in this model.'),
    'neurons.input': l10n.t('Input'),
    'neurons.oneUnit': l10n.t('1 unit'),
    'neurons.units': l10n.t('{0} units'),
    'neurons.unit': l10n.t('Unit {0}'),
    'neurons.heads': l10n.t('{0} heads of {1}'),
    'neurons.headKeys': l10n.t('Page Up and Page Down go from head to head'),
    'neurons.head': l10n.t('head {0}'),
    'neurons.rounded': l10n.t('rounded to codes'),
    'neurons.rounded.why': l10n.t(
      'This operator works on integer codes. Weights and activations are the numbers that the codes stand for; connections add up to what is there before the operator rounds.',
    ),
    'neurons.codes': l10n.t('in codes'),
    'neurons.codes.why': l10n.t(
      'This operator adds up integer codes, and no scale was found that makes numbers of them: weights and contributions are in codes.',
    ),
    'neurons.range': l10n.t('Least and most of the units’ means in the shown run'),
    'neurons.openLine': l10n.t('Open {0}'),
    'neurons.pick': l10n.t(
      'Pick a unit to see its strongest connections: arrows walk, [ and ] follow the strongest.',
    ),
    'neurons.incoming': l10n.t('Reads most from'),
    'neurons.outgoing': l10n.t('Gives most to'),
    'neurons.shown': l10n.t('{0} of {1}, {2} of the sum of magnitudes'),
    'neurons.none': l10n.t('No connection.'),
    'neurons.unitHead': l10n.t('Unit'),
    'neurons.weight': l10n.t('Weight'),
    'neurons.contribution': l10n.t('× activation'),
    'neurons.found': l10n.t('{0}: {1} strongest incoming and {2} outgoing connections'),
  };
}
