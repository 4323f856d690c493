/** How a route is declared: once, for the door that runs it and for the OpenAPI document that describes it. */
import type { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { PlaceInLine } from '../../actors/admission/messages.ts';
import type { Answer } from '../answers/answer.ts';
import type { ProblemCode } from '../answers/problems.ts';
import type { Awaitable } from '../chain.ts';

/**
 * Which genuine credentials a route asks for.
 * `queue-token`: of any status. `reservation-owner`: a queue token, or the user's JWT where JWTs are on.
 * `user`: the named user's JWT where JWTs are on. `user-or-token`: that, or a queue token of the named user.
 */
export type Access = 'open' | 'queue-token' | 'reservation-owner' | 'user' | 'user-or-token' | 'admin';

/** Who calls, as far as the credentials prove it. */
export interface Caller {
  /** What the verified queue token names. */
  readonly place: PlaceInLine | null;
  readonly token: string | null;
  /** The subject of the verified JWT. */
  readonly jwtUser: string | null;
}

/** A request that has passed the door: everything in it is parsed and genuine. */
export interface Call<A extends Access, Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly caller: A extends 'queue-token' ? Caller & { readonly place: PlaceInLine; readonly token: string } : Caller;
  /** The client's idempotency key. */
  readonly key: string | null;
  readonly requestId: string;
}

export type ErasedCall = Call<Access, unknown, unknown, unknown>;

export interface Content {
  readonly description: string;
  /** Null for an answer without content. */
  readonly schema: z.ZodType | null;
  /** `application/json` where it is not said. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface OperationShape {
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** With `{name}` for parameters, as OpenAPI writes it. */
  readonly path: `/${string}`;
  readonly tag: 'Queue' | 'Browse' | 'Reserve and pay' | 'Users' | 'Admin' | 'Operations';
  readonly summary: string;
  /** Takes an `Idempotency-Key`. */
  readonly keyed?: true;
  /** Largest body, bytes. */
  readonly bodyBytesMax: number;
  /** Answered also while the process stops or is overloaded. */
  readonly always?: true;
  /** Counted against no limit of requests: what watches the process must reach it. */
  readonly unlimited?: true;
  /** A command: refused while the engine's waiting commands are at their bound. */
  readonly command?: true;
  /** Request headers that the handler itself reads, with a description each. */
  readonly requestHeaders?: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<number, Content>>;
  /** Refusals beside those that the door adds for its own checks. */
  readonly refusals: readonly ProblemCode[];
}

export interface OperationSpec<
  A extends Access,
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
> extends OperationShape {
  readonly access: A;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** The user whom the request names; a JWT of someone else is `forbidden`. */
  namedUser?(call: Call<A, z.output<P>, z.output<Q>, z.output<B>>): string;
  handle(call: Call<A, z.output<P>, z.output<Q>, z.output<B>>, c: Context): Awaitable<Answer>;
}

/** An operation with its types erased, as the door and the document hold it. */
export interface Operation extends OperationShape {
  readonly access: Access;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  // Methods, so that operations of any parsed type fit: the door gives each one what its own schemas made.
  namedUser?(call: ErasedCall): string;
  handle(call: ErasedCall, c: Context): Awaitable<Answer>;
}

/** Declares an operation; its handler sees the types that its schemas make. */
export function operation<
  A extends Access,
  P extends z.ZodType = z.ZodType<undefined>,
  Q extends z.ZodType = z.ZodType<undefined>,
  B extends z.ZodType = z.ZodType<undefined>,
>(spec: OperationSpec<A, P, Q, B>): Operation {
  // The types are erased here: the door calls it only with what its own access rule and schemas have made.
  return spec;
}
