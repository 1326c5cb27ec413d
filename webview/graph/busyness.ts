/** How long work has been going on, in steps worth showing: 0 not long enough, 1 for a bar, 2 for a word and a way out. */
export class Busyness {
  #timers: ReturnType<typeof setTimeout>[] = [];

  constructor(private readonly show: (step: 0 | 1 | 2) => void) {}

  /** Work begins, or ends. */
  set(busy: boolean): void {
    this.stop();
    this.show(0);
    if (busy) this.#timers = [setTimeout(() => this.show(1), 100), setTimeout(() => this.show(2), 1000)];
  }

  /** Shows nothing any more. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
