/** Losses that exporters of training graphs leave: negative log likelihood and cross entropy, said with a gather. */
import type { Value } from '../builder';
import type { RuleContext } from '../rule';
import { decompose, type RuleTable } from './define';

export const loss: RuleTable = {
  NegativeLogLikelihoodLoss: decompose((c) => [negativeLogLikelihood(c, c.x(0))]),
  SoftmaxCrossEntropyLoss: decompose((c) => {
    const logProbability = c.b.unary('LogSoftmax', c.x(0), { axis: 1 });
    return [negativeLogLikelihood(c, logProbability), logProbability];
  }),
};

/** -w[t] logp[n, t, …], ignored targets left out, reduced as the node says. Classes are on axis 1. */
function negativeLogLikelihood(c: RuleContext, logProbability: Value): Value {
  const { b } = c;
  const target = c.x(1);
  const weights = c.maybeX(2);
  const kept = ignoring(c, target);
  const safe = kept === null ? target : b.where(kept, target, b.scalar(0, target));
  const index = b.reshape(safe, target.dims.toSpliced(1, 0, 1));
  const picked = b.one('GatherElements', [logProbability, index], logProbability.dtype, index.dims, {
    axis: 1,
  });
  const likelihood = b.reshape(picked, target.dims);
  const each = weights === null ? null : b.gather(weights, safe, 0);
  const ones = b.full(target.dims, 1, likelihood.dtype);
  const weight = each ?? ones;
  const counted = kept === null ? weight : b.where(kept, weight, b.scalar(0, weight));
  const losses = b.neg(b.mul(likelihood, counted));
  const reduction = c.string('reduction', 'mean');
  if (reduction === 'none') return losses;
  const all = target.dims.map((_, axis) => axis);
  const total = b.sum(losses, all, false);
  return reduction === 'sum' ? total : b.div(total, b.sum(counted, all, false));
}

function ignoring(c: RuleContext, target: Value): Value | null {
  if (!c.node.attributes.some((attribute) => attribute.name === 'ignore_index')) return null;
  return c.b.not(c.b.equal(target, c.b.scalar(c.int('ignore_index', 0), target)));
}
