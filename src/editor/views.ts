/** What the manifest calls the views: known before anything that fills them is loaded. */

/** The custom editor of models. */
export const MODEL_VIEW = 'patchclamp.model';
/** The tree *Open Models*. */
export const MODELS_TREE = 'patchclamp.models';
/** Panels that VS Code restores. */
export const REPORT_VIEW = 'patchclamp.report';
export const COMPARE_VIEW = 'patchclamp.compare';
