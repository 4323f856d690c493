/**
 * Recovery: snapshot plus `evolve` over the tail of the journal, with the same code as live (invariant 9). Actors that
 * the tail does not touch stay at rest: their summaries say all that is needed of them (invariant 11).
 */
import type { Address } from './actor.ts';
import type { Cells } from './cells.ts';
import type { EngineHooks } from './options.ts';
import type { Journal, SnapshotStore } from './ports.ts';

export interface RecoveryInput {
  readonly journal: Journal;
  readonly snapshots: SnapshotStore;
  readonly cells: Cells;
  readonly hooks: Pick<EngineHooks, 'onChanged' | 'onSummary'>;
}

export interface Recovered {
  /** Deadlines of actors at rest, ms. */
  readonly deadlines: readonly { readonly actor: Address; readonly nextDeadlineMs: number }[];
  readonly withOpenQuestions: readonly Address[];
}

export function recover({ journal, snapshots, cells, hooks }: RecoveryInput): Recovered {
  const touched = new Set<Address>();
  for (const batch of journal.read(snapshots.completeThrough() + 1)) {
    for (const turn of batch.turns) {
      for (const { actor, event } of turn.events) {
        touched.add(actor);
        const cell = cells.get(actor);
        // A snapshot may be ahead of what is complete through: what it includes is not applied again.
        if (batch.number <= cell.snapshotPosition) continue;
        cell.state = cell.kind.evolve(cell.state, cell.kind.upcast(event));
        cell.lastBatch = batch.number;
      }
    }
  }
  const deadlines: { actor: Address; nextDeadlineMs: number }[] = [];
  const withOpenQuestions: Address[] = [];
  for (const { actor, nextDeadlineMs, openQuestions, summary } of snapshots.summaries()) {
    if (touched.has(actor)) continue;
    if (summary !== null) hooks.onSummary?.(actor, summary);
    if (nextDeadlineMs !== null) deadlines.push({ actor, nextDeadlineMs });
    if (openQuestions > 0) withOpenQuestions.push(actor);
  }
  for (const actor of touched) {
    const { address, kind, state } = cells.get(actor);
    if (kind.openQuestions(state).length > 0) withOpenQuestions.push(address);
    hooks.onChanged?.(address, kind, state);
  }
  return { deadlines, withOpenQuestions };
}
