/** Of the read model just what the doors ask of it: reservations, as the last event left them. */
import type { Reservation, ScheduleEvent } from '../../actors/schedule/messages.ts';
import type { StoredBatch } from '../../engine/ports.ts';
import type { BatchConsumer } from '../../storage/batch-consumer.ts';

export class SimulatedReadModel implements BatchConsumer {
  through = 0;
  readonly #reservations = new Map<string, Reservation>();

  begin(): void {}

  apply(batch: StoredBatch): void {
    if (batch.number !== this.through + 1) throw new Error(`the read model got batch ${batch.number} out of turn`);
    this.through = batch.number;
    for (const { events } of batch.turns) {
      for (const { actor, event } of events) {
        if (!actor.startsWith('schedule:')) continue;
        // True: only a schedule's events stand under its address.
        const told = event as ScheduleEvent;
        if ('reservation' in told) this.#reservations.set(told.reservation.id, told.reservation);
      }
    }
  }

  commit(): void {}

  close(): void {}

  reservation(id: string): Reservation | undefined {
    return this.#reservations.get(id);
  }
}
