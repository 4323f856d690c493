/** Makes snapshots that were found damaged again from the journal, before the engine is ready. */
import type { Address, ErasedKind } from '../engine/actor.ts';
import { kindNamed, storeSnapshot } from './followed-actors.ts';
import type { JournalReader } from './journal-reader.ts';
import { parsedBatch } from './journal-reader.ts';
import type { StateWriter } from './state-writer.ts';

/**
 * Where one is marked, looks at all others, too. Replays those that are damaged from batch 1 through the position of the
 * key index, the furthest that a snapshot stands.
 *
 * @throws StorageDamaged when the marks are not the worst of it
 * @returns the actors whose snapshots were made again
 */
export function rebuildDamagedSnapshots(
  reader: JournalReader,
  store: StateWriter,
  kinds: Readonly<Record<string, ErasedKind>>,
): readonly Address[] {
  if (store.damagedActors().length === 0) return [];
  store.audit.markDamaged();
  const actors = store.damagedActors();
  // The indexes are made anew from the table below, so its names must be those that were written.
  store.audit.verifyNames('table');
  const through = store.position('keys_through')?.batch ?? 0;
  const states = new Map<Address, unknown>();
  for (const actor of actors) {
    states.set(actor, kindNamed(kinds, actor).initial(actor.slice(actor.indexOf(':') + 1)));
  }
  const needles = actors.map((actor) => JSON.stringify(actor));
  for (const row of reader.rows(1, through)) {
    // Parsing costs most, and most batches do not speak of these actors.
    if (!needles.some((needle) => row.turns.includes(needle))) continue;
    for (const turn of parsedBatch(row).turns) {
      for (const { actor, event } of turn.events) {
        if (!states.has(actor)) continue;
        const kind = kindNamed(kinds, actor);
        states.set(actor, kind.evolve(states.get(actor), kind.upcast(event)));
      }
    }
  }
  store.reindex();
  store.begin();
  for (const [actor, state] of states) storeSnapshot(store, kindNamed(kinds, actor), actor, state, through);
  store.commit();
  return actors;
}
