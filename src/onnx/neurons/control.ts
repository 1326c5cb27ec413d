/**
 * Units that go into the body of an `If`, a `Loop` or a `Scan` and come out of it. A branch's units are the node's,
 * where they come from that branch; what an iteration hands to the next is tied one to one, but the mean over iterations
 * says nothing of the last one. Pure.
 */
import type { Node } from '../../contract/skeleton';
import type { Body } from './bodies';
import type { UnitMap } from './unitMap';
import { sameUnits, type Units } from './units';

/** Before a body's nodes: what its formal inputs hold. */
export function enterBody(units: Units, owner: Node, body: Body): void {
  const { states, first } = placesOf(units, owner, body);
  for (let k = 0; k < states; k++) {
    const [given, formal] = [owner.inputs[first + k] ?? '', body.inputs[first + k] ?? ''];
    const map = units.map(given);
    if (map?.form !== 'same') continue;
    units.addLines('state', owner.id, formal, map, [units.line(map, given, { always: false })]);
  }
  if (owner.op !== 'Scan') return;
  for (let at = states; at < body.inputs.length; at++) {
    const map = units.map(owner.inputs[at] ?? '');
    const slice = map && sliced(map);
    if (slice !== undefined && isDefault(units, owner, 'scan_input_axes'))
      units.own(body.inputs[at] ?? '', slice);
  }
}

/** After a node's bodies: what it gives out. */
export function leaveBodies(units: Units, owner: Node, bodies: readonly Body[]): void {
  if (owner.op === 'If') {
    for (const [index, output] of owner.outputs.entries()) choose(units, owner, bodies, index, output);
    return;
  }
  const [body] = bodies;
  if (body === undefined) return;
  const { states, first } = placesOf(units, owner, body);
  // A Loop's body first gives the condition, and its node takes one more input in front.
  const ahead = owner.op === 'Loop' ? 1 : 0;
  for (let k = 0; k < states; k++) {
    const given = body.outputs[ahead + k] ?? '';
    const map = units.map(given);
    if (map?.form !== 'same') continue;
    carry(units, body.inputs[first + k] ?? '', given, map);
    units.addLines('state', owner.id, owner.outputs[k] ?? '', map, [
      units.line(map, given, { always: false }),
    ]);
  }
  for (let at = states; at < owner.outputs.length; at++) {
    const map = units.map(body.outputs[ahead + at] ?? '');
    if (map === undefined || map.form === 'heads' || !isDefault(units, owner, 'scan_output_axes')) continue;
    const rank = map.rank === undefined ? undefined : map.rank + 1;
    units.own(owner.outputs[at] ?? '', { ...map, rank });
  }
}

/** What the body gives for the next iteration comes into its own input. */
function carry(units: Units, formal: string, given: string, map: UnitMap): void {
  const into = units.map(formal);
  const layer = into === undefined ? undefined : units.drafts.at(into.layer);
  if (layer?.first !== formal || layer.units !== map.units || layer.id === map.layer) return;
  units.drafts.addLines(layer, [units.line(map, given, { always: false })]);
}

/** One output of an If: units of the branches that have any there. */
function choose(units: Units, owner: Node, bodies: readonly Body[], index: number, output: string): void {
  const given = bodies.map(({ outputs }) => outputs[index] ?? '');
  const maps = given.map((name) => units.map(name));
  const known = maps.find((map) => map?.form === 'same');
  if (known === undefined) return;
  if (maps.length > 1 && maps.every((map) => map !== undefined && sameUnits(map, known))) {
    units.own(output, known);
    return;
  }
  const lines = maps.flatMap((map, branch) =>
    map?.form === 'same' && map.units === known.units && map.axis === known.axis
      ? [units.line(map, given[branch] ?? '')]
      : [],
  );
  units.addLines('choice', owner.id, output, known, lines);
}

/** How many states a Loop or Scan carries, and where among the inputs of node and body they begin. */
function placesOf(units: Units, owner: Node, body: Body): { states: number; first: number } {
  const count = body.inputs.length;
  // Before opset 9 a Scan had one input more, and a batch.
  if (count !== owner.inputs.length) return { states: 0, first: 0 };
  if (owner.op === 'Loop') return { states: count - 2, first: 2 };
  return owner.op === 'Scan'
    ? { states: count - units.facts.int(owner, 'num_scan_inputs', count), first: 0 }
    : { states: 0, first: 0 };
}

function isDefault(units: Units, owner: Node, axes: string): boolean {
  return (units.facts.intsAttribute(owner, axes) ?? []).every((axis) => axis === 0);
}

/** Units of one slice along the first axis. */
function sliced(map: UnitMap): UnitMap | undefined {
  if (map.form !== 'same' || map.rank === undefined || map.axis === -map.rank) return undefined;
  return { ...map, rank: map.rank - 1 };
}
