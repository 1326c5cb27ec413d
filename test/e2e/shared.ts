/** Mocha's root hooks for the end-to-end suite: one browser for all files, closed after the last. */
import { closeBrowser } from './workbench';

export const mochaHooks = {
  async afterAll(): Promise<void> {
    await closeBrowser();
  },
};
