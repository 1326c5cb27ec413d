/** `patchclamp methods`: what can be asked of a model, from the list of methods. */
import type { Method } from '../contract/method';
import { methods } from '../methods';
import { listWith } from './contributed';
import { describeValues } from '../methods/params';
import { parseOptions, usage, type Command } from './options';

export const command = methodsCommand(methods);

/** The command over a list of methods. */
export function methodsCommand(list: readonly Method[]): Command {
  return {
    name: 'methods',
    usage: 'methods [--methods FILE.cjs]… [--json]',
    summary:
      'List the methods that probe runs, with their parameters. --methods adds those of a CommonJS file that exports them.',
    run(args, io) {
      const { positionals, options } = parseOptions(args, { methods: 'many', json: 'flag' });
      if (positionals.length > 0) throw usage('The list takes no names.', 'Write patchclamp methods.');
      for (const method of listWith(list, options.methods).all) {
        if (options.json) io.out(JSON.stringify(describeMethod(method)));
        else for (const line of linesOf(method)) io.out(line);
      }
      return Promise.resolve(0);
    },
  };
}

function describeMethod({ id, title, summary, paper, params }: Method): object {
  return {
    id,
    title,
    summary,
    paper,
    params: params.map((spec) => ({
      name: spec.name,
      type: spec.type,
      default: spec.default,
      description: [spec.description, describeValues(spec)].filter((part) => part !== '').join(' '),
    })),
  };
}

function linesOf({ id, summary, paper, params }: Method): string[] {
  return [
    `${id}  ${summary}`,
    ...(paper === null ? [] : [`    ${paper.title}: ${paper.url}`]),
    ...params.map((spec) => {
      const values = describeValues(spec);
      return `    ${spec.name}=${String(spec.default)}  ${spec.description}${values === '' ? '' : ` ${values}`}`;
    }),
  ];
}
