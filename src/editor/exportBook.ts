/** Which export scripts of this workspace were written for which classes. Kept in the workspace's memory; no files. */
import type * as vscode from 'vscode';

export interface KeptExport {
  /** URI of the script. */
  readonly script: string;
  /** URI of the class's file. */
  readonly source: string;
  readonly className: string;
  /** True once the person has had it run: only then may a save run it again. */
  readonly ran: boolean;
}

const KEY = 'exports';

export class ExportBook {
  constructor(private readonly memory: vscode.Memento) {}

  get all(): readonly KeptExport[] {
    return this.memory.get<readonly KeptExport[]>(KEY) ?? [];
  }

  of(source: vscode.Uri, className: string): KeptExport | undefined {
    return this.all.find((kept) => kept.source === source.toString() && kept.className === className);
  }

  byScript(script: vscode.Uri): KeptExport | undefined {
    return this.all.find((kept) => kept.script === script.toString());
  }

  async keep(entry: KeptExport): Promise<void> {
    await this.memory.update(KEY, [...this.all.filter(({ script }) => script !== entry.script), entry]);
  }

  async forget(script: vscode.Uri): Promise<void> {
    await this.memory.update(
      KEY,
      this.all.filter((kept) => kept.script !== script.toString()),
    );
  }
}
