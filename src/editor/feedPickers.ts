/** Asks a person for an input: VS Code's own lists, boxes and file dialogs, one part at a time. */
import * as vscode from 'vscode';
import { describe } from '../base/errors';
import type { FeedSpec } from '../contract/run';
import type { FeedSource } from '../data/feed';
import { fitPreprocessing, guessTokens, type Guesses } from '../data/guess';
import { PLAIN, type ImagePreprocessing } from '../data/preprocess';
import { isFloat } from '../tensor/dtype';
import { formatShape } from '../tensor/shape';
import { askImagePart } from './imagePickers';
import { askFile, askWhole, type Answer, type PartQuestion } from './asking';
import { ARRAYS, IMAGES, type FeedFiles } from './feedFiles';
import { askText, askTextPart, mayBeText, withText } from './textPickers';

/** How many prompts are offered. */
const PROMPTS = 20;

interface SourceItem extends vscode.QuickPickItem {
  readonly choose?: () => Promise<Answer>;
}

/** The recipe with one part changed; `left out` to feed nothing; undefined when the person backed out. */
export async function askPart(question: PartQuestion): Promise<Answer> {
  const { source, part } = question;
  if (part === 'source' || source === undefined) return askSource(question);
  switch (source.kind) {
    case 'image': {
      const how = await askImagePart(source.how, part);
      return how === undefined ? undefined : { ...source, how };
    }
    case 'random': {
      const whole = await askWhole(
        part === 'seed' ? vscode.l10n.t('Seed') : vscode.l10n.t('Numbers below'),
        part === 'seed' ? source.seed : source.below,
      );
      return whole === undefined ? undefined : { ...source, [part]: whole };
    }
    case 'text':
      return askTextPart(question.spec, source, part, question.files);
    case 'array':
    case 'literal':
      return askSource(question);
  }
}

async function askSource(question: PartQuestion): Promise<Answer> {
  const { spec, source, files, guesses } = question;
  const image = (file: string): FeedSource => ({ kind: 'image', file, how: howOf(spec, source, guesses) });
  const items: SourceItem[] = [];
  const pictures = canBeImage(spec) ? await files.nearby(IMAGES) : [];
  const arrays = await files.nearby(ARRAYS);
  const likelyText = guessTokens(spec) !== null;
  const prompts = likelyText ? await promptsNear(files) : [];
  const textItem: SourceItem = {
    label: vscode.l10n.t('$(quote) A text…'),
    description: guesses.tokenizer?.value ?? vscode.l10n.t('through a tokenizer.json'),
    choose: () => askText(question),
  };
  const leftOut: SourceItem = {
    label: vscode.l10n.t('$(circle-slash) Nothing'),
    description: vscode.l10n.t('the model’s own value is used'),
    choose: () => Promise.resolve('left out'),
  };
  if (likelyText) items.push(textItem);
  if (canBeImage(spec)) {
    items.push({
      label: vscode.l10n.t('$(file-media) An image file…'),
      choose: async () => {
        const file = await askFile(files, IMAGES, vscode.l10n.t('Image'));
        return file === undefined ? undefined : image(file);
      },
    });
  }
  items.push(
    {
      label: vscode.l10n.t('$(file-binary) A .npy or .npz file…'),
      choose: async () => {
        const file = await askFile(files, ARRAYS, vscode.l10n.t('Array'));
        return file === undefined ? undefined : askEntry(files, file);
      },
    },
    {
      label: vscode.l10n.t('$(edit) A typed value…'),
      description: '0, [[1, 2], [3, 4]], float32[1,3]: 1 2 3',
      choose: () => askLiteral(spec, source),
    },
    {
      label: vscode.l10n.t('$(symbol-numeric) Random numbers…'),
      description: isFloat(spec.dtype)
        ? vscode.l10n.t('standard normal, with a seed')
        : vscode.l10n.t('whole numbers, with a seed'),
      choose: async () => {
        const seed = await askWhole(vscode.l10n.t('Seed'), source?.kind === 'random' ? source.seed : 0);
        const below =
          spec.dtype === 'bool'
            ? 2
            : source?.kind === 'random'
              ? source.below
              : isFloat(spec.dtype)
                ? undefined
                : 10;
        return seed === undefined
          ? undefined
          : { kind: 'random', seed, ...(below === undefined ? {} : { below }) };
      },
    },
  );
  if (!likelyText && mayBeText(spec)) items.push(textItem);
  if (spec.optional && source !== undefined) items.push(leftOut);
  if (prompts.length + pictures.length + arrays.length > 0)
    items.push({ label: vscode.l10n.t('Near the model'), kind: vscode.QuickPickItemKind.Separator });
  for (const prompt of prompts)
    items.push({
      label: prompt,
      iconPath: new vscode.ThemeIcon('quote'),
      choose: () => withText(question, prompt),
    });
  for (const file of pictures)
    items.push({ label: file, iconPath: files.uri(file), choose: () => Promise.resolve(image(file)) });
  for (const file of arrays)
    items.push({
      label: file,
      iconPath: new vscode.ThemeIcon('file-binary'),
      choose: () => askEntry(files, file),
    });
  const picked = await vscode.window.showQuickPick(items, {
    title: `${spec.name}: ${spec.dtype} ${formatShape(spec.shape)}`,
    placeHolder: vscode.l10n.t('What goes into {0}?', spec.name),
    ignoreFocusOut: true,
    matchOnDescription: true,
  });
  return picked?.choose?.();
}

/** Prompts that lie beside the model; none, and a word about it, where their file is damaged. */
async function promptsNear(files: FeedFiles): Promise<readonly string[]> {
  const { readPrompts } = await import('../data/nearby');
  try {
    return (await readPrompts(files, await files.beside(), PROMPTS))?.values ?? [];
  } catch (error) {
    void vscode.window.showWarningMessage(describe(error));
    return [];
  }
}

async function askLiteral(spec: FeedSpec, source: FeedSource | undefined): Promise<FeedSource | undefined> {
  const { parseLiteral } = await import('../data/literal');
  const text = await vscode.window.showInputBox({
    ignoreFocusOut: true,
    prompt: vscode.l10n.t(
      '{0} takes {1} {2}: a number for all elements, a list, or zeros, ones, arange',
      spec.name,
      spec.dtype,
      formatShape(spec.shape),
    ),
    value: source?.kind === 'literal' ? source.text : '0',
    validateInput: (value) => {
      try {
        parseLiteral(value, spec.dtype, [1]);
        return undefined;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  });
  return text === undefined ? undefined : { kind: 'literal', text };
}

async function askEntry(files: FeedFiles, file: string): Promise<FeedSource | undefined> {
  if (!file.endsWith('.npz')) return { kind: 'array', file };
  const { arrayNames } = await import('../data/npz');
  const names = arrayNames(await files.read(file), file);
  const entry =
    names.length === 1
      ? names[0]
      : await vscode.window.showQuickPick(names, { placeHolder: vscode.l10n.t('Which array of {0}?', file) });
  return entry === undefined ? undefined : { kind: 'array', file, entry };
}

export function askDim(name: string, size: number | undefined): Promise<number | undefined> {
  return askWhole(vscode.l10n.t('Size of the open dimension {0}', name), size);
}

/** A file of labels; null for none; undefined when the person backed out. */
export async function askLabels(files: FeedFiles): Promise<string | null | undefined> {
  const near = await files.nearby(['txt', 'json', 'names']);
  const other = { label: vscode.l10n.t('Another file…') };
  const none = { label: vscode.l10n.t('No labels') };
  const picked = await vscode.window.showQuickPick([...near.map((label) => ({ label })), other, none], {
    placeHolder: vscode.l10n.t('Which file names the classes, one a line or as JSON?'),
    ignoreFocusOut: true,
  });
  if (picked === none) return null;
  return picked === other ? askFile(files, ['txt', 'json', 'names'], vscode.l10n.t('Labels')) : picked?.label;
}

function canBeImage(spec: FeedSpec): boolean {
  return fitPreprocessing(spec, null) !== null;
}

/** What an image already in use was prepared with, else what is guessed. */
function howOf(spec: FeedSpec, source: FeedSource | undefined, guesses: Guesses): ImagePreprocessing {
  if (source?.kind === 'image') return source.how;
  return fitPreprocessing(spec, guesses.preprocessing)?.value ?? PLAIN;
}
