/** The follower's own copies of the actors, and which of them have events that no snapshot includes. */
import type { Address, ErasedKind } from '../engine/actor.ts';
import type { StoredBatch } from '../engine/ports.ts';
import type { FollowerStore } from './follower-ports.ts';

/** Copies kept without need: those whose snapshots are newest. */
const cleanMax = 20_000;

interface Followed {
  readonly address: Address;
  readonly kind: ErasedKind;
  state: unknown;
  /** The last batch that its snapshot includes. */
  position: number;
  /** The first batch with an event of it that no snapshot includes. */
  firstUnstored: number;
}

export interface StoredNow {
  readonly actor: Address;
  readonly bytes: number;
}

export class FollowedActors {
  readonly #kinds: Readonly<Record<string, ErasedKind>>;
  readonly #store: FollowerStore;
  /** In order of `firstUnstored`, because actors join in order of batches. */
  readonly #dirty = new Map<Address, Followed>();
  /** In order of their last snapshot. */
  readonly #clean = new Map<Address, Followed>();

  constructor(kinds: Readonly<Record<string, ErasedKind>>, store: FollowerStore) {
    this.#kinds = kinds;
    this.#store = store;
  }

  get dirtyCount(): number {
    return this.#dirty.size;
  }

  /** The first batch with an event that no snapshot includes; Infinity when all are included. */
  firstUnstored(): number {
    for (const first of this.#dirty.values()) return first.firstUnstored;
    return Number.POSITIVE_INFINITY;
  }

  /** Applies the events that the actors' snapshots do not include; returns the number of events in the batch. */
  apply(batch: StoredBatch): number {
    let events = 0;
    for (const turn of batch.turns) {
      for (const { actor, event } of turn.events) {
        events += 1;
        const followed = this.#dirty.get(actor) ?? this.#touched(actor, batch.number);
        if (batch.number <= followed.position) continue;
        followed.state = followed.kind.evolve(followed.state, followed.kind.upcast(event));
      }
    }
    return events;
  }

  /** Stores a snapshot of the actor that has waited longest. All batches through `position` have been applied. */
  storeOldest(position: number): StoredNow {
    for (const followed of this.#dirty.values()) {
      this.#dirty.delete(followed.address);
      const bytes = storeSnapshot(this.#store, followed.kind, followed.address, followed.state, position);
      followed.position = position;
      this.#keepClean(followed);
      return { actor: followed.address, bytes };
    }
    throw new Error('every actor is in a snapshot');
  }

  #touched(address: Address, batch: number): Followed {
    const followed = this.#clean.get(address) ?? this.#loaded(address);
    if (batch <= followed.position) {
      this.#keepClean(followed);
      return followed;
    }
    this.#clean.delete(address);
    followed.firstUnstored = batch;
    this.#dirty.set(address, followed);
    return followed;
  }

  #loaded(address: Address): Followed {
    const kind = kindNamed(this.#kinds, address);
    const id = address.slice(address.indexOf(':') + 1);
    const snapshot = this.#store.load(address);
    const state = snapshot === undefined ? kind.initial(id) : kind.decode(id, snapshot.state);
    return { address, kind, state, position: snapshot?.position ?? 0, firstUnstored: 0 };
  }

  #keepClean(followed: Followed): void {
    this.#clean.delete(followed.address);
    this.#clean.set(followed.address, followed);
    if (this.#clean.size <= cleanMax) return;
    for (const oldest of this.#clean.keys()) {
      this.#clean.delete(oldest);
      return;
    }
  }
}

export function kindNamed(kinds: Readonly<Record<string, ErasedKind>>, address: Address): ErasedKind {
  const name = address.slice(0, address.indexOf(':'));
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind === undefined) throw new Error(`the journal has events of ${address}, but there is no kind ${name}`);
  return kind;
}

/** Stores a snapshot with its summary; returns the bytes of the state. */
export function storeSnapshot(
  store: FollowerStore,
  kind: ErasedKind,
  actor: Address,
  state: unknown,
  position: number,
): number {
  const deadlineMs = kind.nextDeadline(state);
  const bytes = kind.encode(state);
  store.save({
    actor,
    position,
    state: bytes,
    nextDeadlineMs: Number.isFinite(deadlineMs) ? Math.ceil(deadlineMs) : null,
    openQuestions: kind.openQuestions(state).length,
    summary: kind.summary(state),
  });
  return bytes.byteLength;
}
