/** What the exporter's rewrite rules do to the operation whose trace a node carries. Pure. */

/**
 * Rules that write one operation in another way, or join it with one of its own kind just before it: the node computes
 * what the operation it names computed, and nothing that another kind of call made.
 */
const ONE_TO_ONE =
  /^(?:MaterializeReshapeShape|RemoveOptionalBiasFrom\w+|TransposeTranspose|ReshapeReshape|TransposeIdentity)$/;

/** True when a node still is the operation its metadata names. */
export function isOneToOne(rule: string | null): boolean {
  return rule === null || rule.split(/,\s*/).every((name) => ONE_TO_ONE.test(name));
}
