/** What an audit can find, and the list of what it has found. */

/** Every code, with what it means. A code that nothing can give is a check that cannot fail: the tests plant each. */
export const findingCodes = {
  'journal-chain': 'a batch does not match its checksum, chained to the batch before',
  'batch-gap': 'the number of a batch is not the next one',
  'time-back': 'stamped time goes back, or a batch is not stamped with its last turn',
  'event-time': 'an event tells another time than its turn',
  'event-unknown': 'an event of a type, version or kind of actor that is not known',
  'event-unreadable': 'an event without what its type promises',
  'event-address': 'an event of another actor than the one that it stands under',
  'concert-twice': 'a concert created twice',
  'schedule-catalog':
    'a schedule that the catalog does not have so: created or opened twice, without concert, with other facts',
  'room-concerts': 'a room names a concert that does not exist, or that another room names',
  'schedule-unknown': 'an event of a schedule that was not opened',
  'reservation-unknown': 'an event of a reservation that was never made',
  'reservation-order': 'a new reservation that does not have the next number',
  'reservation-differs': 'an event repeats a reservation otherwise than it was made: other seats, user, price or times',
  'seat-unknown': 'a seat that the hall does not have',
  'seat-taken': 'a seat with two owners',
  'price-wrong': 'a price that is not the hall’s, or a total that is not the sum',
  'hold-limit': 'more seats than a reservation or a user may have',
  'hold-outside-sales': 'a hold outside the sales window',
  'hold-deadline': 'a hold of another length than holds have',
  'hold-wrong-side': 'a hold expired before its deadline, or paid or cancelled after it',
  'hold-overdue': 'a hold still held after its deadline, longer than it may be',
  'life-cycle': 'a step that the reservation’s status does not allow',
  'payment-amount': 'a payment of another amount than the reservation’s price',
  'payment-debit': 'a paid reservation without exactly one debit of its amount from its user',
  'amount-wrong': 'an amount that is no whole number above zero',
  'balance-wrong': 'a balance that is not the one before plus or minus the amount',
  'balance-negative': 'a balance below zero',
  'balance-limit': 'a balance above its limit',
  'charge-order': 'a charge that does not have the next number',
  'debit-twice': 'the same debit twice',
  'debit-unexplained': 'a debit that no running payment asked for',
  'credit-unexplained': 'a credit that gives back no debit',
  'debit-unsettled': 'a debit that at the end belongs to no paid reservation, no refund and no running payment',
  'money-total': 'charges less debits plus credits are not what the balances are',
  'room-unknown': 'an event of a room that has no policy yet',
  'line-epoch': 'an event of a line that the room does not know, or that is lost, or is opened twice',
  'room-full': 'more people inside than the room allows when one is let in',
  'admit-rate': 'people let in faster than the room’s rate',
  'inside-twice': 'two sessions of one user in a room',
  'place-order': 'a place let in or left that has been dealt with before',
  'place-left-before': 'a place let in or left again after it left the line',
  'place-skipped': 'a person who stands in line and is passed over',
  'taken-through-back': 'the place through which everyone is dealt with does not grow',
  'session-unknown': 'a session renewed or ended that does not live',
  'session-deadline': 'a session that ends at another time than the policy says',
  'session-wrong-side': 'a session expired before its end, or renewed, left or paid after it',
  'session-overdue': 'a session still inside after its end, longer than it may be',
  'line-order':
    'a place in the engine’s line that is not the next, or a user with two, or nobody at the place that left',
  'line-settled-early': 'people taken out of the engine’s line who have not been dealt with',
  'key-bound-twice': 'an idempotency key bound again while it is bound: two effects',
  'key-empty': 'a key bound to a reply that its turn has no events for',
  'key-address': 'a key bound in the turn of another actor',
  'key-pending': 'a key set free that waits for nothing, or bound otherwise than it waits',
  'foreign-journal': 'a file that was made from another journal',
  'ahead-of-journal': 'a position behind the end of the journal: confirmed batches are missing',
  'position-wrong': 'a position whose checksum is not the journal’s',
  'snapshot-unreadable': 'a snapshot whose bytes are not of the described format',
  'snapshot-content': 'a snapshot whose state is not what the journal says at its position',
  'snapshot-columns': 'a snapshot whose summary columns are not what the journal says',
  'snapshot-checksum': 'a snapshot that does not match its checksums',
  'snapshot-damaged': 'a snapshot marked as damaged, to be made again at the next start',
  'complete-through':
    'an actor without a snapshot that includes its last event before the point through which all have one',
  'key-row-missing': 'a bound key without its row in the index',
  'key-row-wrong': 'a row of the key index that the journal does not have so',
  'pending-row': 'the rows of waiting keys are not those that wait',
  'state-totals': 'the rows of a table of state.db do not add up to its totals',
  'read-model-missing': 'a row of the read model is missing',
  'read-model-extra': 'a row of the read model that the journal does not give',
  'read-model-differs': 'a row of the read model with other columns than the journal gives',
} as const;

export type FindingCode = keyof typeof findingCodes;

export interface Finding {
  readonly code: FindingCode;
  /** File, batch, turn and event, or table and key. */
  readonly where: string;
  readonly what: string;
}

/** Findings of one code that are kept with their text; further ones are counted. */
const findingsKeptMax = 100;

export class Findings {
  readonly list: Finding[] = [];
  readonly counts = new Map<FindingCode, number>();
  /** Where the audit stands in the journal; set by whoever walks it. */
  batch = 0;
  turn = 0;
  event = 0;
  actor = '';

  /** At the event where the audit stands. */
  add(code: FindingCode, what: string): void {
    this.addAt(code, `batch ${this.batch}, turn ${this.turn}, event ${this.event} of ${this.actor}`, what);
  }

  addAt(code: FindingCode, where: string, what: string): void {
    const count = (this.counts.get(code) ?? 0) + 1;
    this.counts.set(code, count);
    if (count <= findingsKeptMax) this.list.push({ code, where, what });
  }
}
