/** A gradient request over an opened model: sites read, forward runs planned, gradients kept under handles. */
import { must } from '../../base/assert';
import { Failure } from '../../base/errors';
import type { GradientRequest } from '../../contract/run';
import type { TensorData } from '../../contract/tensor';

import type { Differentiator } from './autodiff/gradients';
import type { Feeds, Forward, Gradients } from './autodiff/question';
import { overriddenBy } from './autodiff/observe';
import type { Executor, Settings } from './executor';
import type { Allowance } from './memory';
import type { EngineModel } from './model';
import { placeAt, planRequest, siteAt, type DimsSource } from './request';
import { isCarried } from './runtime';
import { takeSlices } from './take';

export interface GradientAnswer extends Omit<Gradients, 'gradients'> {
  /** Per site in the order asked, cut to the site's slice. */
  readonly gradients: readonly { readonly site: string; readonly tensor: TensorData }[];
}

/** Runs a request. Throws `bad-site`, `bad-objective`, `no-gradient`, `would-not-fit`, and what a run throws. */
export async function gradientRun(
  differentiator: Differentiator,
  executor: Executor,
  model: EngineModel,
  request: GradientRequest,
  dimsOf: (model: EngineModel, feeds: GradientRequest['feeds']) => DimsSource,
  settings: Settings,
  allowance: Allowance,
  signal?: AbortSignal,
): Promise<GradientAnswer> {
  const sites = request.wrt.map((text) => {
    const site = siteAt(model, text);
    if (site.graph === '' && site.stage === 'after') return site;
    throw new Failure({
      code: 'no-gradient',
      message: `"${text}" lies ${site.graph === '' ? 'before its interventions' : 'in a body or a function'}.`,
      remedy: 'Take the gradient at a value of the main graph.',
    });
  });
  const values = sites.map((site) => site.value);
  const forward: Forward = async (at, feeds, interventions, wanted) => {
    const fed = interventions.length > 0 ? [] : wanted.filter((name) => isHanded(feeds, name));
    const given = fed.map((name) => [name, must(feeds[name], 'it is fed')] as const);
    const capture = wanted.filter((name) => !fed.includes(name));
    if (capture.length === 0) return new Map(given);
    const run = { feeds, capture, interventions, outputs: [] };
    const planned = await planRequest(at, run, dimsOf(at, feeds), signal);
    const numbers = planned.steps.map((step) => step.numbers);
    const plan = { ...planned.plan, overridden: overriddenBy(at, feeds) };
    const asked = { plan, given: planned.given };
    allowance.ask(await executor.estimate(at, asked, numbers, feeds, settings, signal));
    const done = await executor.run(at, asked, numbers, feeds, settings, signal);
    const computed = planned.captures.map(
      ({ text, capture: place }) => [text, must(done.captures[place], `"${text}" was computed`)] as const,
    );
    return new Map([...given, ...computed]);
  };
  const answer = await differentiator.gradients(
    model,
    request,
    [...new Set(values)],
    forward,
    settings,
    allowance,
    signal,
  );
  const unique = [...new Set(values)];
  return {
    ...answer,
    gradients: sites.map((site, i) => {
      const whole = must(answer.gradients[unique.indexOf(site.value)], 'one gradient per site');
      const text = request.wrt[i] ?? site.value;
      if (site.slices.length === 0) return { site: text, tensor: whole };
      // Of several objectives, the first axis counts them; the site's own come after it.
      const ahead = answer.values === undefined ? 0 : 1;
      return { site: text, tensor: takeSlices(whole, placeAt(model, site, whole.dims, text, ahead)) };
    }),
  };
}

/** Whether a value is what was fed, as it was fed: nothing need be run to know it. */
function isHanded(feeds: Feeds, name: string): boolean {
  const feed = feeds[name];
  return feed !== undefined && isCarried(feed.dtype);
}
