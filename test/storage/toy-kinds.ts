/** Two kinds of actor that know no trade: a counter with a deadline, and a list that remembers names. */
import type { Event, JsonObject } from '../../engine/actor.ts';

interface CounterState {
  readonly id: string;
  count: number;
  deadlineMs: number | null;
}

interface ListState {
  readonly names: string[];
}

/** `Counted {by}`, `DeadlineSet {atMs}`. An old `Added {amount}` is lifted to `Counted`. */
const counter = {
  kind: 'counter',
  initial: (id: string): CounterState => ({ id, count: 0, deadlineMs: null }),
  evolve: (state: CounterState, event: Event): CounterState => {
    if (event.type === 'Counted' && 'by' in event) state.count += Number(event.by);
    else if (event.type === 'DeadlineSet' && 'atMs' in event) {
      state.deadlineMs = event.atMs === null ? null : Number(event.atMs);
    } else throw new Error(`unknown event ${event.type}`);
    return state;
  },
  nextDeadline: (state: CounterState): number => state.deadlineMs ?? Number.POSITIVE_INFINITY,
  openQuestions: () => [],
  summary: (): JsonObject | null => null,
  upcast: (event: Event): Event =>
    event.type === 'Added' && 'amount' in event ? ({ type: 'Counted', v: 2, by: event.amount } as Event) : event,
  encode: (state: CounterState): Uint8Array => encoded([state.count, state.deadlineMs]),
  decode: (id: string, bytes: Uint8Array): CounterState => {
    const [count, deadlineMs] = decoded(bytes) as [number, number | null];
    return { id, count, deadlineMs };
  },
};

/** `Named {name}`. Its summary tells the last name, so it is read at every start. */
const list = {
  kind: 'list',
  initial: (): ListState => ({ names: [] }),
  evolve: (state: ListState, event: Event): ListState => {
    if (event.type !== 'Named' || !('name' in event)) throw new Error(`unknown event ${event.type}`);
    state.names.push(String(event.name));
    return state;
  },
  nextDeadline: () => Number.POSITIVE_INFINITY,
  openQuestions: () => [],
  summary: (state: ListState): JsonObject => ({ last: state.names.at(-1) ?? '', size: state.names.length }),
  upcast: (event: Event): Event => event,
  encode: (state: ListState): Uint8Array => encoded(state.names),
  decode: (_id: string, bytes: Uint8Array): ListState => ({ names: decoded(bytes) as string[] }),
};

const noCommands = {
  decide: () => {
    throw new Error('storage decides nothing');
  },
  reply: () => null,
  view: () => null,
};

export function createKinds() {
  return { counter: { ...counter, ...noCommands }, list: { ...list, ...noCommands } };
}

function encoded(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function decoded(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}
