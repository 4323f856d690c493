/** Toy actors: the engine knows no concert. A purse holds coins, sends them to other purses, and has reminders. */
import type {
  Accepted,
  ActorKind,
  Decision,
  Effect,
  Event,
  ExpireDue,
  JsonObject,
  QuestionAnswered,
  Rejected,
} from '../../engine/actor.ts';

export type PurseCommand =
  | { readonly type: 'Put'; readonly coins: number }
  | { readonly type: 'Take'; readonly coins: number }
  | { readonly type: 'Send'; readonly coins: number; readonly to: string }
  | { readonly type: 'Receive'; readonly coins: number }
  | { readonly type: 'RemindAt'; readonly atMs: number }
  /** Ends a reminder before its time, so that the next deadline is a later one. */
  | { readonly type: 'Dismiss'; readonly atMs: number }
  | { readonly type: 'Look' }
  | { readonly type: 'Break' }
  | { readonly type: 'Notify'; readonly purse: string }
  | ExpireDue
  | QuestionAnswered;

export type PurseEvent =
  | { readonly type: 'CoinsPut'; readonly v: 2; readonly coins: number; readonly total: number }
  | { readonly type: 'CoinsTaken'; readonly v: 1; readonly coins: number; readonly total: number }
  | {
      readonly type: 'SendStarted';
      readonly v: 1;
      readonly coins: number;
      readonly to: string;
      readonly attempt: number;
    }
  | { readonly type: 'SendDone' | 'SendRefused'; readonly v: 1; readonly attempt: number; readonly total: number }
  | { readonly type: 'ReminderSet'; readonly v: 1; readonly atMs: number }
  | { readonly type: 'Reminded'; readonly v: 1; readonly atMs: number };

/** The first version of `CoinsPut` called its coins `amount` and did not know the total. */
interface CoinsPutV1 extends Event {
  readonly amount: number;
}

export interface PurseProtocol {
  readonly command: PurseCommand;
  readonly event: PurseEvent;
  readonly reply: { readonly total: number };
  readonly code: 'too_few' | 'too_many';
  readonly query: { readonly type: 'total' } | { readonly type: 'reminders' };
  readonly views: { readonly total: number; readonly reminders: number };
}

interface Purse {
  total: number;
  attempts: number;
  readonly open: Map<number, { readonly coins: number; readonly to: string }>;
  reminders: number[];
  reminded: number;
}

/** A purse holds at most this many coins. */
const purseMax = 1_000;

function accepted(events: readonly PurseEvent[], effects: readonly Effect[] = []): Accepted<PurseEvent, never> {
  return { type: 'accepted', events, reply: { type: 'made' }, effects, closes: null };
}

function rejected(code: 'too_few' | 'too_many', details: JsonObject = {}): Rejected<'too_few' | 'too_many'> {
  return { type: 'rejected', code, details };
}

function askEffect(attempt: number, coins: number, to: string): Effect {
  const command: PurseCommand = { type: 'Receive', coins };
  return { type: 'ask', to: `purse:${to}`, command, question: `send#${attempt}` };
}

export const purse: ActorKind<Purse, PurseProtocol> = {
  kind: 'purse',

  initial: () => ({ total: 0, attempts: 0, open: new Map(), reminders: [], reminded: 0 }),

  decide(state, command, atMs): Decision<PurseEvent, { total: number }, 'too_few' | 'too_many'> {
    switch (command.type) {
      case 'Put':
      case 'Receive':
        if (state.total + command.coins > purseMax) return rejected('too_many', { total: state.total });
        return accepted([{ type: 'CoinsPut', v: 2, coins: command.coins, total: state.total + command.coins }]);
      case 'Take':
        if (state.total < command.coins) return rejected('too_few', { total: state.total });
        return accepted([{ type: 'CoinsTaken', v: 1, coins: command.coins, total: state.total - command.coins }]);
      case 'Send': {
        if (state.total < command.coins) return rejected('too_few', { total: state.total });
        const attempt = state.attempts + 1;
        return {
          type: 'accepted',
          events: [{ type: 'SendStarted', v: 1, coins: command.coins, to: command.to, attempt }],
          reply: { type: 'later', question: `send#${attempt}` },
          effects: [askEffect(attempt, command.coins, command.to)],
          closes: null,
        };
      }
      case 'QuestionAnswered': {
        const attempt = Number(command.question.slice('send#'.length));
        const open = state.open.get(attempt);
        if (open === undefined) return accepted([]);
        const refusal = command.outcome.type === 'rejected' ? command.outcome : null;
        const event: PurseEvent =
          refusal === null
            ? { type: 'SendDone', v: 1, attempt, total: state.total }
            : { type: 'SendRefused', v: 1, attempt, total: state.total + open.coins };
        return { ...accepted([event]), closes: { question: command.question, refusal } };
      }
      case 'RemindAt':
        return accepted([{ type: 'ReminderSet', v: 1, atMs: command.atMs }]);
      case 'Dismiss':
        return accepted([{ type: 'Reminded', v: 1, atMs: command.atMs }]);
      case 'ExpireDue':
        return accepted(
          state.reminders.filter((due) => due <= atMs).map((due) => ({ type: 'Reminded', v: 1, atMs: due })),
        );
      case 'Look':
        return { ...accepted([]), reply: { type: 'given', value: { total: state.total } } };
      case 'Notify':
        return accepted(
          [{ type: 'ReminderSet', v: 1, atMs: Infinity }],
          [{ type: 'tell', to: `purse:${command.purse}`, command: { type: 'Look' } }],
        );
      case 'Break':
        throw new Error('a bug in a rule');
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'CoinsPut':
      case 'CoinsTaken':
        state.total = event.total;
        break;
      case 'SendStarted':
        state.total -= event.coins;
        state.attempts = event.attempt;
        state.open.set(event.attempt, { coins: event.coins, to: event.to });
        break;
      case 'SendDone':
      case 'SendRefused':
        state.total = event.total;
        state.open.delete(event.attempt);
        break;
      case 'ReminderSet':
        if (Number.isFinite(event.atMs)) state.reminders = [...state.reminders, event.atMs].sort((a, b) => a - b);
        break;
      case 'Reminded':
        state.reminders = state.reminders.filter((atMs) => atMs !== event.atMs);
        state.reminded++;
        break;
    }
    return state;
  },

  reply(events) {
    const last = events.findLast((event) => 'total' in event);
    return { total: last?.total ?? 0 };
  },

  view: (state, query) => (query.type === 'total' ? state.total : state.reminded),

  nextDeadline: (state) => state.reminders[0] ?? Infinity,

  openQuestions: (state) => [...state.open].map(([attempt, { coins, to }]) => askEffect(attempt, coins, to)),

  summary: (state) => ({ total: state.total }),

  upcast(event) {
    if (event.type === 'CoinsPut' && event.v === 1) {
      // Version 1 carried `amount`; its total is only known to a purse that was never taken from.
      const { amount } = event as CoinsPutV1;
      return { type: 'CoinsPut', v: 2, coins: amount, total: amount };
    }
    // Every other version in the journal is the newest one.
    return event as PurseEvent;
  },

  encode(state) {
    const { total, attempts, open, reminders, reminded } = state;
    return Buffer.from(JSON.stringify({ total, attempts, open: [...open], reminders, reminded }));
  },

  decode(_id, bytes) {
    // Inverse of encode.
    const stored = JSON.parse(Buffer.from(bytes).toString()) as Omit<Purse, 'open'> & { open: [number, never][] };
    return { ...stored, open: new Map(stored.open) };
  },
};
