/** The JSON schema of experiment files, from the list of methods. */
import { format, resolveConfig } from 'prettier';
import type { Method, ParamSpec } from '../../src/contract/method';
import { methods } from '../../src/methods';
import { describeValues } from '../../src/methods/params';

export const file = 'media/experiment.schema.json';

export async function generate(): Promise<string> {
  return format(JSON.stringify(schema()), { ...(await resolveConfig(__filename)), parser: 'json' });
}

function schema(): object {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Patchclamp experiment',
    description:
      'Which method is asked of which model, with what. Run it with the lens above it or with patchclamp probe.',
    type: 'object',
    additionalProperties: false,
    required: ['model', 'method'],
    properties: {
      $schema: { type: 'string' },
      model: { type: 'string', description: 'The .onnx file, relative to this file.' },
      method: {
        description: 'What is asked.',
        // Other extensions bring methods of their own.
        anyOf: [
          ...methods.map(({ id, summary }) => ({ const: id, description: summary })),
          { type: 'string', pattern: '^[a-z][a-z0-9-]*$' },
        ],
      },
      feeds: {
        type: 'object',
        description:
          'What goes into each input: a picture, an array (.npy, .npz:NAME), text:…, random:SEED, or numbers.',
        additionalProperties: { type: 'string' },
      },
      dims: {
        type: 'object',
        description: 'Sizes of open dimensions, by name.',
        additionalProperties: { type: 'integer', minimum: 0 },
      },
      params: { type: 'object', description: 'Parameters of the method; what is left out is its default.' },
      seed: { type: 'integer', default: 0, description: 'Of every random number the method draws.' },
    },
    defaultSnippets: [
      {
        label: 'Experiment',
        body: { model: '$1.onnx', method: methods[0]?.id, feeds: { $2: '$3' }, params: {} },
      },
    ],
    allOf: methods.map(whenMethod),
  };
}

function whenMethod({ id, params }: Method): object {
  return {
    if: { properties: { method: { const: id } }, required: ['method'] },
    then: {
      properties: {
        params: {
          additionalProperties: false,
          properties: Object.fromEntries(params.map((spec) => [spec.name, ofParam(spec)])),
        },
      },
    },
  };
}

function ofParam(spec: ParamSpec): object {
  const description = [spec.description, describeValues(spec)].filter((text) => text !== '').join(' ');
  const base = { description, default: spec.default };
  switch (spec.type) {
    case 'number':
    case 'integer':
      return {
        type: spec.type,
        ...base,
        ...(spec.min === undefined ? {} : { minimum: spec.min }),
        ...(spec.max === undefined ? {} : { maximum: spec.max }),
      };
    case 'boolean':
      return { type: 'boolean', ...base };
    case 'choice':
      return { enum: spec.choices, ...base };
    case 'sites':
      return { type: 'array', items: { type: 'string' }, ...base };
    default:
      return { type: 'string', ...base };
  }
}
