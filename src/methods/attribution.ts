/**
 * Attribution: how much each part of the input, and each value on the way, has driven one number of the output.
 *
 * Integrated gradients (Sundararajan, Taly & Yan, "Axiomatic Attribution for Deep Networks", 2017, arXiv:1703.01365) go
 * along the straight line from a baseline b to the input x and give every element
 * (x_i - b_i) · ∫ ∂F(b + α(x - b))/∂x_i dα. Their sum is F(x) - F(b); how far it is off says whether the steps suffice.
 * Gradient x activation is the first-order estimate x_i · ∂F/∂x_i; nothing makes its sum right.
 *
 * The control is model randomisation (Adebayo et al., "Sanity Checks for Saliency Maps", 2018, arXiv:1810.03292): weights
 * are put in random order, layer by layer from the output down. A map that stays the same does not show what the model
 * has learned. Not an effect: what happens when something is changed is for an intervention to say.
 */
import type { Finding, Method, Progress } from '../contract/method';
import { entriesOf, objectiveOf, objectiveSites } from './asking';
import {
  attribute,
  chosen,
  count,
  entriesFor,
  insideOf,
  stagesOf,
  text,
  type Found,
  type Inside,
} from './attributing';
import { finding, similarity, type Similarity } from './attributionReport';
import { between, layersOf } from './paths';

export const attribution: Method = {
  id: 'attribution',
  title: 'What drives this output?',
  summary: 'Shows which parts of the input, and which modules, drove one number of the output.',
  paper: {
    title: 'Axiomatic Attribution for Deep Networks (Sundararajan, Taly & Yan, 2017)',
    url: 'https://arxiv.org/abs/1703.01365',
  },
  params: [
    {
      name: 'objective',
      type: 'objective',
      default: '',
      description:
        'The number to explain, such as logits[0,7] or dot(hidden, truth.npy)[0,-1]; empty: the largest of the first output.',
    },
    {
      name: 'over',
      type: 'sites',
      default: [],
      description: 'Values to attribute to; empty: the float inputs, and the embeddings of token inputs.',
    },
    {
      name: 'kind',
      type: 'choice',
      default: 'integrated-gradients',
      choices: ['integrated-gradients', 'gradient-x-activation'],
      description: 'How: integrated gradients, whose sum is checked, or gradient x activation, one step.',
    },
    {
      name: 'steps',
      type: 'integer',
      default: 50,
      min: 1,
      max: 10_000,
      description: 'Steps of the integral. More make the completeness error smaller.',
    },
    {
      name: 'rule',
      type: 'choice',
      default: 'gauss-legendre',
      choices: ['gauss-legendre', 'left-riemann'],
      description: 'Where the steps lie: Gauss-Legendre nodes, or the left Riemann sum of many papers’ code.',
    },
    {
      name: 'baseline',
      type: 'string',
      default: 'zero',
      description: 'Where the path starts: zero, mean (of the value itself), or a number.',
    },
    {
      name: 'stages',
      type: 'integer',
      default: 4,
      min: 1,
      max: 50,
      description: 'In how many stages the weights are shuffled for the check, from the output down.',
    },
    {
      name: 'modules',
      type: 'boolean',
      default: true,
      description: 'Whether the values inside are attributed to as well, for the graph.',
    },
  ],
  needs: ['gradients'],

  appliesTo(model) {
    if (entriesOf(model).length > 0) return true;
    return 'The model has no float input, and no embedding that looks its tokens up; name a float value with over.';
  },

  async *run(context, params): AsyncIterable<Progress | Finding> {
    const asked = await objectiveOf(context, text(params, 'objective'));
    const entries = entriesFor(context, params);
    const sites = entries.map(({ site }) => site);
    const { graph } = context.model;
    const path = between(graph, sites, objectiveSites(context.model, asked.objective));
    const stages = stagesOf(layersOf(graph, path.nodes), count(params, 'stages'));
    const total = 2 + stages.length;
    const progress = (done: number, what: string): Progress => ({ progress: { done, total, text: what } });

    yield progress(0, `Attributing ${asked.objective} to ${sites.join(', ')}`);
    const found = await attribute(context, asked, entries, params);
    yield progress(1, 'Attributing to the values inside');
    const values = params['modules'] === true ? chosen(path.values, sites) : [];
    const inside = await insideOf(context, asked, values);

    const similar: Similarity[] = [];
    let control: { readonly found: Found; readonly inside: Inside } | null = null;
    for (const [k, stage] of stages.entries()) {
      yield progress(
        2 + k,
        `Checking against shuffled weights, stage ${String(k + 1)} of ${String(stages.length)}`,
      );
      const last = k === stages.length - 1;
      const copy = await context.shuffled(stage.weights, async (other) => ({
        found: await attribute(other, asked, entries, params),
        inside: last ? await insideOf(other, asked, values) : [],
      }));
      similar.push({ stage: stage.name, ...similarity(found, copy.found) });
      control = copy;
    }
    yield finding(attribution.id, context, params, asked, found, inside, control, similar, stages);
  },
};
