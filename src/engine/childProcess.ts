/**
 * One engine process as the host holds it: forked, listened to, killed. Knows nothing of restarts (that is `client.ts`).
 */
import { fork, type ChildProcess } from 'node:child_process';
import { DisposableStore } from '../base/disposable';
import { Emitter } from '../base/event';
import { rpc, type Port, type Remote } from '../base/rpc';
import type { EngineApi, EngineEvents } from '../contract/engineApi';

export interface ForkOptions {
  /** The engine's entry point: a JavaScript file. */
  readonly script: string;
  /** The Node to run it with; the host's own by default. */
  readonly execPath?: string;
  readonly execArgv?: readonly string[];
  /** Handed to the engine as it is: budgets and threads. */
  readonly settings?: Readonly<Record<string, number>>;
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last of what it wrote to standard error. */
  readonly said: string;
}

const KEPT_OUTPUT = 8192;
/** A process that neither listens nor ends by then, in milliseconds, is not the engine. */
const START_LIMIT = 20_000;

export class EngineProcess {
  readonly remote: Remote<EngineApi>;
  readonly #child: ChildProcess;
  readonly #store = new DisposableStore();
  readonly #ended = new Emitter<Ended>();
  readonly #events = new Emitter<
    { readonly [K in keyof EngineEvents]: { event: K; data: EngineEvents[K] } }[keyof EngineEvents]
  >();
  #said = '';
  #over: Ended | undefined;
  /** Messages that came from it so far. */
  heard = 0;
  /** Resolves when the process listens; rejects never: see `onEnd`. */
  readonly ready: Promise<void>;

  readonly onEnd = this.#ended.event;
  readonly onEvent = this.#events.event;

  constructor(options: ForkOptions) {
    this.#child = fork(options.script, [], {
      execPath: options.execPath ?? process.execPath,
      execArgv: [...(options.execArgv ?? [])],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...cleanEnvironment(process.env), PATCHCLAMP_ENGINE: JSON.stringify(options.settings ?? {}) },
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString('utf8')).slice(-KEPT_OUTPUT);
    });
    const end = (code: number | null, signal: string | null): void => {
      if (this.#over !== undefined) return;
      this.#over = { code, signal, said: this.#said };
      this.#ended.fire(this.#over);
      this.#store.dispose();
    };
    this.#child.on('exit', end);
    this.#child.on('error', (error) => {
      this.#said += error.message;
      end(null, null);
    });
    const connection = this.#store.add(rpc<EngineApi, EngineEvents>(this.#port(), {}));
    this.remote = connection.remote;
    this.ready = new Promise((resolve) => connection.on('ready', () => resolve()));
    for (const event of ['ready', 'blocking', 'progress', 'finding', 'log'] as const) {
      connection.on(event, (data) => this.#events.fire({ event, data } as never));
    }
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get over(): Ended | undefined {
    return this.#over;
  }

  /** Undefined once it listens; else how it ended before, or that it says nothing. */
  started(): Promise<Ended | undefined> {
    return new Promise((resolve) => {
      void this.ready.then(() => resolve(undefined));
      this.onEnd(resolve);
      const said = `It said nothing in ${String(START_LIMIT / 1000)} s. ${this.#said}`;
      setTimeout(() => resolve({ code: null, signal: null, said }), START_LIMIT).unref();
    });
  }

  /** Ends the process at once, whatever it is doing. `onEnd` follows. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #port(): Port {
    return {
      // A process that has just died is told of by `exit`; what was sent to it is lost either way.
      post: (message) => void this.#child.send(message as object, () => undefined),
      onMessage: (listener) => {
        const heard = (message: unknown): void => {
          this.heard++;
          listener(message);
        };
        this.#child.on('message', heard);
        return { dispose: () => this.#child.off('message', heard) };
      },
      onClose: (listener) => this.#ended.event(() => listener('the engine process ended')),
    };
  }
}

/** The host's environment without what would make the child a part of it. */
export function cleanEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS$|NODE_CHANNEL)/.test(name),
  );
  return { ...Object.fromEntries(kept), ELECTRON_RUN_AS_NODE: '1' };
}
