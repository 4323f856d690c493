/**
 * From a batch of the journal to what the world may see of it: the table of the event feed, as pure functions. Every
 * event of every actor is named here, so that a new one cannot become public, or stay private, without a decision.
 * Bodies are those of the HTTP API.
 */
import type { AdmissionEvent } from '../../../actors/admission/messages.ts';
import type { CatalogEvent } from '../../../actors/catalog/messages.ts';
import type { LineEvent } from '../../../actors/line/messages.ts';
import type { ScheduleEvent, ScheduleOpened } from '../../../actors/schedule/messages.ts';
import type { WalletEvent } from '../../../actors/wallet/messages.ts';
import { idOf, kindOf } from '../../../engine/actor.ts';
import type { JournaledEvent, StoredBatch, Turn } from '../../../engine/ports.ts';
import { isoTime } from '../../answers/answer.ts';
import { paymentBody, reservationBody } from '../../answers/schemas/reservation.ts';
import { scheduleItem } from '../../answers/schemas/schedule.ts';
import { keyOfTurn, rejectedBody } from './rejected-command.ts';

export interface PublicEvent {
  readonly batch: number;
  /** See event-id.ts. */
  readonly index: number;
  /** `schedule`, `wallet`, `admission` or `command`, and whose event it is: events of one `<kind>.<id>` keep their order. */
  readonly kind: string;
  readonly id: string;
  /** `seats-held` */
  readonly name: string;
  /** Stamped time of the turn, ms since the epoch. */
  readonly atMs: number;
  /** The client's key where one was given, else the turn's id. */
  readonly commandId: string;
  readonly body: object;
}

/** What one event of an actor shows; null for one that stays inside. */
interface Shown {
  readonly name: string;
  readonly body: object;
}

/** The public events of a batch, in order of their index. */
export function publicEvents(batch: StoredBatch): PublicEvent[] {
  const shown: PublicEvent[] = [];
  let index = 0;
  batch.turns.forEach((turn, turnIndex) => {
    for (const { actor, event } of turn.events) {
      const part = showEvent(actor, event);
      if (part !== null) {
        const commandId = commandIdOf(turn, batch.number, turnIndex);
        const about = { batch: batch.number, index, kind: kindOf(actor), id: idOf(actor), atMs: turn.atMs, commandId };
        shown.push({ ...about, ...part });
      }
      index += 1;
    }
  });
  batch.turns.forEach((turn, turnIndex) => {
    const body = rejectedBody(turn);
    if (body === null) return;
    shown.push({
      batch: batch.number,
      index: index + turnIndex,
      kind: 'command',
      id: `${batch.number}-${turnIndex}`,
      name: 'rejected',
      atMs: turn.atMs,
      commandId: commandIdOf(turn, batch.number, turnIndex),
      body,
    });
  });
  return shown;
}

function commandIdOf(turn: Turn, batch: number, turnIndex: number): string {
  return keyOfTurn(turn) ?? `${batch}-${turnIndex}`;
}

function showEvent(actor: JournaledEvent['actor'], event: JournaledEvent['event']): Shown | null {
  if (event.v !== 1) throw new Error(`The feed does not know version ${event.v} of ${event.type} (${actor})`);
  // The casts are true because an actor's events are journaled only after its own kind has decided them.
  switch (kindOf(actor)) {
    case 'schedule':
      return showSchedule(event as ScheduleEvent);
    case 'wallet':
      return showWallet(event as WalletEvent);
    case 'admission':
      return showAdmission(event as AdmissionEvent);
    case 'catalog':
      return showCatalog(event as CatalogEvent);
    case 'line':
      return showLine(event as LineEvent);
    default:
      throw new Error(`The feed does not know actors of this kind: ${actor}`);
  }
}

function showSchedule(event: ScheduleEvent): Shown | null {
  switch (event.type) {
    case 'ScheduleOpened':
      return { name: 'opened', body: openedBody(event) };
    case 'SeatsHeld':
      return { name: 'seats-held', body: reservationBody(event.reservation) };
    case 'HoldCancelled':
      return { name: 'hold-cancelled', body: reservationBody(event.reservation) };
    case 'HoldExpired':
      return { name: 'hold-expired', body: reservationBody(event.reservation) };
    case 'ReservationPaid':
      return {
        name: 'reservation-paid',
        body: { reservation: reservationBody(event.reservation), payment: paymentBody(event.payment) },
      };
    case 'PaymentStarted':
    case 'PaymentRefused':
      return null;
  }
}

function openedBody({ schedule, sections }: ScheduleOpened): object {
  let seatsTotal = 0;
  for (const { rows } of sections) for (const { seats } of rows) seatsTotal += seats;
  return scheduleItem({ ...schedule, seatsTotal, seatsAvailable: seatsTotal });
}

function showWallet(event: WalletEvent): Shown | null {
  switch (event.type) {
    case 'WalletCharged': {
      const { id, userId, amount, balance } = event.charge;
      return { name: 'charged', body: { id, userId, amount, balance } };
    }
    case 'WalletDebited': {
      const { id, userId, amount, balance, reservationId } = event;
      return { name: 'debited', body: { id, userId, amount, balance, reservationId } };
    }
    case 'WalletCredited':
      return null;
  }
}

function showAdmission(event: AdmissionEvent): Shown | null {
  switch (event.type) {
    case 'UserAdmitted': {
      const { userId, place, expiresAt } = event;
      return { name: 'admitted', body: { userId, place, expiresAt: isoTime(expiresAt) } };
    }
    case 'SessionEnded': {
      const { userId, place, reason } = event;
      return { name: 'session-ended', body: { userId, place, reason } };
    }
    case 'PolicySet':
    case 'LineOpened':
    case 'LineLost':
    case 'PlacesPassed':
    case 'SessionRenewed':
    case 'PlaceLeft':
      return null;
  }
}

function showCatalog(event: CatalogEvent): null {
  switch (event.type) {
    // A date is announced by its schedule, once it is open.
    case 'ConcertCreated':
    case 'ScheduleCreated':
    case 'RoomPut':
      return null;
  }
}

function showLine(event: LineEvent): null {
  switch (event.type) {
    case 'LineStarted':
    case 'LineJoined':
    case 'LineLeft':
    case 'LineSettled':
      return null;
  }
}
