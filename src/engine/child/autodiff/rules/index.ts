/** All differentiation rules, by operator. Adding one is a line in one of these tables. */
import type { RuleEntry } from '../rule';
import { attention } from './attention';
import { binary } from './binary';
import { convolution } from './convolution';
import type { RuleTable } from './define';
import { elementwise } from './elementwise';
import { linear } from './linear';
import { loss } from './loss';
import { norm } from './norm';
import { recurrent } from './recurrent';
import { reduce } from './reduce';
import { refused } from './refused';
import { regions } from './regions';
import { resample } from './resample';
import { sampling } from './sampling';
import { scatter } from './scatter';
import { spectral } from './spectral';
import { structure } from './structure';

export const ruleTables: Readonly<Record<string, RuleTable>> = {
  elementwise,
  binary,
  reduce,
  structure,
  linear,
  convolution,
  norm,
  loss,
  recurrent,
  attention,
  resample,
  sampling,
  regions,
  scatter,
  spectral,
  refused,
};

const byOperator = new Map<string, RuleEntry>(
  Object.values(ruleTables).flatMap((table) => Object.entries(table)),
);

/** The rule for an operator, or undefined where there is none yet. */
export function ruleFor(domain: string, op: string): RuleEntry | undefined {
  return byOperator.get(domain === '' || domain === 'ai.onnx' ? op : `${domain}::${op}`);
}
