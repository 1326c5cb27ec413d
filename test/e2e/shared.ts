/** Mocha's root hooks for the end-to-end suite: one browser and one server for all files, closed after the last. */
import { closeShared } from './workbench';

export const mochaHooks = {
  async afterAll(): Promise<void> {
    await closeShared();
  },
};
