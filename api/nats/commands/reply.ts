/** From an answer, the same as over HTTP, to the reply of a NATS service (ADR-32). Pure. */
import type { Answer } from '../../answers/answer.ts';
import { problem } from '../../answers/problems.ts';

export interface Reply {
  readonly payload: string | Uint8Array;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** `<status>:<code>` of a problem; null for a success. */
  readonly error: string | null;
}

const noHeaders: Reply['headers'] = [];
const dataHead = '{"ok":true,"data":';
const replayed = 'Idempotency-Replayed';

/**
 * Whether a request may be answered there. An answer is published with the engine's permissions: on a subject of the
 * server's or of ours it would do what whoever asks may not, delete a stream for example.
 */
export function mayAnswerOn(reply: string | undefined): boolean {
  return reply !== undefined && reply !== '' && !reply.startsWith('$') && !reply.startsWith('onsale.');
}

/** @param payloadBytesMax what the server lets through; a longer answer becomes a problem */
export function toReply(answer: Answer, payloadBytesMax: number): Reply {
  if (answer.body instanceof ReadableStream) throw new Error('a stream cannot be a reply');
  const { status, body, code } = answer;
  if (code !== undefined) {
    return {
      payload: `{"ok":false,"problem":${String(body)}}`,
      headers: [
        ['Nats-Service-Error-Code', String(status)],
        ['Nats-Service-Error', code],
      ],
      error: `${status}:${code}`,
    };
  }
  const payload =
    body instanceof Uint8Array
      ? Buffer.concat([Buffer.from(dataHead), body, Buffer.from('}')])
      : `${dataHead}${body ?? 'null'}}`;
  // A UTF-16 unit takes at most three bytes: nearly every answer is short enough without being counted.
  const bytes = payload.length * 3 <= payloadBytesMax ? 0 : Buffer.byteLength(payload);
  if (bytes > payloadBytesMax) {
    const detail = `The answer has ${bytes} bytes; this NATS server lets ${payloadBytesMax} through (max_payload).`;
    return toReply(problem('payload_too_large', { limit: payloadBytesMax, detail }), payloadBytesMax);
  }
  const again = answer.headers.filter(([name]) => name === replayed);
  return { payload, headers: again.length === 0 ? noHeaders : again, error: null };
}
