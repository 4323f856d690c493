/**
 * What memory knows of bound keys (invariant 6): where those of the last 24 h stand, while they fit, and of the others that
 * they may be bound, so that a new key hardly ever costs a read from disk. Memory knows a scope by its hash; that a key is
 * bound, and to what, the turn in the journal says. A key leaves memory only after the index has it. Until the keys from
 * before the start are loaded, a miss costs a look-up on disk.
 *
 * Keys of durable commands stay bound until 24 h after their message was acked, which only the index knows: they have
 * no age here, and for them a miss always costs that read.
 */
import { hash as digest } from 'node:crypto';
import type { ClientKey } from './asker.ts';
import { BoundKeys } from './bound-keys.ts';
import { ForgottenKeys } from './forgotten-keys.ts';
import { isDurable } from './key-scope.ts';
import type { BoundKey, KeyBinding, KeyIndex, KeyScope } from './ports.ts';
import { textHash } from './text-hash.ts';

/** A hold of one seat has some 60 characters: its digest costs 0.5 µs and more in a busy process, its text the journal some 15 bytes. */
const fingerprintTextMax = 96;
/** Of SHA-256 in base64url. */
const digestLength = 43;

/** Keys that leave memory when one is bound: more than come, and so few that a crowd of a day before does not stall a hold. */
const leavingAtOnce = 64;

export interface KeyTableOptions {
  readonly index: KeyIndex;
  /**
   * What a turn of the journal binds; undefined for nothing, and for a batch that is not durable yet: what that one binds
   * is still in flight, so it is not what anybody asks for.
   */
  readonly bindingAt: (batch: number, turn: number) => KeyBinding | undefined;
  /** Of the hashes of scopes, below 2^32. */
  readonly hashSeed: number;
  readonly keysMax: number;
  readonly ttlMs: number;
  /** Stamped time at the start, ms: keys bound before are only in the index until loaded. */
  readonly startMs: number;
  /** Number of the last batch at the start: keys bound in later ones come to memory by themselves. */
  readonly startBatch: number;
  /** Keys loaded at once, of those bound before the start. */
  readonly pageMax: number;
}

export class KeyTable {
  readonly #options: KeyTableOptions;
  /** Bound before the start. */
  readonly #loaded = new BoundKeys();
  /** Bound since the start. */
  readonly #recent = new BoundKeys();
  /** In the index only, though they may still be bound. */
  readonly #forgotten: ForgottenKeys;
  /** Every key bound at or after this stamp, ms, is in memory or among the forgotten. */
  #loadedSinceMs: number;
  #loadedThrough = 0;
  #indexedThrough = 0;
  /** The scope hashed last: a new key is looked up and then bound. */
  #lastScope: KeyScope = '';
  #lastHash = 0;

  constructor(options: KeyTableOptions) {
    this.#options = options;
    this.#loadedSinceMs = options.startMs;
    this.#forgotten = new ForgottenKeys(options.keysMax, options.ttlMs);
  }

  get size(): number {
    return this.#loaded.size + this.#recent.size;
  }

  /** The key's binding, if it is bound and younger than 24 h, or that of a durable command. */
  find(scope: KeyScope, nowMs: number): BoundKey | undefined {
    const durable = isDurable(scope);
    const sinceMs = durable ? -Infinity : nowMs - this.#options.ttlMs;
    const hash = this.#hashOf(scope);
    const known =
      this.#confirmed(this.#recent, hash, scope, sinceMs) ?? this.#confirmed(this.#loaded, hash, scope, sinceMs);
    if (known !== undefined || !(durable || this.#mayBeBound(hash, sinceMs))) return known;
    const indexed = this.#options.index.find(scope);
    return indexed !== undefined && indexed.atMs > sinceMs ? indexed : undefined;
  }

  bind({ scope, batch, turn, atMs }: Pick<BoundKey, 'scope' | 'batch' | 'turn' | 'atMs'>): void {
    this.#recent.add(this.#hashOf(scope), { batch, turn, atMs, ofDurableCommand: isDurable(scope) });
    this.#trim(atMs);
  }

  /** The index holds every key of the batches up to this one. */
  indexed(through: number): void {
    this.#indexedThrough = Math.max(this.#indexedThrough, through);
  }

  /** Loads one page of the keys from before the start; true when there is no more to load. */
  loadPage(): boolean {
    const sinceMs = this.#options.startMs - this.#options.ttlMs;
    const page = this.#options.index.recent(sinceMs, this.#loadedThrough, this.#options.pageMax);
    for (const bound of page) {
      if (bound.batch > this.#options.startBatch) continue;
      const hash = textHash(bound.scope, this.#options.hashSeed);
      if (this.size >= this.#options.keysMax) this.#forgotten.add(hash, this.#options.startMs);
      else this.#loaded.add(hash, { ...bound, ofDurableCommand: isDurable(bound.scope) });
    }
    const last = page.at(-1);
    this.#loadedThrough = last?.batch ?? this.#options.startBatch;
    // How long a page is says nothing of what comes after it: it holds whole batches.
    if (this.#loadedThrough < this.#options.startBatch) return false;
    this.#loadedSinceMs = sinceMs;
    return true;
  }

  /** Whether a key that is not in memory may have been bound after `sinceMs`. */
  #mayBeBound(hash: number, sinceMs: number): boolean {
    return this.#loadedSinceMs > sinceMs || this.#forgotten.mayHave(hash);
  }

  /** The newest of the turns under this hash that bind the scope. */
  #confirmed(keys: BoundKeys, hash: number, scope: KeyScope, sinceMs: number): BoundKey | undefined {
    let newest: BoundKey | undefined;
    for (const { batch, turn, atMs } of keys.find(hash)) {
      if (atMs <= sinceMs || (newest !== undefined && newest.batch > batch)) continue;
      const binding = this.#options.bindingAt(batch, turn);
      if (binding?.scope === scope) newest = { scope, fingerprint: binding.fingerprint, batch, turn, atMs };
    }
    return newest;
  }

  #hashOf(scope: KeyScope): number {
    if (scope !== this.#lastScope) {
      this.#lastScope = scope;
      this.#lastHash = textHash(scope, this.#options.hashSeed);
    }
    return this.#lastHash;
  }

  #trim(nowMs: number): void {
    const sinceMs = nowMs - this.#options.ttlMs;
    for (let leaving = 0; leaving < leavingAtOnce && this.size > 0; leaving++) {
      const keys = this.#loaded.size > 0 ? this.#loaded : this.#recent;
      const oldest = keys.oldest();
      if (oldest === undefined) return;
      const indexed = oldest.batch <= this.#indexedThrough;
      if (oldest.atMs > sinceMs) {
        if (this.size <= this.#options.keysMax || !indexed) return;
        this.#forgotten.add(oldest.hash, nowMs);
      } else if (!indexed && oldest.ofDurableCommand) return;
      keys.deleteOldest();
    }
  }
}

/**
 * Short texts stand for themselves; longer ones are digested with SHA-256. The two cannot be confused: a text has a
 * space after the command's name, and base64url has none.
 */
export function fingerprintOf(key: ClientKey): string {
  const text = key.fingerprint;
  return text.length < fingerprintTextMax ? text : digest('sha256', text, 'base64url');
}

/** Whether a journal, which may have been written when shorter texts were digested already, has bound the same request. */
export function isSameRequest(bound: string, asked: string): boolean {
  return bound === asked || (bound.length === digestLength && bound === digest('sha256', asked, 'base64url'));
}
