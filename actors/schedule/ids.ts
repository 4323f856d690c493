/** The ids that a schedule makes: reservations, payments, and the questions put to wallets. */

/** `<scheduleId>.<ordinal>`; a schedule's id holds no dot, ordinals run from 1. */
export function reservationIdOf(scheduleId: string, ordinal: number): string {
  return `${scheduleId}.${ordinal}`;
}

/** The ordinal of a reservation of this schedule, or 0 for a text that is no such id. Only the canonical spelling counts. */
export function ordinalOf(scheduleId: string, reservationId: string): number {
  const dot = scheduleId.length;
  if (reservationId.charCodeAt(dot) !== 46 || !reservationId.startsWith(scheduleId)) return 0;
  return readCount(reservationId, dot + 1);
}

/** One payment at most is ever made of a reservation, so the reservation names it. */
export function paymentIdOf(reservationId: string): string {
  return `pay.${reservationId}`;
}

/** `<reservationId>#<attempt>` */
export function questionIdOf(reservationId: string, attempt: number): string {
  return `${reservationId}#${attempt}`;
}

/** Inverse of `questionIdOf`; attempt 0 for a text that is no question's id. */
export function readQuestionId(question: string): { readonly reservationId: string; readonly attempt: number } {
  const hash = question.lastIndexOf('#');
  if (hash < 0) return { reservationId: question, attempt: 0 };
  return { reservationId: question.slice(0, hash), attempt: readCount(question, hash + 1) };
}

/**
 * A whole number from 1 on, in decimal digits without a leading zero, that fills `text` from `start` to the end;
 * 0 for anything else. Nine digits at most, so that it fits 32 bits. A loop, because it runs several times per hold.
 */
export function readCount(text: string, start: number): number {
  const end = text.length;
  if (end === start || end - start > 9 || text.charCodeAt(start) === 48) return 0;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 48;
    // NaN cannot arise: i stays inside the text.
    if (digit < 0 || digit > 9) return 0;
    value = value * 10 + digit;
  }
  return value;
}
