/**
 * Sessions over rewrites, kept while they are used: by the hash of the very bytes the runtime was given and of the
 * choices made, so that a session can never answer for another rewrite. The least recently used go first.
 */
import { createHash } from 'node:crypto';
import { Lru } from '../../base/lru';
import { createSession, type Session, type SessionChoice } from './runtime';

export interface KeptSession {
  readonly key: string;
  readonly session: Session;
  /** Milliseconds it took to make. */
  readonly createdIn: number;
  /** Milliseconds its last runs took; the first maps the weights and is not counted twice. */
  readonly times: number[];
  /** What its first run was checked against the plain model for, or `pending`. */
  checked: Check;
  /** Runs that hold it now: it is let go only after the last. */
  users: number;
  evicted: boolean;
  lastUsed: number;
  /** Bytes it counts against the budget. */
  cost: number;
}

export type Check = 'equal' | 'within' | 'not-comparable' | 'pending';

/** Sessions nobody has used for this long are let go, in milliseconds: what a run allocated stays with its session. */
const IDLE = 20_000;

/** A packed session holds its weights once more; an unpacked one only its graph. */
const OVERHEAD = 1 << 20;

export class Sessions {
  readonly #kept: Lru<string, KeptSession>;
  readonly #making = new Map<string, Promise<KeptSession>>();

  /** `budget` in bytes. */
  constructor(budget: number) {
    setInterval(() => this.#letIdleGo(), IDLE / 4).unref();
    this.#kept = new Lru(budget, (kept) => {
      kept.evicted = true;
      letGo(kept);
    });
  }

  get size(): number {
    return this.#kept.size;
  }

  has(key: string): boolean {
    return this.#kept.has(key);
  }

  /** Hands a session to `work`, made now or earlier. `weightBytes`: what the model's weights take when packed. */
  async use<T>(
    bytes: Uint8Array,
    choice: SessionChoice,
    weightBytes: number,
    work: (kept: KeptSession) => Promise<T>,
  ): Promise<T> {
    const kept = await this.#get(bytes, choice, weightBytes);
    kept.users++;
    try {
      return await work(kept);
    } finally {
      kept.users--;
      kept.lastUsed = performance.now();
      letGo(kept);
    }
  }

  async #get(bytes: Uint8Array, choice: SessionChoice, weightBytes: number): Promise<KeptSession> {
    const key = sessionKey(bytes, choice);
    const known = this.#kept.get(key) ?? this.#making.get(key);
    if (known !== undefined) return known;
    const making = this.#make(key, bytes, choice, weightBytes);
    this.#making.set(key, making);
    try {
      return await making;
    } finally {
      this.#making.delete(key);
    }
  }

  /** A session holds on to what its runs took: `bytes` more count against the budget. */
  grew(kept: KeptSession, bytes: number): void {
    kept.cost += bytes;
    // One that is gone from the cache lives only until its users are done.
    if (this.#kept.has(kept.key) && !kept.evicted) this.#kept.recost(kept.key, kept.cost);
  }

  #letIdleGo(): void {
    const before = performance.now() - IDLE;
    for (const { key, users, lastUsed } of [...this.#kept.values()]) {
      if (users === 0 && lastUsed < before) this.#kept.delete(key);
    }
  }

  /** Lets go of every session. */
  clear(): void {
    this.#kept.clear();
  }

  async #make(
    key: string,
    bytes: Uint8Array,
    choice: SessionChoice,
    weightBytes: number,
  ): Promise<KeptSession> {
    const start = performance.now();
    const session = await createSession(bytes, choice);
    const kept: KeptSession = {
      key,
      session,
      createdIn: performance.now() - start,
      times: [],
      checked: 'pending',
      users: 0,
      evicted: false,
      lastUsed: start,
      cost: OVERHEAD + bytes.length * 4 + (choice.packed ? weightBytes : 0),
    };
    this.#kept.set(key, kept, kept.cost);
    return kept;
  }
}

function letGo({ evicted, users, session }: KeptSession): void {
  if (evicted && users === 0) void session.release();
}

/** Hashes of rewrites that were asked for before: nobody changes one once it is made. */
const digests = new WeakMap<Uint8Array, string>();

/** Hash of the bytes, and everything that changes what the runtime makes of them. */
export function sessionKey(bytes: Uint8Array, choice: SessionChoice): string {
  let digest = digests.get(bytes);
  if (digest === undefined) {
    digest = createHash('sha256').update(bytes).digest('base64');
    digests.set(bytes, digest);
  }
  return `${digest} ${JSON.stringify(choice)}`;
}
