/** Short spellings of the decisions that the engine declares. */
import type { Accepted, Effect, Event, JsonObject, QuestionId, Rejected } from '../engine/actor.ts';
import type { BusinessCode } from './codes.ts';

const noEffects: readonly Effect[] = [];

/** The events happen, and `reply(events)` is the answer. */
export function accepted<E extends Event>(
  events: readonly E[],
  effects: readonly Effect[] = noEffects,
): Accepted<E, never> {
  return { type: 'accepted', events, reply: { type: 'made' }, effects, closes: null };
}

/** Nothing changes, and `value` is the answer. */
export function unchanged<Reply>(value: Reply): Accepted<never, Reply> {
  return { type: 'accepted', events: [], reply: { type: 'given', value }, effects: noEffects, closes: null };
}

/** The events happen; the answer comes with the turn that closes `question`. */
export function acceptedLater<E extends Event>(
  events: readonly E[],
  question: QuestionId,
  effects: readonly Effect[],
): Accepted<E, never> {
  return { type: 'accepted', events, reply: { type: 'later', question }, effects, closes: null };
}

/** The events happen, and whoever waits for `question` gets the refusal or, without one, `reply(events)`. */
export function closed<E extends Event>(
  events: readonly E[],
  question: QuestionId,
  refusal: Rejected | null,
  effects: readonly Effect[] = noEffects,
): Accepted<E, never> {
  return { type: 'accepted', events, reply: { type: 'made' }, effects, closes: { question, refusal } };
}

export function rejected<Code extends BusinessCode>(code: Code, details: JsonObject = {}): Rejected<Code> {
  return { type: 'rejected', code, details };
}
