/** One line of the ledger: what was asked, through which door, and how much is known of what became of it. */

/** `cmd` is request/reply over NATS, `do` the work queue, `line` a publication on the line's own subject. */
export type Door = 'http' | 'cmd' | 'do' | 'line';
export const doors: readonly Door[] = ['http', 'cmd', 'do', 'line'];

export type Command =
  | { readonly type: 'charge'; readonly userId: string; readonly amount: number }
  | { readonly type: 'hold'; readonly userId: string; readonly scheduleId: string; readonly seatIds: readonly string[] }
  | { readonly type: 'pay'; readonly userId: string; readonly reservationId: string }
  | { readonly type: 'cancel'; readonly userId: string; readonly reservationId: string }
  | { readonly type: 'join'; readonly userId: string; readonly room: string }
  | { readonly type: 'leave'; readonly userId: string; readonly token: string };

export interface Answer {
  /** As over HTTP, whatever the door. A durable command's is JetStream's ack: 202. */
  readonly status: number;
  /** Of a problem; null for a success. */
  readonly code: string | null;
  /** The body as JSON, so that two answers are compared to the last character. */
  readonly text: string;
  readonly replayed: boolean;
}

/** What one sending came to. */
export type Sent =
  /** Nobody can have got it. */
  | { readonly type: 'unsent' }
  /** It may have been carried out or not. */
  | { readonly type: 'broken' }
  | { readonly type: 'answered'; readonly answer: Answer };

export type EntryState = 'unsent' | 'unknown' | 'refused' | 'done';

export interface Entry {
  readonly number: number;
  readonly round: number;
  readonly door: Door;
  readonly command: Command;
  /** Unique in the whole storm. */
  readonly key: string | null;
  /** How often it was on the wire. */
  attempts: number;
  state: EntryState;
  /** Whether its outcome was unknown at some time. */
  wasUnknown: boolean;
  /** The outcome: a success, or a refusal by the rules. */
  answer: Answer | null;
  /** In the journal: what it did, and (durable commands) that it was refused. */
  effects: number;
  rejections: number;
}

/** The refusals that are no outcome: the same request may be sent again, and nothing has happened. */
const noOutcome: ReadonlySet<string> = new Set(['overloaded', 'draining', 'queue_unavailable']);

export function isOutcome({ code }: Answer): boolean {
  return code === null || !noOutcome.has(code);
}

export function isSuccess({ status }: Answer): boolean {
  return status < 300;
}

/** Several sendings of one command at the same time, as one: a success counts, and else whatever is least known. */
export function together(sent: readonly Sent[]): Sent {
  const answered = sent.filter((one) => one.type === 'answered');
  return (
    answered.find(({ answer }) => isSuccess(answer)) ??
    sent.find(({ type }) => type === 'broken') ??
    answered[0] ?? { type: 'unsent' }
  );
}

export function bodyOf({ text }: Answer): Readonly<Record<string, unknown>> {
  // Whoever made the answer has written an object; its members are checked where they are read.
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

/** `<scheduleId>.<n>` */
export function scheduleOf(reservationId: string): string {
  return reservationId.slice(0, reservationId.lastIndexOf('.'));
}
