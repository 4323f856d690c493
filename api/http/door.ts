/**
 * The one way in: route (Hono has done it), the address's rate, overload and draining, size, media type, genuine
 * credentials, the user's rate, body, idempotency key, and then the handler, which puts the gate and the rules to the
 * engine. Schemas are applied here and not by the router's own validators, because those run in another order and parse
 * a second time.
 */
import type { Context, Handler } from 'hono';
import type { Answer } from '../answers/answer.ts';
import { badClientKey, isClientKey } from '../answers/client-key.ts';
import { fieldErrors } from '../answers/field-errors.ts';
import { parseBody } from '../answers/parse-body.ts';
import { invalidRequest, problem, type ProblemCode } from '../answers/problems.ts';
import { chain, type Awaitable } from '../chain.ts';
import { limits } from '../limits.ts';
import { Seldom } from '../seldom.ts';
import { createIdentifier, mayActFor } from './credentials.ts';
import type { HttpDependencies } from './dependencies.ts';
import type { Caller, ErasedCall, Operation } from './operation.ts';
import { type BodyHead, type BodyRead, readBody, readBodyHead } from './request-body.ts';
import { createRequestLimits, type RequestLimits } from './request-limits.ts';

/** A loop that is this late cannot answer in time whatever arrives now, ms. */
const loopLateMaxMs = 1_000;
const slowRequestMs = 1_000;
/** At most one line about slow requests in so long, ms, with how many there were. */
const slowLogEveryMs = 1_000;
/** Those who are refused as too many come back within so many seconds. */
const retrySpreadSeconds = 3;
const emptyBody: BodyRead = { type: 'read', bytes: new Uint8Array(0) };

/** Why a request could not be read; each status is the one that HTTP has for it. */
const unreadable = {
  target: { status: 400, message: 'the request line or the Host header is not valid' },
  syntax: { status: 400, message: 'this is not HTTP/1.1' },
  headers: { status: 431, message: 'the headers are too large' },
  time: { status: 408, message: 'the request did not arrive in time' },
} as const;

export type Unreadable = keyof typeof unreadable;

export interface Door {
  /** The Hono handler of one operation. */
  handler(operation: Operation): Handler;
  /** A response that needs no work; `route` is its label in metrics. */
  respond(c: Context, answer: Answer, route: string): Response;
  /** What is no request, or not a whole one, so that there is no context for it. */
  unreadable(why: Unreadable): Response;
  /** An unexpected error: an opaque answer, and a line in the log under the request's id. */
  fail(c: Context, error: unknown, route: string): Response;
}

export function createDoor(deps: HttpDependencies): Door {
  return new HttpDoor(deps);
}

class HttpDoor implements Door {
  readonly #deps: HttpDependencies;
  readonly #identify: ReturnType<typeof createIdentifier>;
  readonly #tooMany: RequestLimits;
  #requests = 0;
  readonly #slow = new Seldom(slowLogEveryMs);

  constructor(deps: HttpDependencies) {
    this.#deps = deps;
    this.#identify = createIdentifier(deps);
    this.#tooMany = createRequestLimits(deps.requestLimits);
  }

  handler(operation: Operation): Handler {
    const observe = this.#deps.metrics.requestsOf(operation.method, operation.path);
    return (c) => {
      const startedMs = performance.now();
      const asked = { operation, observe, id: this.#requestId(), startedMs, readMs: startedMs };
      try {
        const answer = this.#admit(asked, c);
        // Without a promise where nothing was waited for: the adapter to Node has a shorter way for such answers.
        if (!(answer instanceof Promise)) return this.#respondTo(asked, answer);
        return answer.then(
          (later) => this.#respondTo(asked, later),
          (error: unknown) => this.#respondToBug(asked, c, error),
        );
      } catch (error) {
        return this.#respondToBug(asked, c, error);
      }
    };
  }

  respond(c: Context, answer: Answer, route: string): Response {
    const allowed = this.#tooMany.ofAddress?.(c) ?? answer;
    this.#deps.metrics.requestsOf(methodLabel(c.req.method), route)(allowed.status, 0);
    return this.#toResponse(allowed, this.#requestId());
  }

  unreadable(why: Unreadable): Response {
    const { status, message } = unreadable[why];
    const answer = invalidRequest([{ path: '', message }], status);
    this.#deps.metrics.requestsOf('other', 'none')(answer.status, 0);
    return this.#toResponse(answer, this.#requestId());
  }

  fail(c: Context, error: unknown, route: string): Response {
    const id = this.#requestId();
    return this.#toResponse(this.#logBug(c, error, route, id), id);
  }

  #admit(asked: Asked, c: Context): Awaitable<Answer> {
    const { operation } = asked;
    const tooMany = operation.unlimited === true ? null : (this.#tooMany.ofAddress?.(c) ?? null);
    if (tooMany !== null) return tooMany;
    const unseen = this.#refusedUnseen(operation);
    if (unseen !== null) return problem(unseen);

    const { bodyBytesMax } = operation;
    const head = readBodyHead(c);
    if (head.bytes !== null && head.bytes > bodyBytesMax)
      return tooLarge(bodyBytesMax, head.bytes <= limits.discardedBytesMax);
    // The size of a chunked body shows only while it is read; of a large one, nothing is kept for who proves nothing.
    const readNow = head.bytes === null && bodyBytesMax <= limits.bodyBytesMax;
    if (!readNow) return this.#authenticate(asked, c, { head, body: null });
    return chain(readBody(c, head, bodyBytesMax), (body) => this.#authenticate(asked, c, { head, body }));
  }

  #refusedUnseen(operation: Operation): ProblemCode | null {
    const { draining, engine, metrics } = this.#deps;
    if (operation.always === true) return null;
    if (draining()) return 'draining';
    if (operation.command === true && engine.waiting >= engine.waitingMax) return 'overloaded';
    return metrics.loopLateMs() > loopLateMaxMs ? 'overloaded' : null;
  }

  #authenticate(asked: Asked, c: Context, sized: Sized): Awaitable<Answer> {
    const { operation } = asked;
    if (sized.body?.type === 'too-large') return tooLarge(operation.bodyBytesMax, sized.body.ended);
    if (sized.head.wrongType && operation.body !== undefined) return problem('unsupported_media_type');
    return chain(this.#identify(operation.access, c), (identified) =>
      identified.ok ? this.#parseAndHandle(asked, c, sized, identified.caller) : identified.answer,
    );
  }

  #parseAndHandle(asked: Asked, c: Context, { head, body }: Sized, caller: Caller): Awaitable<Answer> {
    const { operation } = asked;
    const { ofUser } = this.#tooMany;
    const provenUser = caller.place?.userId ?? caller.jwtUser;
    const tooManyOfProven = ofUser === null || provenUser === null ? null : ofUser(provenUser);
    if (tooManyOfProven !== null) return tooManyOfProven;

    const read = body ?? (operation.body === undefined ? emptyBody : readBody(c, head, operation.bodyBytesMax));
    return chain(read, (bytes) => {
      asked.readMs = performance.now();
      const parsed = parseCall(operation, c, bytes, caller, asked.id);
      if (!parsed.ok) return parsed.answer;
      const user = operation.namedUser?.(parsed.call);
      if (user === undefined) return operation.handle(parsed.call, c);
      // Where nothing proves who calls, the named user is the user.
      const tooManyOfNamed = ofUser === null || provenUser !== null ? null : ofUser(user);
      return tooManyOfNamed ?? mayActFor(caller, user) ?? operation.handle(parsed.call, c);
    });
  }

  #requestId(): string {
    this.#requests += 1;
    return `${this.#deps.bootId}-${this.#requests.toString(36)}`;
  }

  #logBug(c: Context, error: unknown, route: string, id: string): Answer {
    const line = { err: error, requestId: id, method: c.req.method, route };
    this.#deps.log.error(line, 'a request failed unexpectedly');
    return problem('internal', { requestId: id });
  }

  #respondToBug(asked: Asked, c: Context, error: unknown): Response {
    return this.#respondTo(asked, this.#logBug(c, error, asked.operation.path, asked.id));
  }

  #respondTo({ operation, observe, id, startedMs, readMs }: Asked, answer: Answer): Response {
    const nowMs = performance.now();
    observe(answer.status, (nowMs - startedMs) / 1000);
    // Not from its first byte: how long a body is on its way is the client's affair.
    const elapsedMs = nowMs - readMs;
    if (readMs > startedMs && elapsedMs > slowRequestMs) {
      const line = { requestId: id, route: operation.path, status: answer.status, elapsedMs };
      this.#slow.tell((slow) => this.#deps.log.warn({ ...line, slow }, 'a request was slow'), nowMs);
    }
    return this.#toResponse(answer.code === 'overloaded' ? this.#spread(answer) : answer, id);
  }

  #toResponse(answer: Answer, requestId: string): Response {
    const headers: Record<string, string> = { 'X-Request-Id': requestId, 'Cache-Control': 'no-store' };
    if (answer.contentType !== null) headers['Content-Type'] = answer.contentType;
    for (const [name, value] of answer.headers) headers[name] = value;
    // The connection is closed after it: who is not told would ask on it again.
    if (this.#deps.draining()) headers['Connection'] = 'close';
    return new Response(answer.body, { status: answer.status, headers });
  }

  /** Whoever was refused in one busy moment would come back in one moment, too. */
  #spread(refusal: Answer): Answer {
    const seconds = String(1 + (this.#requests % retrySpreadSeconds));
    return {
      ...refusal,
      headers: refusal.headers.map((header) => (header[0] === 'Retry-After' ? [header[0], seconds] : header)),
    };
  }
}

interface Asked {
  readonly operation: Operation;
  /** Counts its answer. */
  readonly observe: (status: number, seconds: number) => void;
  readonly id: string;
  readonly startedMs: number;
  /** When its body had come; until then, the start. */
  readMs: number;
}

/** A request that is not known to be too large; its body may have been read already. */
interface Sized {
  readonly head: BodyHead;
  readonly body: BodyRead | null;
}

type Parsed = { readonly ok: true; readonly call: ErasedCall } | { readonly ok: false; readonly answer: Answer };

function parseCall(operation: Operation, c: Context, read: BodyRead, caller: Caller, requestId: string): Parsed {
  if (read.type === 'too-large') return { ok: false, answer: tooLarge(operation.bodyBytesMax, read.ended) };
  if (read.type === 'broken') return refused('', 'the body could not be read');

  const params = operation.params?.safeParse(c.req.param());
  if (params?.success === false) return { ok: false, answer: invalidRequest(fieldErrors(params.error)) };
  const query = operation.query?.safeParse(c.req.query());
  if (query?.success === false) return { ok: false, answer: invalidRequest(fieldErrors(query.error)) };
  const body = operation.body === undefined ? null : parseBody(operation.body, read.bytes);
  if (body?.ok === false) return body;

  const key = operation.keyed === true ? (c.req.header('idempotency-key') ?? null) : null;
  if (key !== null && !isClientKey(key)) return { ok: false, answer: badClientKey };

  const call = { params: params?.data, query: query?.data, body: body?.value, caller, key, requestId };
  return { ok: true, call };
}

function refused(path: string, message: string): { readonly ok: false; readonly answer: Answer } {
  return { ok: false, answer: invalidRequest([{ path, message }]) };
}

/**
 * @param goesOn whether the rest of the body has come, or Node reads it and throws it away; else the connection is closed,
 * and a client that is still sending may lose the answer
 */
function tooLarge(bytesMax: number, goesOn: boolean): Answer {
  return problem('payload_too_large', { limit: bytesMax }, goesOn ? [] : [['Connection', 'close']]);
}

/** Methods are made up by clients; a label for each would be unbounded. */
function methodLabel(method: string): string {
  return ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS'].includes(method) ? method.toLowerCase() : 'other';
}
