/** The follower's own copies of the actors, and which of them have events that no snapshot includes. */
import type { Address, ErasedKind } from '../engine/actor.ts';
import type { StoredBatch, StoredNow } from '../engine/ports.ts';
import type { FollowerStore } from './follower-ports.ts';

/** Copies kept without need: those whose snapshots are newest; so many, and so many bytes of their snapshots … */
const cleanMax = 20_000;
const cleanBytesMax = 128 * 1024 * 1024;
/** … but always so many: a huge one that is changed all the time must not be loaded again after each of its snapshots. */
const cleanMin = 64;

interface Followed {
  readonly address: Address;
  readonly kind: ErasedKind;
  state: unknown;
  /** The last batch that its snapshot includes. */
  position: number;
  /** Of its newest snapshot. */
  bytes: number;
  /** The first batch with an event of it that no snapshot includes. */
  firstUnstored: number;
}

export class FollowedActors {
  readonly #kinds: Readonly<Record<string, ErasedKind>>;
  readonly #store: FollowerStore;
  /** In order of `firstUnstored`, because actors join in order of batches. */
  readonly #dirty = new Map<Address, Followed>();
  /** In order of their last snapshot. */
  readonly #clean = new Map<Address, Followed>();
  #cleanBytes = 0;

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
      followed.bytes = bytes;
      this.#keepClean(followed);
      return { actor: followed.address, position, bytes };
    }
    throw new Error('every actor is in a snapshot');
  }

  #touched(address: Address, batch: number): Followed {
    const followed = this.#clean.get(address) ?? this.#loaded(address);
    if (batch <= followed.position) {
      this.#keepClean(followed);
      return followed;
    }
    this.#forgetClean(followed);
    followed.firstUnstored = batch;
    this.#dirty.set(address, followed);
    return followed;
  }

  #loaded(address: Address): Followed {
    const kind = kindNamed(this.#kinds, address);
    const id = address.slice(address.indexOf(':') + 1);
    const snapshot = this.#store.load(address);
    const state = snapshot === undefined ? kind.initial(id) : kind.decode(id, snapshot.state);
    return {
      address,
      kind,
      state,
      position: snapshot?.position ?? 0,
      bytes: snapshot?.state.byteLength ?? 0,
      firstUnstored: 0,
    };
  }

  #keepClean(followed: Followed): void {
    this.#forgetClean(followed);
    this.#clean.set(followed.address, followed);
    this.#cleanBytes += followed.bytes;
    for (const oldest of this.#clean.values()) {
      if (this.#clean.size <= cleanMin) return;
      if (this.#clean.size <= cleanMax && this.#cleanBytes <= cleanBytesMax) return;
      this.#forgetClean(oldest);
    }
  }

  #forgetClean(followed: Followed): void {
    if (this.#clean.delete(followed.address)) this.#cleanBytes -= followed.bytes;
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
