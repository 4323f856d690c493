/**
 * Refusals as RFC 9457 problems: one table from codes to statuses. Clients switch on `code`.
 * Only the extras named in the table leave the process, so nothing of the inside can leak through a rejection's details.
 */
import type { BusinessCode } from '../../actors/codes.ts';
import type { Json, JsonObject } from '../../engine/actor.ts';
import type { EngineCode } from '../../engine/asker.ts';
import { isoTime, type Answer, type Header } from './answer.ts';

/** Refusals that the door itself makes. */
type DoorCode =
  | 'invalid_request'
  | 'unauthenticated'
  | 'queue_token_required'
  | 'queue_token_invalid'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'too_many_requests'
  | 'internal'
  | 'queue_unavailable';

export type ProblemCode = BusinessCode | EngineCode | DoorCode;

interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** Whether the same request may succeed later. */
  readonly again: 'later' | 'never';
  /** Members that a refusal's details may add to the problem. */
  readonly extras: readonly string[];
}

const none: readonly string[] = [];

export const problems = {
  invalid_request: { status: 400, title: 'The request is not valid', again: 'never', extras: ['errors'] },
  unauthenticated: { status: 401, title: 'The credentials are missing or wrong', again: 'never', extras: none },
  queue_token_required: { status: 401, title: 'A queue token is required', again: 'never', extras: none },
  queue_token_invalid: { status: 401, title: 'The queue token is not genuine', again: 'never', extras: none },
  insufficient_balance: {
    status: 402,
    title: 'The balance is too low',
    again: 'later',
    extras: ['balance', 'required'],
  },
  forbidden: { status: 403, title: 'These credentials do not cover this', again: 'never', extras: none },
  queue_token_waiting: {
    status: 403,
    title: 'It is not your turn yet',
    again: 'later',
    extras: ['position', 'etaSeconds'],
  },
  queue_token_expired: { status: 403, title: 'The queue session is over: join again', again: 'never', extras: none },
  not_found: { status: 404, title: 'There is nothing here', again: 'never', extras: none },
  room_not_found: { status: 404, title: 'There is no such waiting room', again: 'later', extras: none },
  concert_not_found: { status: 404, title: 'There is no such concert', again: 'later', extras: ['concertIds'] },
  schedule_not_found: { status: 404, title: 'There is no such schedule', again: 'later', extras: none },
  seat_not_found: { status: 404, title: 'There is no such seat', again: 'never', extras: ['seatIds'] },
  reservation_not_found: { status: 404, title: 'There is no such reservation', again: 'later', extras: none },
  method_not_allowed: { status: 405, title: 'This method is not allowed here', again: 'never', extras: none },
  already_exists: { status: 409, title: 'It exists already', again: 'never', extras: ['ids', 'equal'] },
  seat_unavailable: { status: 409, title: 'A seat is taken', again: 'later', extras: ['seatIds'] },
  sales_closed: {
    status: 409,
    title: 'It is not on sale now',
    again: 'later',
    extras: ['salesOpenAt', 'salesCloseAt'],
  },
  hold_expired: { status: 409, title: 'The hold has expired', again: 'never', extras: none },
  reservation_cancelled: { status: 409, title: 'The reservation is cancelled', again: 'never', extras: none },
  already_paid: { status: 409, title: 'The reservation is paid already', again: 'never', extras: ['payment'] },
  payment_in_progress: { status: 409, title: 'A payment is in progress', again: 'later', extras: none },
  payload_too_large: { status: 413, title: 'The request is too large', again: 'never', extras: ['limit'] },
  unsupported_media_type: { status: 415, title: 'The body must be application/json', again: 'never', extras: none },
  seat_limit_exceeded: { status: 422, title: 'Too many seats', again: 'later', extras: ['limit'] },
  balance_limit_exceeded: { status: 422, title: 'The balance would be too high', again: 'later', extras: ['limit'] },
  idempotency_key_reused: { status: 422, title: 'The key was used for another request', again: 'never', extras: none },
  too_many_requests: { status: 429, title: 'Too many requests', again: 'later', extras: ['limit'] },
  internal: { status: 500, title: 'Something went wrong', again: 'later', extras: ['requestId'] },
  overloaded: { status: 503, title: 'The service is busy', again: 'later', extras: none },
  queue_unavailable: { status: 503, title: 'The queue cannot be reached', again: 'later', extras: none },
  draining: { status: 503, title: 'The service is stopping', again: 'later', extras: none },
} as const satisfies Record<ProblemCode, ProblemKind>;

const retryAfterSeconds: Partial<Record<ProblemCode, number>> = {
  too_many_requests: 1,
  overloaded: 1,
  queue_unavailable: 5,
  draining: 5,
};

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problems, code);
}

/** Whether the same request is refused again whenever it comes. */
export function isPermanent(code: ProblemCode): boolean {
  return problems[code].again === 'never';
}

/**
 * The answer to a refusal. `details` are what the actor or the door says about it, times in ms under names that end
 * in `At`; `headers` come beside `Retry-After`, which 429 and 503 always carry. Only what was no whole request has a
 * `status` of its own.
 */
export function problem(
  code: ProblemCode,
  details: JsonObject = {},
  headers: readonly Header[] = [],
  status: number = problems[code].status,
): Answer {
  const kind: ProblemKind = problems[code];
  const body: Record<string, Json> = {
    type: `/docs#problem-${code}`,
    title: kind.title,
    status,
    code,
    detail: detailOf(code, kind, details),
  };
  for (const name of kind.extras) {
    const value = details[name];
    if (value !== undefined) body[name] = toPublic(name, value);
  }
  const retryAfter = retryAfterSeconds[code];
  return {
    status,
    body: JSON.stringify(body),
    contentType: 'application/problem+json',
    headers: retryAfter === undefined ? headers : [...headers, ['Retry-After', String(retryAfter)]],
    code,
  };
}

export interface FieldError {
  /** Dotted, `sections.0.name`; the name of a header or parameter; empty for the whole body. */
  readonly path: string;
  readonly message: string;
}

export function invalidRequest(errors: readonly FieldError[], status?: number): Answer {
  const details = { errors: errors.map((error) => ({ path: error.path, message: error.message })) };
  return problem('invalid_request', details, [], status);
}

/** One sentence for people; what it says is in the members, too. */
function detailOf(code: ProblemCode, kind: ProblemKind, details: JsonObject): string {
  const said = details['detail'];
  if (typeof said === 'string') return said;
  if (code === 'internal') return 'The request could not be completed. The log has more under its request id.';
  return `${kind.title}.`;
}

function toPublic(name: string, value: Json): Json {
  if (typeof value === 'number' && name.endsWith('At')) return isoTime(value);
  if (value === null || typeof value !== 'object' || isList(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([inner, member]) => [inner, toPublic(inner, member)]));
}

/** `Array.isArray` does not narrow readonly arrays. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
