/** What `activate` returns to other extensions: the versions of the API, each over the window's one engine. */
import * as vscode from 'vscode';
import { Failure } from '../base/errors';
import type { Exports, PatchclampApi } from '../contract/extensionApi';
import type { Contributed } from '../methods/contributed';
import type { EngineAccess } from './engineAccess';

const VERSION = 1;

/** @param engine the engine, made when it is first needed */
export function exportsOver(engine: () => Promise<EngineAccess>, methods: Contributed): Exports {
  const api: PatchclampApi = {
    version: VERSION,
    open: async ({ scheme, fsPath }) =>
      (await engine()).openForPrograms(vscode.Uri.file(fsPath).with({ scheme })),
    registerMethods: (file) => methods.add(file),
  };
  return {
    getApi: (version: number) => {
      if (version === VERSION) return api;
      throw new Failure({
        code: 'usage',
        message: `This version of Patchclamp has no API ${String(version)}.`,
        remedy: `It has ${String(VERSION)}.`,
      });
    },
  };
}
