/** A message as its publisher sent it, and what its schemas make of it. Pure: nothing here knows a connection. */
import type { z } from '@hono/zod-openapi';
import type { Answer } from '../../answers/answer.ts';
import { badClientKey, isClientKey } from '../../answers/client-key.ts';
import { fieldErrors } from '../../answers/field-errors.ts';
import { parseBody } from '../../answers/parse-body.ts';
import { invalidRequest, problem } from '../../answers/problems.ts';
import { limits } from '../../limits.ts';

/** The headers of a NATS message: each name with its values. */
export type Headers = Iterable<readonly [name: string, values: readonly string[]]>;

export interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
  /**
   * Read through `headersOf` only. The client parses them when they are asked for, and throws at what the server took: a
   * blank in a name, for example, which clients in other languages send.
   */
  readonly headers?: Headers | undefined;
}

/** What a message must be: the id in the last token of its subject, and its body. */
export interface MessageShape<Body> {
  readonly id: { readonly name: string; readonly schema: z.ZodType<string> };
  readonly body: z.ZodType<Body>;
  /** Whether an empty message stands for `{}`. */
  readonly mayBeEmpty: boolean;
}

export type Read<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly answer: Answer };

const keyHeader = 'idempotency-key';
const noHeaders: Headers = [];
const unreadableHeaders = invalidRequest([
  { path: 'headers', message: 'cannot be read: a name or a value is malformed' },
]);
const emptyObject = new TextEncoder().encode('{}');

/** Size, then the subject's id, then the body: the order of the HTTP door. */
export function readMessage<Body>(
  shape: MessageShape<Body>,
  { subject, data }: Message,
): Read<{ readonly id: string; readonly body: Body }> {
  if (data.byteLength > limits.bodyBytesMax) {
    return { ok: false, answer: problem('payload_too_large', { limit: limits.bodyBytesMax }) };
  }
  const id = shape.id.schema.safeParse(subject.slice(subject.lastIndexOf('.') + 1));
  if (!id.success) {
    const errors = fieldErrors(id.error).map(({ message }) => ({ path: shape.id.name, message }));
    return { ok: false, answer: invalidRequest(errors) };
  }
  const parsed = parseBody(shape.body, data.byteLength === 0 && shape.mayBeEmpty ? emptyObject : data);
  return parsed.ok ? { ok: true, value: { id: id.data, body: parsed.value } } : parsed;
}

/** Null where they cannot be read. */
export function headersOf(message: Message): Headers | null {
  try {
    return message.headers ?? noHeaders;
  } catch {
    return null;
  }
}

/** The client's idempotency key; null where it gave none. The header's name is taken in any case, as over HTTP. */
export function readKey(message: Message): Read<string | null> {
  const headers = headersOf(message);
  if (headers === null) return { ok: false, answer: unreadableHeaders };
  let found: string | null = null;
  for (const [name, values] of headers) {
    if (name.toLowerCase() !== keyHeader) continue;
    for (const value of values) {
      // Two keys are no key: which one counts would be a guess.
      if (found !== null || !isClientKey(value)) return { ok: false, answer: badClientKey };
      found = value;
    }
  }
  return { ok: true, value: found };
}
