/** Which key does what among the neurons, and the list of them that `?` opens. */

export type NeuronCommand =
  | 'strongestIn'
  | 'strongestOut'
  | 'judge'
  | 'farther'
  | 'nearer'
  | 'centre'
  | 'copy'
  | 'clamp'
  | 'line'
  | 'back'
  | 'keys';

const KEYS: Readonly<Record<string, NeuronCommand>> = {
  '[': 'strongestIn',
  ']': 'strongestOut',
  x: 'judge',
  '+': 'farther',
  '=': 'farther',
  '-': 'nearer',
  '.': 'centre',
  y: 'copy',
  c: 'clamp',
  l: 'line',
  Escape: 'back',
  '?': 'keys',
};

/** The word of each command, which ends in its key. One entry a command, or it does not compile. */
const WORDS: Readonly<Record<NeuronCommand, string>> = {
  strongestIn: 'neurons.strongestIn',
  strongestOut: 'neurons.strongestOut',
  judge: 'neurons.judge',
  farther: 'neurons.farther',
  nearer: 'neurons.nearer',
  centre: 'neurons.centre',
  copy: 'neurons.copyAddress',
  clamp: 'neurons.clamp',
  line: 'neurons.line',
  back: 'neurons.back',
  keys: 'neurons.keys',
};

export const neuronKeyList = Object.entries(WORDS).filter(
  ([command]) => command !== 'keys',
) as readonly (readonly [NeuronCommand, string])[];

export const keysWord = WORDS.keys;

/** The command of a key press, or undefined where there is none. */
export function neuronCommandOf(event: KeyboardEvent): NeuronCommand | undefined {
  return event.altKey || event.ctrlKey || event.metaKey ? undefined : KEYS[event.key];
}
