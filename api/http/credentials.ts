/** Genuine credentials: who calls, before anything that the caller says is looked at. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { verify } from 'hono/jwt';
import type { PlaceInLine } from '../../actors/admission/messages.ts';
import type { Answer } from '../answers/answer.ts';
import { problem } from '../answers/problems.ts';
import { isId } from '../answers/schemas/ids.ts';
import type { Awaitable } from '../chain.ts';
import type { Access, Caller } from './operation.ts';

export interface CredentialRules {
  readonly verifyQueueToken: (token: string) => PlaceInLine | null;
  readonly adminKey: string;
  /** Null: callers name their user. */
  readonly jwtSecret: string | null;
}

export type Identified =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly answer: Answer };

/** The clock of whoever issues JWTs may be ahead of ours by so much. */
const clockLeewaySeconds = 60;

const challenge = [['WWW-Authenticate', 'Bearer']] as const;
const nobody: Identified = { ok: true, caller: { place: null, token: null, jwtUser: null } };
const tokenRequired: Identified = { ok: false, answer: problem('queue_token_required') };
const tokenInvalid: Identified = { ok: false, answer: problem('queue_token_invalid') };
const unauthenticated: Identified = { ok: false, answer: problem('unauthenticated', {}, challenge) };

/** Answers at once wherever it can: only a JWT needs a promise. */
export function createIdentifier(rules: CredentialRules): (access: Access, c: Context) => Awaitable<Identified> {
  const adminDigest = digest(rules.adminKey);

  function byToken(text: string): Identified {
    const place = rules.verifyQueueToken(text);
    return place === null ? tokenInvalid : { ok: true, caller: { place, token: text, jwtUser: null } };
  }

  function byAdminKey(authorization: string | undefined): Identified {
    const key = bearerOf(authorization);
    // Equal lengths by digesting, so that the comparison takes the same time for every wrong key.
    return key !== null && timingSafeEqual(digest(key), adminDigest) ? nobody : unauthenticated;
  }

  return function identify(access, c) {
    const { jwtSecret } = rules;
    const token = access === 'open' || access === 'admin' ? undefined : c.req.header('queue-token');
    switch (access) {
      case 'open':
        return nobody;
      case 'admin':
        return byAdminKey(c.req.header('authorization'));
      case 'queue-token':
        return token === undefined ? tokenRequired : byToken(token);
      case 'reservation-owner': {
        if (token !== undefined) return byToken(token);
        const authorization = c.req.header('authorization');
        return jwtSecret === null || authorization === undefined ? tokenRequired : byJwt(jwtSecret, authorization);
      }
      case 'user':
        return jwtSecret === null ? nobody : byJwt(jwtSecret, c.req.header('authorization'));
      case 'user-or-token': {
        if (jwtSecret === null) return nobody;
        const authorization = c.req.header('authorization');
        return authorization === undefined && token !== undefined ? byToken(token) : byJwt(jwtSecret, authorization);
      }
    }
  };
}

/**
 * Null: the caller may act for `userId`. A JWT of someone else is `forbidden`; a queue token of someone else is no
 * credential of the named user at all.
 */
export function mayActFor(caller: Caller, userId: string): Answer | null {
  if (caller.jwtUser !== null) return caller.jwtUser === userId ? null : problem('forbidden');
  if (caller.place !== null && caller.place.userId !== userId) return problem('unauthenticated', {}, challenge);
  return null;
}

async function byJwt(secret: string, authorization: string | undefined): Promise<Identified> {
  const jwt = bearerOf(authorization);
  const jwtUser = jwt === null ? null : await subjectOf(jwt, secret);
  return jwtUser === null ? unauthenticated : { ok: true, caller: { place: null, token: null, jwtUser } };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function bearerOf(authorization: string | undefined): string | null {
  const match = authorization === undefined ? null : /^Bearer +([^\s]+) *$/i.exec(authorization);
  return match?.[1] ?? null;
}

/** The user whom a JWT is about; null when it is forged, not of its time, or names no user. */
async function subjectOf(jwt: string, secret: string): Promise<string | null> {
  try {
    const { sub, iat, nbf } = await verify(jwt, secret, { alg: 'HS256', iat: false, nbf: false });
    if (!hasCome(iat) || !hasCome(nbf)) return null;
    return typeof sub === 'string' && isId(sub) ? sub : null;
  } catch {
    return null;
  }
}

/** Whether a time of a JWT, s, is past, or may be by the clock of whoever wrote it. Where there is none there is nothing to wait for. */
function hasCome(seconds: unknown): boolean {
  if (seconds === undefined) return true;
  return typeof seconds === 'number' && seconds <= Date.now() / 1000 + clockLeewaySeconds;
}
