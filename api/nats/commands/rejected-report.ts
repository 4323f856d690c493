/** What is told of a message that cannot be carried out, on a subject of its own beside the feed. Pure. */
import type { Answer } from '../../answers/answer.ts';
import { limits } from '../../limits.ts';
import { headersOf, type Message } from './message.ts';

export const rejectedSubject = 'onsale.v1.advisory.rejected';

export interface RejectedReport {
  readonly payload: string;
  /** The original ones; without those that a stream which records the reports would obey. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/**
 * @param sequence of the message in the work queue
 * @param payloadMax what the server takes, bytes: headers are sent twice, and a character may take six in JSON
 */
export function rejectedReport(
  message: Message,
  sequence: number,
  refusal: Answer,
  payloadMax: number,
): RejectedReport {
  const charsMax = Math.min(limits.rejectedHeadersMax, payloadMax / 8);
  const given = headersOf(message);
  const headers: [name: string, value: string][] = [];
  const named = new Map<string, string[]>();
  let chars = 0;
  let complete = given !== null;
  for (const [name, values] of given ?? []) {
    for (const value of values) {
      if (chars + name.length + value.length > charsMax) {
        complete = false;
        continue;
      }
      chars += name.length + value.length;
      const before = named.get(name);
      if (before === undefined) named.set(name, [value]);
      else before.push(value);
      if (!name.toLowerCase().startsWith('nats-')) headers.push([name, value]);
    }
  }
  const body = { subject: message.subject, sequence, headers: Object.fromEntries(named), headersComplete: complete };
  if (typeof refusal.body !== 'string') throw new Error('a problem is JSON text');
  const payload = `{"reason":${refusal.body},${JSON.stringify(body).slice(1)}`;
  return { payload, headers };
}
