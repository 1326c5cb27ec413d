/**
 * Models of other producers, by the names they leave: Keras and tf2onnx (`model/dense_1/MatMul`), PaddlePaddle
 * (`conv2d_0.w_0`), Flax in JAX exports (`MLP/Dense_0/dot_general`), skl2onnx (an operator for each step of a pipeline).
 * A layer leads to the one call of the workspace that gives it its name, else to the only one that makes its class.
 * By names alone, so never more than inferred, and nothing where two calls fit.
 */
import type { Node } from '../contract/skeleton';
import type { Interpreter } from './interpret/interpreter';
import type { NodeClaims } from './nodeLinks';
import { placeOf } from './places';
import type { Argument, Expr } from './python/ast';
import { visitCalls } from './python/visit';
import type { Sources } from './sources';

const MENTION = /\bname\s*=\s*['"]|\b(?:keras|tensorflow|paddle|flax|sklearn)\b/;

interface Made {
  readonly file: string;
  readonly call: Expr;
}

interface Found {
  readonly made: Made;
  readonly why: string;
}

/** Calls by what they name and by the class they make; null where there are several. */
class Layers {
  readonly #named = new Map<string, Made | null>();
  readonly #ofClass = new Map<string, Made | null>();

  add(file: string, call: Expr & { readonly kind: 'call' }): void {
    const made = { file, call };
    const { callee } = call;
    const cls = callee.kind === 'name' ? callee.id : callee.kind === 'attribute' ? callee.name : '';
    // A parameter's name is told by the layer that is given it.
    if (cls.endsWith('Attr')) return;
    for (const name of literalNames(call.args)) note(this.#named, name, made);
    if (/^[A-Z]/.test(cls)) note(this.#ofClass, plain(cls), made);
  }

  /** The call behind a name that a model bears; null where several fit, undefined where the name says nothing. */
  find(name: string): Found | null | undefined {
    const named = this.#named.get(name);
    if (named !== undefined)
      return (
        named && { made: named, why: `One layer of the workspace is named "${name}", as in the node's name.` }
      );
    const cls = name.replace(/_\d+$/, '');
    return this.ofClass(
      [cls],
      `"${name}" is a default name of its class, which the workspace makes in one place.`,
    );
  }

  /** The only call that makes one of these classes. */
  ofClass(classes: readonly string[], why: string): Found | null | undefined {
    const found = classes.flatMap(
      (cls) => this.#ofClass.get(plain(cls)) ?? (this.#ofClass.has(plain(cls)) ? [null] : []),
    );
    const [only] = found;
    if (only === undefined) return undefined;
    return found.length === 1 && only !== null ? { made: only, why } : null;
  }
}

/** `BatchNormalization`, `batch_normalization` -> `batchnormalization`. */
function plain(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

function note(map: Map<string, Made | null>, key: string, made: Made): void {
  map.set(key, map.has(key) ? null : made);
}

/** Names a call gives: its own `name="…"`, and those of its parameters (`weight_attr=ParamAttr(name="…")`). */
function literalNames(args: readonly Argument[]): string[] {
  return args.flatMap(({ name, value }) => {
    if (name === 'name' && value.kind === 'string' && value.value !== null) return [value.value];
    const inner = name !== null && name.endsWith('_attr') && value.kind === 'call' ? value.args : [];
    return inner.flatMap((argument) =>
      argument.name === 'name' && argument.value.kind === 'string' && argument.value.value !== null
        ? [argument.value.value]
        : [],
    );
  });
}

/** Adds definitions for nodes that bear the name or the kind of one layer of the workspace. */
export function linkLayerNames(
  nodes: readonly Node[],
  sources: Sources,
  interpreter: Interpreter,
  claims: Map<number, NodeClaims>,
): void {
  const waiting = nodes.filter(
    (node) => !claims.has(node.id) && (namesOf(node).length > 0 || isLearned(node)),
  );
  if (waiting.length === 0) return;
  const layers = new Layers();
  for (const file of sources.mentioning(MENTION)) {
    const outline = interpreter.outline(file);
    if (outline !== undefined) visitCalls(outline.body, (call) => layers.add(file, call));
  }
  for (const node of waiting) {
    const steps = STEPS.find(([op]) => isLearned(node) && op.test(node.op));
    const found =
      steps === undefined
        ? // The innermost name that says anything: one around it would be another module's.
          namesOf(node)
            .map((name) => layers.find(name))
            .find((answer) => answer !== undefined)
        : layers.ofClass(
            steps[1].split(' '),
            `${node.op} is what this step of a pipeline becomes, and there is one such.`,
          );
    if (found === null || found === undefined) continue;
    const { file, call } = found.made;
    const place = placeOf(sources, { file, from: call.from, to: call.to });
    if (place === null) continue;
    const definition = { place, confidence: 'inferred', evidence: [found.why], moved: false } as const;
    claims.set(node.id, { call: null, definition, undefinedModule: false, outside: null });
  }
}

/** Layer names that a node bears, the innermost first: the parts of its own name, and those of its weights. */
function namesOf(node: Node): string[] {
  const parts = node.name.includes('/') ? node.name.split('/').slice(0, -1).reverse() : [];
  const weights = node.inputs.flatMap((input) => {
    const paddle = /^([A-Za-z]\w*?)\.[wb]_\d+(?:\W.*)?$/.exec(input)?.[1];
    const keras = /^(?:.*\/)?([^/]+)\/(?:kernel|bias|gamma|beta|embeddings|depthwise_kernel)(?::\d+)?$/.exec(
      input,
    )?.[1];
    const own = /^[A-Za-z]\w*_(?:weights?|bias|offset|scale)$/.test(input) ? input : undefined;
    return [paddle, keras, own].filter((name) => name !== undefined);
  });
  return [...parts, ...weights];
}

/** Operators of classical models, which skl2onnx writes. */
function isLearned({ domain }: Node): boolean {
  return domain === 'ai.onnx.ml';
}

/** Operators and the estimators they stand for. */
const STEPS: readonly (readonly [RegExp, string])[] = [
  [/^Scaler$/, 'StandardScaler MinMaxScaler MaxAbsScaler RobustScaler'],
  [/^Normalizer$/, 'Normalizer'],
  [/^Imputer$/, 'SimpleImputer'],
  [/^Binarizer$/, 'Binarizer'],
  [/^OneHotEncoder$/, 'OneHotEncoder'],
  [/^LabelEncoder$/, 'LabelEncoder OrdinalEncoder'],
  [
    /^LinearClassifier$/,
    'LogisticRegression LogisticRegressionCV LinearSVC SGDClassifier RidgeClassifier Perceptron',
  ],
  [/^LinearRegressor$/, 'LinearRegression Ridge Lasso ElasticNet SGDRegressor LinearSVR'],
  [/^SVMClassifier$/, 'SVC NuSVC'],
  [/^SVMRegressor$/, 'SVR NuSVR OneClassSVM'],
  [
    /^TreeEnsembleClassifier$/,
    'RandomForestClassifier ExtraTreesClassifier GradientBoostingClassifier DecisionTreeClassifier XGBClassifier LGBMClassifier HistGradientBoostingClassifier',
  ],
  [
    /^TreeEnsembleRegressor$/,
    'RandomForestRegressor ExtraTreesRegressor GradientBoostingRegressor DecisionTreeRegressor XGBRegressor LGBMRegressor HistGradientBoostingRegressor IsolationForest',
  ],
];
