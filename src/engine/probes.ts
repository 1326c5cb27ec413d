/** Who listens to which probe. The engine's events name the probe by a token; this hands them on. */
import type { EngineEvents } from '../contract/engineApi';
import type { Finding } from '../contract/method';

/** Hears what a probe says before it is done. */
export interface ProbeListener {
  readonly onProgress?: (progress: { done: number; total: number; text: string }) => void;
  readonly onFinding?: (finding: Finding, index: number) => void;
}

export class Probes {
  readonly #heard = new Map<string, ProbeListener>();
  #next = 1;

  /** Gives `work` a token of its own, and the listener what is said under it. */
  async during<T>(heard: ProbeListener, work: (token: string) => Promise<T>): Promise<T> {
    const token = `p${String(this.#next++)}`;
    this.#heard.set(token, heard);
    try {
      return await work(token);
    } finally {
      this.#heard.delete(token);
    }
  }

  progress({ token, ...progress }: EngineEvents['progress']): void {
    this.#heard.get(token)?.onProgress?.(progress);
  }

  finding({ token, finding, index }: EngineEvents['finding']): void {
    this.#heard.get(token)?.onFinding?.(finding, index);
  }
}
