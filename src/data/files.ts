/** How this floor reads files: handed in, so that the editor can read through `workspace.fs` and the tests from memory. */

export interface DataFiles {
  /** The whole file. Rejects with a sentence when it cannot be read. */
  read(file: string): Promise<Uint8Array>;
  /** Names of files in the model's folder, without their path; empty when it cannot be listed. */
  beside(): Promise<readonly string[]>;
}
