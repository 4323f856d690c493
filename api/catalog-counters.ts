/** Keeps the catalog's counters of free seats current from what the engine tells: events, changed actors, summaries. */
import type { FreeSeats } from '../actors/catalog/free-seats.ts';
import type { ScheduleSummary } from '../actors/schedule/messages.ts';
import type { Address, ErasedKind, JsonObject } from '../engine/actor.ts';
import type { EngineHooks } from '../engine/options.ts';
import type { JournaledEvent } from '../engine/ports.ts';
import type { OnsaleEngine, Protocols } from './protocols.ts';

const pageConcerts = 500;

/** The hooks of the engine that the counters live on. They see recovery too: summaries at rest, then the tail. */
export function countingHooks(freeSeats: FreeSeats) {
  return {
    onEvents: (events: readonly JournaledEvent[]) => addConcerts(freeSeats, events),
    onChanged(_actor: Address, kind: ErasedKind, state: unknown) {
      if (kind.kind === 'schedule') updateSeats(freeSeats, kind.summary(state));
    },
    onSummary(actor: Address, summary: JsonObject) {
      if (actor.startsWith('schedule:')) updateSeats(freeSeats, summary);
    },
  } satisfies EngineHooks;
}

/** After recovery: the concerts that the catalog had before. */
export function addKnownConcerts(freeSeats: FreeSeats, engine: OnsaleEngine): void {
  for (let after: string | null = null; ;) {
    const query = { type: 'concerts', after, limit: pageConcerts } as const;
    const page: readonly { readonly id: string; readonly name: string; readonly description: string }[] = engine.view<
      'catalog',
      'concerts'
    >('catalog:main', query);
    for (const concert of page) freeSeats.addConcert(concert);
    const last = page.at(-1);
    if (last === undefined || page.length < pageConcerts) break;
    after = last.id;
  }
  freeSeats.countAll(engine.nowMs());
}

function updateSeats(freeSeats: FreeSeats, summary: JsonObject | null): void {
  // True: the summary of a schedule is a ScheduleSummary; it has none before it is opened.
  if (summary !== null) freeSeats.update(summary as unknown as ScheduleSummary);
}

function addConcerts(freeSeats: FreeSeats, events: readonly JournaledEvent[]): void {
  for (const { actor, event } of events) {
    if (event.type !== 'ConcertCreated' || !actor.startsWith('catalog:')) continue;
    // True: only the catalog writes events of this name under its address.
    const { concert } = event as Extract<Protocols['catalog']['event'], { type: 'ConcertCreated' }>;
    freeSeats.addConcert(concert);
  }
}
