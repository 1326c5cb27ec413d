/**
 * How the editor reads a model: which bytes, which folder, and the lower floors' readers, loaded on first use so that
 * activation stays light. Nothing here touches the engine.
 */
import * as vscode from 'vscode';
import type { ByteSource } from '../base/bytes';
import type { GraphModel } from '../contract/graphModel';
import type { ScopeTree } from '../contract/scopes';
import type { Skeleton } from '../contract/skeleton';
import type { ModelFolder } from '../onnx/folder';
import type { ModelStamp } from '../study/runs';
import { dataStamps, fileStamp, homeOf } from './modelStamp';
import { uriFolder } from './uriFolder';
import { openUri } from './uriSource';

export interface Reading {
  readonly skeleton: Skeleton;
  /** Of all its files, taken before its bytes were read. */
  readonly stamp: ModelStamp;
  /** The file itself, links resolved: weights lie beside it. */
  readonly home: vscode.Uri;
  readonly scopes: ScopeTree;
  readonly graph: GraphModel;
}

export class ModelReader {
  async read(uri: vscode.Uri, signal: AbortSignal): Promise<Reading> {
    const { readSkeleton } = await import('../onnx/skeleton');
    const { buildScopes } = await import('../onnx/scopes');
    const { buildGraphModel } = await import('../onnx/graphModel');
    const { wire } = await import('../onnx/wiring');
    const home = await homeOf(uri);
    const own = await fileStamp(home);
    const { source, folder } = await this.open(uri);
    try {
      const skeleton = await readSkeleton(source, { folder, signal });
      const stamp = { ...own, files: await dataStamps(home, skeleton) };
      const wiring = wire(skeleton);
      const scopes = buildScopes(skeleton, wiring);
      return { skeleton, stamp, home, scopes, graph: buildGraphModel(skeleton, scopes, wiring) };
    } finally {
      await source.close();
    }
  }

  /** What links need and no more. */
  async readToLink(uri: vscode.Uri, signal: AbortSignal): Promise<Pick<Reading, 'skeleton' | 'scopes'>> {
    const { readSkeleton } = await import('../onnx/skeleton');
    const { buildScopes } = await import('../onnx/scopes');
    const { source, folder } = await this.open(uri);
    try {
      const skeleton = await readSkeleton(source, { folder, signal });
      return { skeleton, scopes: buildScopes(skeleton) };
    } finally {
      await source.close();
    }
  }

  /** The model's bytes and its folder: from disk where it has a path, else through `workspace.fs`. */
  async open(uri: vscode.Uri): Promise<{ source: ByteSource; folder: ModelFolder }> {
    if (uri.scheme !== 'file') {
      return { source: await openUri(uri), folder: uriFolder(vscode.Uri.joinPath(uri, '..')) };
    }
    const { openModelFile } = await import('../onnx/files');
    return openModelFile(uri.fsPath);
  }
}
