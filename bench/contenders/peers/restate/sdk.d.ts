/** What we use of the SDK. It is installed only for this peer, and all else must be checked without it. */
declare module '@restatedev/restate-sdk' {
  import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

  export interface Context {
    objectClient<Handlers>(definition: Definition<Handlers>, key: string): Handlers;
  }

  export interface ObjectContext extends Context {
    get<Value>(name: string): Promise<Value | null>;
    set(name: string, value: unknown): void;
    clear(name: string): void;
  }

  export interface Definition<Handlers = unknown> {
    readonly name: string;
    readonly handlers?: Handlers;
  }

  /** Times are ms. */
  export interface Options {
    readonly idempotencyRetention: number;
    readonly journalRetention: number;
  }

  export function object(definition: {
    readonly name: string;
    readonly handlers: Readonly<Record<string, (context: ObjectContext, input: never) => Promise<unknown>>>;
    readonly options: Options;
  }): Definition;

  export function service(definition: {
    readonly name: string;
    readonly handlers: Readonly<Record<string, (context: Context, input: never) => Promise<unknown>>>;
    readonly options: Options;
  }): Definition;

  export function createEndpointHandler(options: {
    readonly services: readonly Definition[];
  }): (request: Http2ServerRequest, response: Http2ServerResponse) => void;
}
