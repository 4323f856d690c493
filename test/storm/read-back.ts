/** What was read back against what the ledger knows: pure judgements, each of one thing that the program said. */
import { isDeepStrictEqual } from 'node:util';
import type { Answer, Entry } from './entry.ts';
import { tellStatus, type KnownPlace, type KnownReservation } from './known.ts';
import type { Ledger } from './ledger.ts';

/** How far the program's stamp of a deadline may be from this machine's clock, and an expiry behind its deadline, ms. */
export const deadlineSlackMs = 2_000;

/** When a question was sent and answered, ms since the epoch. */
export interface Moment {
  readonly fromMs: number;
  readonly toMs: number;
}

type Body = Readonly<Record<string, unknown>>;

/** The statuses that a reservation may have, as far as the ledger knows. */
function legalStatuses({ paid, cancelled, expiresAtMs }: KnownReservation, { fromMs, toMs }: Moment): string[] {
  if (paid) return ['paid'];
  if (cancelled) return ['cancelled'];
  return [
    ...(fromMs < expiresAtMs + deadlineSlackMs ? ['held'] : []),
    ...(toMs > expiresAtMs - deadlineSlackMs ? ['expired'] : []),
  ];
}

/** `body`: null when there is no such reservation. */
export function judgeReservation(ledger: Ledger, known: KnownReservation, body: Body | null, at: Moment): void {
  if (body === null) return ledger.find('lost-ack', `reservation ${known.id} is not there`, known);
  const status = String(body['status']);
  const legal = legalStatuses(known, at);
  if (!legal.includes(status)) {
    const lost = known.paid || known.cancelled;
    ledger.find(lost ? 'lost-ack' : 'wrong-reservation', `${known.id} is ${status}, not ${legal.join(' or ')}`, known);
  }
  const { id, userId, scheduleId, seatIds, totalPrice } = known;
  const seats = (body['seats'] as readonly { readonly id: string }[]).map((seat) => seat.id).sort(); // The API's shape.
  const read = { id: body['id'], userId: body['userId'], scheduleId: body['scheduleId'], seatIds: seats };
  if (
    !isDeepStrictEqual({ ...read, totalPrice: body['totalPrice'] }, { id, userId, scheduleId, seatIds, totalPrice })
  ) {
    ledger.find('wrong-reservation', `${id} reads ${JSON.stringify(body)}`, known);
  }
  known.status = status;
}

/** `wasAdmitted`: whether the journal has let this place in. */
export function judgeToken(ledger: Ledger, known: KnownPlace, body: Body, wasAdmitted: boolean, at: Moment): void {
  const { room, place, userId, token } = known;
  const read = { room: body['room'], place: body['place'], userId: body['userId'], token: body['token'] };
  if (!isDeepStrictEqual(read, { room, place, userId, token })) {
    ledger.find('swapped-place', `the token of ${userId} reads ${JSON.stringify(body)}`, known);
  }
  const status = String(body['status']);
  if (known.left && status !== 'expired') {
    ledger.find('lost-ack', `${userId} has left place ${place} of ${room}, which is ${status}`, known);
  }
  const wasActive = known.status === 'active';
  if (wasActive && status === 'waiting') ledger.find('lost-ack', `${userId} was inside ${room} and waits again`, known);
  if (known.status === 'expired' && status !== 'expired') {
    ledger.find('lost-ack', `the token of place ${place} of ${room} was over and is ${status}`, known);
  }
  if (status === 'expired' && !known.endSent && !known.left) {
    if (!wasAdmitted) ledger.find('lost-place', `place ${place} of ${room} is over, and was never let in`, known);
    if (wasActive && known.expiresAtMs !== null && at.toMs < known.expiresAtMs - deadlineSlackMs) {
      ledger.find('lost-ack', `the session of ${userId} in ${room} ended before its time`, known);
    }
  }
  if (status === 'active' && !wasAdmitted) {
    ledger.find('ghost-effect', `${userId} is inside ${room}, and the journal does not know it`, known);
  }
  tellStatus(known, body);
}

/** A place drawn by publishing on the line, against the one that its user's token names now. */
export function judgePublished(
  ledger: Ledger,
  entry: Entry,
  published: number,
  known: KnownPlace | null,
  in_: boolean,
): void {
  if (known?.place === published || in_) return;
  const now = known === null ? 'none' : String(known.place);
  ledger.find('swapped-place', `JetStream gave place ${published}, the token names ${now}`, entry);
}

export function judgeBalance(ledger: Ledger, userId: string, balance: unknown): void {
  const expected = ledger.balanceOf(userId);
  if (balance !== expected) ledger.find('wrong-balance', `${userId} has ${String(balance)}, not ${expected}`);
}

/** The same keyed command once more: its first answer, to the last character, and said to be a repetition. */
export function judgeRepeat(ledger: Ledger, entry: Entry, again: Answer): void {
  const { answer } = entry;
  if (answer === null) return;
  if (again.status !== answer.status || again.text !== answer.text) {
    ledger.find('changed-answer', `${entry.key} was ${answer.text} and is ${again.status} ${again.text}`, entry);
  } else if (!again.replayed) {
    ledger.find('double-effect', `${entry.key} was answered again, but not as a repetition`, entry);
  }
}
