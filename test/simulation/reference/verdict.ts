/** What a decision comes to, as text: two decisions are the same when their texts are. */
import type { Decision, Event, JsonObject } from '../../../engine/actor.ts';

export function refused(code: string, details: JsonObject = {}): string {
  return `refused ${code} ${JSON.stringify(details)}`;
}

/** Changes nothing; `answer` where the reply itself matters. */
export function unchanged(answer: string = ''): string {
  return `unchanged ${answer}`;
}

/** Events in order, each as `told` spells it. */
export function happened(events: readonly string[]): string {
  return events.length === 0 ? unchanged() : `happened ${events.join('; ')}`;
}

/** The real decision in the same words. `answerOf` spells what is given without an event. */
export function verdictOf(
  decision: Decision,
  tell: (event: Event) => string,
  answerOf: (reply: unknown) => string = () => '',
): string {
  if (decision.type === 'rejected') return refused(decision.code, decision.details);
  if (decision.events.length > 0) return happened(decision.events.map(tell));
  return unchanged(decision.reply.type === 'given' ? answerOf(decision.reply.value) : '');
}
