/**
 * Opens the frames of a node's trace that are not the workspace's: those of libraries in the packages of the person's own
 * Python, others where the trace says, after they were asked. Only ever by a click, and nothing is looked for before it.
 */
import * as vscode from 'vscode';
import type { Selection } from '../contract/hostApi';
import type { NodeLink } from '../contract/link';
import type { Node } from '../contract/skeleton';
import { localDisk } from '../source/libraryDisk';
import {
  findLibraryFrame,
  frameText,
  isPlainPath,
  libraryFolders,
  libraryFrames,
  type LibraryFrame,
  type LibraryPlace,
} from '../source/libraryFiles';
import type { OpenModel } from './openModel';
import type { PythonPath } from './pythonPath';
import type { Target, Targets } from './target';

export class TraceFrames {
  constructor(
    private readonly targets: Targets,
    private readonly python: PythonPath,
  ) {}

  /** *Open Library Frame*: the one asked for (`frame`, from 0), the only one, or one that is chosen. */
  async open(argument: unknown): Promise<void> {
    const target = await this.targets.of(argument);
    if (target === undefined) return;
    const node = nodeOf(target);
    const outside = node === undefined ? null : (target.model.links?.links[node.id]?.outside ?? null);
    const frames = node === undefined ? [] : libraryFrames(node);
    const wanted = wantedFrame(argument);
    if (outside !== null && (wanted === 'outside' || frames.length === 0)) return this.#openOutside(outside);
    const frame = typeof wanted === 'number' ? frames[wanted] : await this.#choose(frames);
    if (frame !== undefined) await this.#openFrame(target.model, frame);
    else if (frames.length === 0)
      void vscode.window.showInformationMessage(
        vscode.l10n.t('No frame of this node’s trace lies in a library.'),
      );
  }

  async #choose(frames: readonly LibraryFrame[]): Promise<LibraryFrame | undefined> {
    if (frames.length < 2) return frames[0];
    const items = frames.map((frame) => ({
      label: frameText(frame),
      ...(frame.text === null ? {} : { description: frame.text }),
      frame,
    }));
    const placeHolder = vscode.l10n.t('Library frames, the innermost first');
    return (await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true }))?.frame;
  }

  async #openFrame({ uri, root }: OpenModel, frame: LibraryFrame): Promise<void> {
    const local = root.folder.scheme === 'file';
    const folders: string[] = [];
    for (const python of local ? await this.python.all(uri) : [])
      folders.push(...(await libraryFolders(python, localDisk)));
    const place = local ? await findLibraryFrame(frame, folders, localDisk) : null;
    if (place !== null) return show(place);
    const choose = vscode.l10n.t('Choose Python…');
    const why = vscode.l10n.t(
      '{0} is not in the packages of any Python that is known here.',
      frameText(frame),
    );
    if ((await vscode.window.showInformationMessage(why, ...(local ? [choose] : []))) !== choose) return;
    const python = await this.python.choose(uri);
    const found =
      python === undefined
        ? null
        : await findLibraryFrame(frame, await libraryFolders(python, localDisk), localDisk);
    if (found !== null) await show(found);
    else if (python !== undefined)
      void vscode.window.showInformationMessage(
        vscode.l10n.t('{0} is not in the packages of {1} either.', frameText(frame), python),
      );
  }

  /** A path that a model names: said in full, and not touched before the person agrees. */
  async #openOutside({ file, line }: NonNullable<NodeLink['outside']>): Promise<void> {
    if (!isPlainPath(file, localDisk)) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t(
          'The model names {0}, which is no path of a Python file on this machine.',
          visible(file),
        ),
      );
      return;
    }
    const open = vscode.l10n.t('Open');
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t('Open {0}, line {1}?', file, line),
      {
        modal: true,
        detail: vscode.l10n.t(
          'The model names this file. It is outside the workspace, and may be another file than the one it was made with.',
        ),
      },
      open,
    );
    if (answer !== open) return;
    if (await localDisk.isFile(file)) await show({ path: file, line, fit: 'same' });
    else void vscode.window.showInformationMessage(vscode.l10n.t('There is no file {0} here.', file));
  }
}

async function show({ path, line, fit }: LibraryPlace): Promise<void> {
  const at = new vscode.Range(line - 1, 0, line - 1, 0);
  await vscode.window.showTextDocument(vscode.Uri.file(path), { selection: at, preview: true });
  if (fit === 'unlike')
    void vscode.window.showInformationMessage(
      vscode.l10n.t(
        'This is another version than the model was made with: line {0} reads differently.',
        line,
      ),
    );
}

function nodeOf({ model, selection }: Target): Node | undefined {
  const { content } = model;
  if (selection.kind === 'node') return content?.skeleton.nodes[selection.id];
  return selection.kind === 'value' ? content?.names.producer(selection.name) : undefined;
}

function wantedFrame(argument: unknown): number | 'outside' | undefined {
  const frame: unknown =
    typeof argument === 'object' && argument !== null && 'frame' in argument ? argument.frame : undefined;
  return frame === 'outside' || (typeof frame === 'number' && Number.isInteger(frame)) ? frame : undefined;
}

function visible(text: string): string {
  return text.slice(0, 200).replace(/\p{C}/gu, '·');
}

/** What the command takes from the inspector. */
export function frameArgument(
  model: OpenModel,
  selection: Selection,
  frame: number | 'outside',
): { readonly model: string; readonly selection: Selection; readonly frame: number | 'outside' } {
  return { model: model.uri.toString(), selection, frame };
}
